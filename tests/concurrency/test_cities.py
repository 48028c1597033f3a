import random
from collections import Counter

from engineroom.concurrency.cities import (
    NAMES,
    SEED,
    draw_cities,
    draw_requests,
    load_cities,
    load_requests,
)


def test_the_files_are_what_the_generator_draws():
    rng = random.Random(SEED)
    assert draw_cities(rng) == load_cities()
    assert draw_requests(rng) == load_requests()


def test_every_city_once_with_a_cost_and_a_latency():
    cities = load_cities()
    assert [c.name for c in cities] == NAMES
    assert len(set(NAMES)) == len(NAMES) == 40
    assert all(1 <= c.stations <= 60 and c.latency_ms > 0 for c in cities)


def test_a_few_cities_cost_as_much_as_all_the_others():
    stations = sorted((c.stations for c in load_cities()), reverse=True)
    assert sum(stations[:6]) > 0.4 * sum(stations)


def test_requests_are_ordered_bursty_and_zipf_like():
    requests = load_requests()
    assert [r.at_ms for r in requests] == sorted(r.at_ms for r in requests)
    assert 0 <= requests[0].at_ms <= requests[-1].at_ms < 60_000
    asked = Counter(r.city for r in requests)
    assert asked.most_common(1)[0][1] > 3 * len(requests) / len(NAMES)


def test_another_seed_gives_other_numbers():
    assert draw_cities(random.Random(1)) != draw_cities(random.Random(2))
