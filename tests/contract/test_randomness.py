"""What every source of chance promises."""

import re


def test_numbers_stay_inside_the_half_open_interval(host):
    numbers = [host.randomness.uniform(2.0, 3.0) for _ in range(2000)]
    assert all(2.0 <= number < 3.0 for number in numbers)
    assert max(numbers) - min(numbers) > 0.9


def test_an_interval_with_one_number_gives_that_number(host):
    assert host.randomness.uniform(1.5, 1.5) == 1.5


def test_rounding_never_reaches_the_upper_end(host):
    low, high = 1.0, 1.0000000000000002
    assert {host.randomness.uniform(low, high) for _ in range(200)} == {low}


def test_a_token_is_32_hexadecimal_digits_and_never_the_same(host):
    tokens = [host.randomness.token() for _ in range(1000)]
    assert len(set(tokens)) == 1000
    assert all(re.fullmatch("[0-9a-f]{32}", token) for token in tokens)
