from recorder.web.login_patience import ALL_TRIES, ONE_TRIES, LoginPatience

SECOND_NS = 1_000_000_000


def test_wrong_tokens_cost_time_after_a_few():
    patience = LoginPatience()
    assert [patience.begin("a", 0) for _ in range(ONE_TRIES)] == [0.0] * ONE_TRIES
    assert patience.begin("a", 0) > 5
    assert patience.begin("a", 11 * SECOND_NS) == 0
    assert patience.begin("a", 11 * SECOND_NS) > 0


def test_another_address_is_not_held_up():
    patience = LoginPatience()
    for _ in range(ONE_TRIES + 1):
        patience.begin("a", 0)
    assert patience.begin("b", 0) == 0


def test_many_addresses_share_a_limit():
    patience = LoginPatience()
    for number in range(ALL_TRIES):
        assert patience.begin(f"a{number}", 0) == 0
    assert patience.begin("fresh", 0) > 0
    assert patience.begin("fresh", 2 * SECOND_NS) == 0


def test_right_tokens_cost_nothing():
    patience = LoginPatience()
    for _ in range(10 * ONE_TRIES):
        assert patience.begin("a", 0) == 0
        patience.was_right("a")


def test_a_refused_try_takes_nothing():
    patience = LoginPatience()
    for _ in range(100):
        patience.begin("a", 0)
    assert patience.begin("a", 10 * SECOND_NS) == 0


def test_addresses_are_forgotten_when_there_are_many():
    patience = LoginPatience()
    for number in range(10_000):
        patience.begin(str(number), number * SECOND_NS)
    assert len(patience._by_address) <= 4096
