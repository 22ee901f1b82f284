from recorder.adapters.dynamics.records import User
from recorder.adapters.dynamics.users import UserCache
from recorder.adapters.http.values import parse
from tests.recorder.adapters.dynamics.scripted import guid

NS = 1_000_000_000


def user(number):
    return parse(User, {"systemuserid": guid(number), "fullname": f"Agent {number}"})


def test_a_kept_user_is_known_until_it_is_too_old():
    cache = UserCache(age_max_s=60)
    cache.keep({guid(1): user(1)}, now_ns=0)

    assert cache.known([guid(1), guid(2)], 59 * NS) == {guid(1): user(1)}
    assert cache.known([guid(1)], 60 * NS) == {}


def test_a_user_that_does_not_exist_is_remembered_as_such():
    cache = UserCache()
    cache.keep({guid(1): None}, now_ns=0)

    assert cache.known([guid(1)], 1) == {guid(1): None}


def test_the_longest_unrefreshed_go_when_there_are_too_many():
    cache = UserCache(users_max=2)
    cache.keep({guid(1): user(1), guid(2): user(2)}, now_ns=0)
    cache.keep({guid(1): user(1)}, now_ns=1)
    cache.keep({guid(3): user(3)}, now_ns=2)

    assert set(cache.known([guid(1), guid(2), guid(3)], 3)) == {guid(1), guid(3)}
