/* The watermark rule of recorder/poll/watermark.py, on two nodes that may both poll.

   Instants are small numbers: the source's granularity is one, START is the first mark. Every choice of the loop
   at the end is one step of the world: the source shows an item, a node lists a page, finishes, commits, crashes,
   gains or loses the role. Roles are arbitrary on purpose: safety must not rest on there being one primary.
   After each step `judge` asks for the promises; when nothing can happen any more, everything must be archived.

   Deliberate errors, one at a time:
     NEWEST_COMPLETED   the mark moves to the newest completed item
     DONE_BEFORE_COMMIT an item counts as final when it is downloaded
     OPEN_BOUND         windows begin above their lower bound, not at it
     NO_OVERLAP         an overlap of zero, while items come later than the settle time
     MOVE_BEFORE_FOUND  the horizon moves before the items of the window are held
     LATE_END           a window ends at the instant its last page was listed, not where it was planned
     TOKEN_KEPT         the next poll, by whomever, goes on with the page token of the interrupted one
     CLAIM_KEPT         what a node had in hand when it died stays assigned to it
     REWIND_NO_EPOCH    marks are merged by instant alone
     GAP_ACCEPTED       a window that begins above the horizon moves it */

#define SLOTS 3
#ifndef ITEMS
#define ITEMS 2 /* or 3; one that there is not counts as archived from the beginning */
#endif
#define ALL 7
#define PAGE_1 1 /* the items a listing names first; the others come with its second page */
#define START 2
#define LATEST 4 /* the highest stamp of an item */
#define SETTLE 1
#define LATENESS 2
#define END 6 /* LATEST and LATENESS, or LATEST and 1 and SETTLE: all is visible and settled */

#ifndef REIGNS
#define REIGNS 1 /* how often a node gains the role */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
/* STRAY: item 1 may be shown later than the source promises; then an operator rewinds */

#ifdef NO_OVERLAP
#define OVERLAP 0
#else
#define OVERLAP 1 /* LATENESS - SETTLE */
#endif
#ifdef OPEN_BOUND
#define FIRST(n) (h[n] + 2 - OVERLAP)
#else
#define FIRST(n) (h[n] + 1 - OVERLAP) /* the lowest instant that the next window lists */
#endif

byte now = START + 1;
byte stamp[SLOTS];
byte shown, late, stray; /* sets of items, as bits; a stray one came later than any promise */
byte committed;

bit primary[2];
byte epoch[2], w[2], h[2]; /* the mark and the horizon */
byte pending[2], hand[2];
byte given[4]; /* given[2 * n + k]: what n, as the primary, assigned to k */
bit listing[2];
byte from[2], to[2], found[2]; /* the poll in hand */
byte d_epoch, d_w = START; /* the mark that is shared: with the peer, and durable in the Data Center */

byte rewinds, reigns, crashes;
#ifdef TOKEN_KEPT
bit token;
byte t_from, t_to;
#endif

hidden byte i, j, at;

#define HAS(set, i) (((set) >> (i)) & 1)
#define BIT(i) (1 << (i))
#define OTHER(n) (1 - (n))
#define SAY(what, n, x, y) \
  printf("@ %e %d %d %d = %d %d %d %d\n", what, n, x, y, epoch[n], w[n], h[n], pending[n])
mtype = { began, page_1, page_2, assign, commit, final, heard, shared, forgot, gained, crashed, rewound };

#ifdef REWIND_NO_EPOCH
#define ABOVE(e1, w1, e2, w2) ((w1) > (w2))
#else
#define ABOVE(e1, w1, e2, w2) ((e1) > (e2) || ((e1) == (e2) && (w1) > (w2)))
#endif
#define NEW(n, i) (HAS(shown & ~committed & ~pending[n], i) && stamp[i] >= FIRST(n) && stamp[i] < now - SETTLE)
#define USEFUL(n) (now - SETTLE > h[n] + 1 || NEW(n, 0) || NEW(n, 1) || NEW(n, 2))
#define MAY_GO(n) (!primary[n] || primary[OTHER(n)] || reigns < REIGNS)
#define UNASSIGNED(n) (pending[n] & ~given[2 * (n)] & ~given[2 * (n) + 1])
#ifdef DONE_BEFORE_COMMIT
#define CALLED_FINAL(n) (pending[n] & (committed | hand[0] | hand[1]))
#else
#define CALLED_FINAL(n) (pending[n] & committed)
#endif
#define SHOWABLE(i) (!HAS(shown, i) && stamp[i] <= now)
#ifdef STRAY
#define MAY_WAIT(i) (HAS(shown, i) || now < stamp[i] + LATENESS || i == 1)
#else
#define MAY_WAIT(i) (HAS(shown, i) || now < stamp[i] + LATENESS)
#endif

inline advance(n) {
  at = h[n];
  for (j : 0 .. SLOTS - 1) {
    if
    :: HAS(pending[n], j) && stamp[j] <= at -> at = stamp[j] - 1
    :: else
    fi
  }
  if
  :: at > w[n] -> w[n] = at
  :: else
  fi
}

inline forget(n) { /* the poll in hand and the items are dropped; the horizon begins at the mark again */
#ifdef TOKEN_KEPT
  if
  :: listing[n] -> token = 1; t_from = from[n]; t_to = to[n]
  :: else
  fi;
#endif
  pending[n] = 0; given[2 * n] = 0; given[2 * n + 1] = 0;
  listing[n] = 0; found[n] = 0; from[n] = 0; to[n] = 0;
  h[n] = w[n]
}

inline list(n, page) { /* who of the page is new, by what is archived and what is held */
  for (j : 0 .. SLOTS - 1) {
    if
    :: HAS((page) & shown & ~committed & ~pending[n], j) && stamp[j] >= from[n] && stamp[j] < to[n] ->
       found[n] = found[n] | BIT(j)
    :: else
    fi
  }
}

inline scanned(n) {
  if
#ifdef GAP_ACCEPTED
  :: 1 ->
#else
  :: from[n] <= h[n] + 1 ->
#endif
     if
     :: to[n] > h[n] + 1 -> h[n] = to[n] - 1
     :: else
     fi;
     advance(n)
  :: else
  fi
}

inline merge(n, e, mark) {
  if
  :: e > epoch[n] || mark > h[n] -> h[n] = mark
  :: else
  fi;
  epoch[n] = e; w[n] = mark;
  advance(n)
}

inline judge_node(n) {
  for (i : 0 .. SLOTS - 1) {
    if
    :: HAS(shown & ~committed & ~stray, i) ->
       /* the mark is not past what is unfinished; where that came late, the overlap reaches it */
       assert(w[n] < stamp[i] + (HAS(late, i) -> OVERLAP : 0));
       /* whoever polls next lists it, or holds it */
       assert(HAS(pending[n], i) || stamp[i] >= FIRST(n))
    :: else
    fi
  }
}

inline judge() {
  judge_node(0);
  judge_node(1);
  i = 0; j = 0; at = 0
}

proctype source() {
  byte x;
end:
  do
  :: d_step { /* time passes; the source keeps its promise of lateness */
       now < END && MAY_WAIT(0) && MAY_WAIT(1) && MAY_WAIT(2) ->
       now++;
       printf("@ now %d\n", now)
     }
  :: atomic {
       SHOWABLE(0) || SHOWABLE(1) || SHOWABLE(2) ->
       if
       :: SHOWABLE(0) -> x = 0
       :: SHOWABLE(1) -> x = 1
       :: SHOWABLE(2) -> x = 2
       fi;
       d_step {
         shown = shown | BIT(x);
         if
         :: now > stamp[x] + LATENESS -> stray = stray | BIT(x)
         :: now <= stamp[x] + LATENESS && now > stamp[x] + SETTLE -> late = late | BIT(x)
         :: else
         fi;
         printf("@ shown %d\n", x);
         x = 0;
         judge()
       }
     }
  od
}

proctype node(bit me) {
  byte x, k;
end:
  do
  :: d_step { /* a poll is planned and lists its first page */
       primary[me] && !listing[me] && USEFUL(me) ->
       listing[me] = 1;
       from[me] = FIRST(me); to[me] = now - SETTLE;
       SAY(began, me, h[me] + 1 - OVERLAP, to[me]);
#ifdef TOKEN_KEPT
       if
       :: token -> token = 0; from[me] = t_from; to[me] = t_to; t_from = 0; t_to = 0
       :: else -> list(me, PAGE_1)
       fi;
#else
       list(me, PAGE_1);
#endif
#ifdef MOVE_BEFORE_FOUND
       scanned(me);
#endif
       SAY(page_1, me, 0, found[me]);
       judge()
     }
  :: d_step { /* the second page: its items are held, and only then the window counts as scanned */
       listing[me] ->
#ifdef LATE_END
       to[me] = now - SETTLE;
#endif
       list(me, ALL - PAGE_1);
       pending[me] = pending[me] | found[me];
       scanned(me);
       at = found[me]; /* both pages */
       listing[me] = 0; found[me] = 0;
       from[me] = 0; to[me] = 0;
       SAY(page_2, me, at, 0);
       judge()
     }
  :: atomic {
       UNASSIGNED(me) != 0 ->
       if
       :: HAS(UNASSIGNED(me), 0) -> x = 0
       :: HAS(UNASSIGNED(me), 1) -> x = 1
       :: HAS(UNASSIGNED(me), 2) -> x = 2
       fi;
       if
       :: k = 0
       :: k = 1
       fi;
       d_step {
         SAY(assign, me, x, k);
         hand[k] = hand[k] | BIT(x);
         given[2 * me + k] = given[2 * me + k] | BIT(x);
         x = 0; k = 0
       }
     }
  :: atomic {
       hand[me] != 0 ->
       if
       :: HAS(hand[me], 0) -> x = 0
       :: HAS(hand[me], 1) -> x = 1
       :: HAS(hand[me], 2) -> x = 2
       fi;
       d_step {
         SAY(commit, me, x, 0);
         committed = committed | BIT(x);
         hand[me] = hand[me] & ~BIT(x);
         x = 0;
         judge()
       }
     }
  :: atomic { /* the Data Center confirmed the end of an item */
       CALLED_FINAL(me) != 0 ->
       if
       :: HAS(CALLED_FINAL(me), 0) -> x = 0
       :: HAS(CALLED_FINAL(me), 1) -> x = 1
       :: HAS(CALLED_FINAL(me), 2) -> x = 2
       fi;
       d_step {
         pending[me] = pending[me] & ~BIT(x);
         given[2 * me] = given[2 * me] & ~BIT(x);
         given[2 * me + 1] = given[2 * me + 1] & ~BIT(x);
#ifdef NEWEST_COMPLETED
         if
         :: stamp[x] > w[me] -> w[me] = stamp[x]
         :: else
         fi;
         if
         :: w[me] > h[me] -> h[me] = w[me]
         :: else
         fi;
#else
         advance(me);
#endif
         SAY(final, me, x, 0);
         x = 0;
         judge()
       }
     }
  :: d_step { /* a shared mark is heard; that it was lost is the same as that it was not heard */
       ABOVE(d_epoch, d_w, epoch[me], w[me]) ->
       printf("@ hears %d %d %d\n", me, d_epoch, d_w);
       merge(me, d_epoch, d_w);
       SAY(heard, me, 0, 0);
       judge()
     }
  :: d_step { /* a mark is shared: what the Data Center, and a frame under way, say */
       ABOVE(epoch[me], w[me], d_epoch, d_w) ->
       d_epoch = epoch[me]; d_w = w[me];
       SAY(shared, me, d_epoch, d_w)
     }
  :: d_step {
       !primary[me] && reigns < REIGNS ->
       primary[me] = 1; reigns++;
       SAY(gained, me, 0, 0)
     }
  :: d_step {
       primary[me] && MAY_GO(me) ->
       primary[me] = 0;
       forget(me);
       SAY(forgot, me, 0, 0);
       judge()
     }
  :: d_step { /* the process dies with what it had in hand, and starts from what is durable */
       crashes < CRASHES && MAY_GO(me) ->
       crashes++;
       primary[me] = 0; hand[me] = 0;
#ifndef CLAIM_KEPT
       given[2 * OTHER(me) + me] = 0;
#endif
       forget(me);
       epoch[me] = d_epoch; w[me] = d_w; h[me] = d_w;
       SAY(crashed, me, d_epoch, d_w);
       judge()
     }
  :: d_step { /* an operator knows of an item that the source showed too late */
       primary[me] && epoch[me] == 0 && rewinds <= CRASHES && (stray & ~committed & ~pending[me]) != 0 ->
       rewinds++;
       epoch[me] = 1; w[me] = START; h[me] = START;
       SAY(rewound, me, START, 0);
       judge()
     }
  od
}

init {
  atomic {
    w[0] = START; w[1] = START; h[0] = START; h[1] = START;
    primary[0] = 1;
    /* which items share a stamp is part of the search */
    if :: stamp[0] = 3 :: stamp[0] = 4 fi;
    if :: stamp[1] = 3 :: stamp[1] = 4 fi;
    if
    :: ITEMS == 2 -> shown = 4; committed = 4; stamp[2] = 3
    :: else -> if :: stamp[2] = 3 :: stamp[2] = 4 fi
    fi;
    printf("@ stamps %d %d %d\n", stamp[0], stamp[1], stamp[2]);
    run source();
    run node(0);
    run node(1)
  }
  timeout -> assert(committed == ALL)
}
