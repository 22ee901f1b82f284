/* The role and lease machine of cluster/role*.py, cluster/roles/lease_belief.py and cluster/roles/terms.py, on two nodes.

   A tick is two seconds. A node decides nothing by itself here: whatever cluster/role.py may do in a state, it may
   do at any time, so what holds does not rest on timing, on silence judged well, or on who is preferred. What a
   node does with an answer, a frame or a grant is as in the code. Calls to the witness take until they are answered,
   counted as unknown, or act long after nobody waits for them. A process may be stopped, and may die.

   Deliberate errors, one at a time:
     FROM_REPLY       belief in the lease is counted from the answer, not from asking
     TERM_NOT_SAVED   a reign begins before its term is durable
     STALE_RENEW      the row is renewed for a term that is over
     STALE_WRITE      the Data Center takes a control write of an older term
     ANY_EVIDENCE     evidence of death ends reigns that began after it
     LATE_EVIDENCE    evidence is about what is known when it is handled, not when it arose
     CLOCK_STOPS      a stopped process counts its belief by its own steps, and trusts it when it wakes
     COUNT_ON_ALONE   without the witness a node takes the next term, whoever's digit it is
     ANY_DIGIT        a node acts in a term that the row passed through and somebody takes alone
     DUTY_KEPT        the lease changes hands before duty ended
     UNKNOWN_IS_NO    a transfer that nobody confirmed counts as not done
     SPENT_FORGOTTEN  a process that starts goes on with the reign of the one before */

#define LEASE 3
#define BELIEVED 2
#define ANSWER 2 /* a call is answered, or unknown, within so many ticks */
#ifndef FAULTS
#define FAULTS 2 /* and planned hand-overs */
#endif
#ifndef TERM_MAX
#define TERM_MAX 10 /* who has seen it asks for no more */
#endif
#ifndef FIRST_TERM
#define FIRST_TERM 6 /* node 0 is primary in it; the next is one that the row only passes through */
#endif

#define SECONDARY 0
#define CANDIDATE 1
#define PRIMARY 2
#define ENDED 3 /* handing over, after the duty ended */
#define UNDOING 4

#define NONE 0
#define ACQUIRE 1
#define EARLY 2
#define RENEW 3
#define TRANSFER 4
#define RELEASE 5

bool up[2], stopped[2], sees[2]; /* sees: the Data Center answers this node */
bool linked = 1;
byte role[2], reign[2], next[2], term[2]; /* term: granted to a candidate, not yet durable */
byte seen[2], saved[2], spent[2];
byte b_term[2], b_left[2]; /* the belief in the lease */
bool doubt[2];
byte duty[2]; /* leased duty: ticks left */
byte call[2], arg[2], age[2]; /* the call under way */
bool acted[2], granted[2], old[2]; /* old: sent before this node was stopped */
byte v_holder[2], v_term[2]; /* what the row was after the call under way */
bool v_ended[2];
bool ours[2]; /* the newest answer says: this node, in the term it acts in */
byte ghost_call[2], ghost_arg[2]; /* one that nobody waits for any more */
byte evidence[2], offered[2], commit[2];
bool commit_leased[2];
byte row_holder, row_term, row_left; /* holder: node + 1 */
byte faults;
int used[2]; /* the terms each node ever acted in */
#ifdef LATE_EVIDENCE
bool refused[2];
#endif
#ifdef WRITES
byte write[2], fence;
#endif

hidden byte q, above;
hidden byte ok;

#define OTHER(n) (1 - (n))
#define MAX(x, y) ((x) > (y) -> (x) : (y))
#define UNWITNESSED(t) ((t) % 10 >= 7)
#define ASK_ABOVE(t) (UNWITNESSED((t) + 1) -> (t) - (t) % 10 + 9 : (t))
#ifdef ANY_DIGIT
#define BARRED(t) 0
#else
#define BARRED(t) UNWITNESSED(t)
#endif
#define DIGIT_TERM(t, n) ((t) - (t) % 10 + 8 + (n))
#ifdef COUNT_ON_ALONE
#define ALONE(t, n) ((t) + 1)
#else
#define ALONE(t, n) (DIGIT_TERM(t, n) > (t) -> DIGIT_TERM(t, n) : DIGIT_TERM(t, n) + 10)
#endif
#define RUNS(n) (up[n] && !stopped[n])
#define ACTS(n) (role[n] >= PRIMARY)
#define HOLDS(n) (b_left[n] > 0 && !doubt[n] && b_term[n] == reign[n])
#define IDLE(n) (RUNS(n) && call[n] == NONE)
#define STATE(n) role[n], reign[n], seen[n], saved[n], b_term[n], b_left[n], doubt[n], duty[n]
#define SAY(what, n, x, y) printf("@ %e %d %d %d = %d %d %d %d %d %d %d %d\n", what, n, x, y, STATE(n))
mtype = {
  asks, acts, answer, unknown, save, crown, crown_next, alone, meet, hand_over, transfer, give, take, stop, wake,
  crash, start, evident, duty_set
};

inline ask(n, kind, a) {
  call[n] = kind; arg[n] = a; age[n] = 0; acted[n] = 0; granted[n] = 0; old[n] = 0;
  SAY(asks, n, kind, a)
}

inline hang_up(n) {
  call[n] = NONE; arg[n] = 0; age[n] = 0; acted[n] = 0; granted[n] = 0; old[n] = 0;
  v_holder[n] = 0; v_term[n] = 0; v_ended[n] = 0
}

inline witness(n, kind, a) { /* the row, in one statement; `ok` tells whether it was granted */
  if
  :: kind == ACQUIRE || kind == EARLY ->
     ok = (row_left == 0 || row_holder == 0 || row_holder == n + 1);
     if
#ifdef ANY_EVIDENCE
     :: kind == EARLY -> ok = 1
#else
     :: kind == EARLY && row_term <= a -> ok = 1
#endif
     :: else
     fi;
     if
     :: ok -> row_term = MAX(row_term, a) + 1; row_holder = n + 1; row_left = LEASE
     :: else
     fi
  :: else ->
#ifdef STALE_RENEW
     ok = (kind == RENEW || (row_holder == n + 1 && row_term == a));
#else
     ok = (row_holder == n + 1 && row_term == a);
#endif
     if
     :: ok && kind == RENEW -> row_left = LEASE; row_holder = n + 1
     :: ok && kind == TRANSFER -> row_left = LEASE; row_holder = OTHER(n) + 1; row_term++
     :: ok && kind == RELEASE -> row_left = 0
     :: else
     fi
  fi
}

inline grant(n) { /* duty as long as the lease is believed */
  if
  :: role[n] == PRIMARY && HOLDS(n) -> duty[n] = b_left[n]
  :: else
  fi
}

inline learn(n, t) { /* a term that is not this node's to act in is on disk before anything depends on it */
  if
  :: t > seen[n] && seen[n] == saved[n] && !(granted[n] && call[n] != TRANSFER) -> seen[n] = t; saved[n] = t
  :: t > seen[n] && (seen[n] != saved[n] || (granted[n] && call[n] != TRANSFER)) -> seen[n] = t
  :: else
  fi
}

inline act(n) { /* a reign begins: in a term of this node's alone, higher than all before */
  assert((used[OTHER(n)] & (1 << reign[n])) == 0);
  assert((used[n] >> reign[n]) == 0);
  used[n] = used[n] | (1 << reign[n]);
  spent[n] = MAX(spent[n], reign[n]);
  ours[n] = (b_term[n] == reign[n])
}

inline step_down(n) {
  role[n] = SECONDARY; reign[n] = 0; next[n] = 0; term[n] = 0;
  duty[n] = 0; b_left[n] = 0; ours[n] = 0
}

inline lose_or_keep(n) { /* the row says that another node reigns, or has reigned after us */
  if
  :: v_holder[n] == OTHER(n) + 1 && (!v_ended[n] || v_term[n] > reign[n]) -> step_down(n)
  :: else
  fi
}

inline send_commit(n, t, leased) { /* one frame under way; a newer one takes its place */
  commit[OTHER(n)] = t; commit_leased[OTHER(n)] = leased;
  step_down(n);
  SAY(give, n, t, leased)
}

inline believe(n) { /* cluster/roles/lease_belief.py, answered() */
  if
  :: (call[n] == ACQUIRE || call[n] == EARLY || call[n] == RENEW) && granted[n] ->
     b_term[n] = v_term[n];
#ifdef FROM_REPLY
     b_left[n] = BELIEVED
#else
     b_left[n] = BELIEVED - age[n]
#endif
  :: else -> b_left[n] = 0
  fi;
  if
  :: !old[n] -> doubt[n] = 0
  :: else
  fi
}

inline use_answer(n) {
  q = call[n]; ok = granted[n];
  learn(n, v_term[n]);
  ours[n] = (v_holder[n] == n + 1 && v_term[n] == reign[n]);
  if
  :: role[n] == CANDIDATE && term[n] == 0 && q != RELEASE ->
     if
     :: !ok -> b_left[n] = 0; role[n] = SECONDARY
     :: ok && (BARRED(v_term[n]) || v_term[n] < seen[n]) -> skip /* asks once more */
     :: ok && !BARRED(v_term[n]) && v_term[n] >= seen[n] -> term[n] = v_term[n]
     fi
  :: role[n] == PRIMARY ->
     lose_or_keep(n);
     if
     :: role[n] == PRIMARY && ok && q == ACQUIRE && v_term[n] > reign[n] && !BARRED(v_term[n]) -> next[n] = v_term[n]
     :: else
     fi
  :: role[n] == ENDED && q == TRANSFER ->
     if
     :: ok -> send_commit(n, v_term[n], 1)
     :: !ok ->
        lose_or_keep(n);
        if
        :: role[n] == ENDED -> role[n] = PRIMARY
        :: else
        fi
     fi
  :: role[n] == ENDED && q != TRANSFER -> lose_or_keep(n)
  :: role[n] == UNDOING && q == ACQUIRE ->
     if
     :: ok && !BARRED(v_term[n]) -> next[n] = v_term[n]; role[n] = PRIMARY
     :: ok && BARRED(v_term[n]) -> skip
     :: !ok && v_holder[n] == OTHER(n) + 1 -> send_commit(n, v_term[n], 1)
     :: !ok && v_holder[n] != OTHER(n) + 1 -> step_down(n)
     fi
  :: else
  fi;
  hang_up(n);
  grant(n)
}

inline judge() {
  assert(!(RUNS(0) && RUNS(1) && duty[0] > 0 && duty[1] > 0)); /* one leased duty */
  q = 0; ok = 0; above = 0
}

inline forget(n) { /* the process is gone; its disk is not */
  hang_up(n); step_down(n);
  seen[n] = saved[n]; b_term[n] = 0; doubt[n] = 0; spent[n] = 0;
  evidence[n] = 0; offered[n] = 0; commit[n] = 0; commit_leased[n] = 0; stopped[n] = 0
}

proctype node(bit me) {
end:
  do
  /* --- the witness --- */
  :: d_step {
       call[me] != NONE && !acted[me] && sees[me] ->
       witness(me, call[me], arg[me]);
       acted[me] = 1; granted[me] = ok && call[me] != RELEASE;
       v_holder[me] = row_holder; v_term[me] = row_term; v_ended[me] = (row_left == 0);
       printf("@ acts %d %d %d = %d %d %d %d\n", me, call[me], arg[me], ok, row_holder, row_term, row_left);
       judge()
     }
  :: d_step {
       ghost_call[me] != NONE && sees[me] ->
       witness(me, ghost_call[me], ghost_arg[me]);
       printf("@ late %d %d %d = %d %d %d %d\n", me, ghost_call[me], ghost_arg[me], ok, row_holder, row_term, row_left);
       ghost_call[me] = NONE; ghost_arg[me] = 0;
       judge()
     }
  :: d_step {
       RUNS(me) && acted[me] && sees[me] ->
       printf("@ before %d %d %d = %d %d %d %d %d %d %d %d\n", me, next[me], term[me], STATE(me));
       believe(me);
       printf("@ reply %d %d %d\n", me, call[me], age[me]);
       use_answer(me);
       SAY(answer, me, next[me], term[me]);
       judge()
     }
  :: d_step { /* nobody knows whether it acted; it may act later */
       RUNS(me) && call[me] != NONE && (!sees[me] || (age[me] > 0 && faults < FAULTS)) ->
       if
       :: sees[me] -> faults++
       :: else
       fi;
       if
       :: !acted[me] -> ghost_call[me] = call[me]; ghost_arg[me] = arg[me]
       :: else
       fi;
       if
       :: !old[me] -> doubt[me] = 0
       :: else
       fi;
       if
#ifdef UNKNOWN_IS_NO
       :: call[me] == TRANSFER && role[me] == ENDED -> role[me] = PRIMARY
#else
       :: call[me] == TRANSFER && role[me] == ENDED -> role[me] = UNDOING; b_left[me] = 0
#endif
       :: call[me] == RELEASE -> b_left[me] = 0
       :: role[me] == CANDIDATE && term[me] == 0 -> role[me] = SECONDARY; b_left[me] = 0
       :: else
       fi;
       hang_up(me);
       grant(me);
       SAY(unknown, me, 0, 0);
       judge()
     }
  /* --- a reign begins --- */
  :: d_step {
       IDLE(me) && role[me] == SECONDARY && seen[me] < TERM_MAX && (row_left == 0 || row_holder == me + 1) ->
       role[me] = CANDIDATE;
       above = ASK_ABOVE(seen[me]); ask(me, ACQUIRE, above)
     }
  :: d_step {
       IDLE(me) && role[me] == SECONDARY && evidence[me] != 0 && seen[me] < TERM_MAX ->
       role[me] = CANDIDATE; q = evidence[me]; evidence[me] = 0;
       above = ASK_ABOVE(q); ask(me, EARLY, above);
       q = 0
     }
  :: d_step { /* looks, and finds itself named */
       IDLE(me) && role[me] == SECONDARY && sees[me] && row_holder == me + 1 && row_term > spent[me] && row_left > 0 &&
         !BARRED(row_term) ->
       learn(me, row_term);
       role[me] = CANDIDATE;
       ask(me, RENEW, row_term)
     }
  :: d_step {
       IDLE(me) && role[me] == CANDIDATE && term[me] == 0 && seen[me] < TERM_MAX ->
       above = ASK_ABOVE(seen[me]); ask(me, ACQUIRE, above)
     }
  :: d_step {
       RUNS(me) && role[me] == SECONDARY && !sees[me] && seen[me] < TERM_MAX ->
       role[me] = CANDIDATE; term[me] = ALONE(seen[me], me); seen[me] = term[me];
       SAY(alone, me, 0, term[me])
     }
  :: d_step {
       RUNS(me) && seen[me] > saved[me] ->
       saved[me] = seen[me];
       SAY(save, me, 0, 0)
     }
#ifdef TERM_NOT_SAVED
#define DURABLE(t) ((t) != 0)
#else
#define DURABLE(t) ((t) != 0 && saved[me] >= (t))
#endif
  :: d_step {
       RUNS(me) && role[me] == CANDIDATE && DURABLE(term[me]) ->
       role[me] = PRIMARY; reign[me] = term[me]; term[me] = 0;
       act(me);
       grant(me);
       SAY(crown, me, 0, 0);
       judge()
     }
  :: d_step {
       RUNS(me) && role[me] == PRIMARY && DURABLE(next[me]) ->
       reign[me] = next[me]; next[me] = 0;
       act(me);
       grant(me);
       SAY(crown_next, me, 0, 0);
       judge()
     }
  /* --- a reign goes on --- */
  :: d_step {
       IDLE(me) && role[me] == PRIMARY && next[me] == 0 && b_left[me] < BELIEVED && ours[me] ->
       ask(me, RENEW, reign[me])
     }
  :: d_step {
       IDLE(me) && role[me] == PRIMARY && next[me] == 0 && seen[me] < TERM_MAX &&
         !ours[me] ->
       above = ASK_ABOVE(seen[me]); ask(me, ACQUIRE, above)
     }
  /* --- and ends --- */
  :: d_step {
       RUNS(me) && ACTS(me) && linked && RUNS(OTHER(me)) && ACTS(OTHER(me)) && reign[OTHER(me)] > reign[me] &&
         call[me] == NONE ->
       ok = ours[me]; q = reign[me];
       learn(me, reign[OTHER(me)]);
       step_down(me);
       SAY(meet, me, reign[OTHER(me)], 0);
       if
       :: ok -> ask(me, RELEASE, q)
       :: else
       fi;
       judge()
     }
  :: d_step { /* offer, accept, and the last page in hand */
       IDLE(me) && role[me] == PRIMARY && next[me] == 0 && linked && RUNS(OTHER(me)) && role[OTHER(me)] == SECONDARY &&
         faults < FAULTS ->
       faults++;
       offered[OTHER(me)] = reign[me];
       role[me] = ENDED;
#ifndef DUTY_KEPT
       duty[me] = 0;
#endif
       SAY(hand_over, me, 0, 0)
     }
  :: d_step {
       IDLE(me) && role[me] == ENDED && HOLDS(me) ->
       ask(me, TRANSFER, reign[me])
     }
  :: d_step {
       IDLE(me) && ((role[me] == ENDED && !HOLDS(me)) || role[me] == UNDOING) && seen[me] < TERM_MAX ->
       above = ALONE(seen[me], OTHER(me)); send_commit(me, above, 0);
       judge()
     }
  :: d_step {
       IDLE(me) && role[me] == UNDOING && seen[me] < TERM_MAX ->
       above = ASK_ABOVE(seen[me]); ask(me, ACQUIRE, above)
     }
  :: d_step {
       RUNS(me) && commit[me] != 0 && linked ->
       if
       :: role[me] != SECONDARY || commit[me] < seen[me] || call[me] != NONE || seen[me] >= TERM_MAX -> skip
       :: else ->
          role[me] = CANDIDATE;
          if
          :: commit_leased[me] && !BARRED(commit[me]) -> ask(me, RENEW, commit[me])
          :: commit_leased[me] && BARRED(commit[me]) -> above = ASK_ABOVE(seen[me]); ask(me, ACQUIRE, above)
          :: !commit_leased[me] && sees[me] && offered[me] != 0 -> above = ASK_ABOVE(offered[me]); ask(me, EARLY, above)
          :: !commit_leased[me] && sees[me] && offered[me] == 0 -> above = ASK_ABOVE(seen[me]); ask(me, ACQUIRE, above)
          :: !commit_leased[me] && !sees[me] ->
             seen[me] = MAX(seen[me], commit[me] - 1);
             term[me] = ALONE(seen[me], me); seen[me] = term[me]
          fi
       fi;
       SAY(take, me, commit[me], commit_leased[me]);
       offered[me] = 0; commit[me] = 0; commit_leased[me] = 0
     }
  /* --- what is heard --- */
#ifdef LATE_EVIDENCE
  :: d_step {
       RUNS(me) && linked && !up[OTHER(me)] && !refused[me] -> refused[me] = 1
     }
  :: d_step { /* the node has looked since */
       RUNS(me) && refused[me] && role[me] == SECONDARY && evidence[me] == 0 && row_term != 0 ->
       refused[me] = 0; evidence[me] = row_term;
       SAY(evident, me, row_term, 0)
     }
#else
  :: d_step { /* nobody listens where the peer was: every reign known by now is over */
       RUNS(me) && linked && !up[OTHER(me)] && role[me] == SECONDARY && evidence[me] == 0 && row_term != 0 ->
       evidence[me] = row_term;
       SAY(evident, me, row_term, 0)
     }
#endif
#ifdef WRITES
  :: d_step {
       RUNS(me) && duty[me] > 0 && write[me] == 0 -> write[me] = reign[me]
     }
  :: d_step {
       write[me] != 0 && sees[me] ->
#ifndef STALE_WRITE
       if
       :: write[me] >= fence ->
#endif
          assert(write[me] >= fence);
          fence = write[me]
#ifndef STALE_WRITE
       :: else
       fi
#endif
       ;
       write[me] = 0
     }
#endif
  /* --- faults --- */
  :: d_step {
       RUNS(me) && faults < FAULTS -> faults++;
       stopped[me] = 1;
       SAY(stop, me, 0, 0)
     }
  :: d_step {
       up[me] && stopped[me] ->
       stopped[me] = 0;
#ifndef CLOCK_STOPS
       doubt[me] = 1;
       if
       :: call[me] != NONE -> old[me] = 1
       :: else
       fi;
#endif
       SAY(wake, me, 0, 0);
       judge()
     }
  :: d_step {
       up[me] && faults < FAULTS -> faults++;
       if
       :: call[me] != NONE && !acted[me] -> ghost_call[me] = call[me]; ghost_arg[me] = arg[me]
       :: else
       fi;
       forget(me);
       up[me] = 0;
       SAY(crash, me, 0, 0)
     }
  :: d_step {
       !up[me] ->
       up[me] = 1;
#ifndef SPENT_FORGOTTEN
       spent[me] = (row_holder == me + 1 -> row_term : 0);
#endif
       SAY(start, me, 0, 0)
     }
  :: d_step {
       sees[me] && faults < FAULTS -> faults++;
       sees[me] = 0
     }
  :: d_step {
       !sees[me] -> sees[me] = 1
     }
  od
}

#define MUST_ANSWER(n) (RUNS(n) && call[n] != NONE && age[n] >= ANSWER)
#define LESS(x) x = (x > 0 -> x - 1 : 0)

inline pass(n) {
#ifdef CLOCK_STOPS
  if
  :: stopped[n] -> skip
  :: else -> LESS(b_left[n]); LESS(duty[n])
  fi;
#else
  LESS(b_left[n]); LESS(duty[n]);
#endif
  if
  :: call[n] != NONE && age[n] < BELIEVED -> age[n]++
  :: else
  fi
}

init {
  atomic {
    up[0] = 1; up[1] = 1; sees[0] = 1; sees[1] = 1;
    seen[0] = FIRST_TERM; seen[1] = FIRST_TERM; saved[0] = FIRST_TERM; saved[1] = FIRST_TERM;
    role[0] = PRIMARY; reign[0] = FIRST_TERM; used[0] = 1 << FIRST_TERM; spent[0] = FIRST_TERM; ours[0] = 1;
    row_holder = 1; row_term = FIRST_TERM; row_left = LEASE;
    b_term[0] = FIRST_TERM; b_left[0] = BELIEVED; duty[0] = BELIEVED;
    printf("@ begin %d\n", FIRST_TERM);
    run node(0);
    run node(1)
  }
end:
  do
  :: d_step { /* a tick */
       !MUST_ANSWER(0) && !MUST_ANSWER(1) &&
         (row_left > 0 || b_left[0] > 0 || b_left[1] > 0 || duty[0] > 0 || duty[1] > 0 || call[0] != NONE || call[1] != NONE) ->
       LESS(row_left);
       pass(0); pass(1);
       printf("@ tick\n")
     }
  :: d_step {
       linked && faults < FAULTS -> faults++; linked = 0
     }
  :: d_step {
       !linked -> linked = 1
     }
  od
}
