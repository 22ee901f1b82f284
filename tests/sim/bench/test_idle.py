import os

from sim.bench.idle import cpu_s, memory_mb, message_rows


def test_memory_and_processor_time_of_a_process_are_read():
    assert 10 < memory_mb(os.getpid()) < 10_000
    before = cpu_s(os.getpid())
    sum(number * number for number in range(3_000_000))
    assert cpu_s(os.getpid()) > before


def test_messages_are_counted_one_way_and_back_and_forth():
    one_way, back = message_rows(4_000)
    assert one_way["messages_per_second"] > 1_000
    assert back["messages_per_second"] > 100
