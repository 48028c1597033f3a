"""Every closed form against sampling.

n samples give a mean with standard error sd/√n. The bound is 4.5 standard errors, which a right
formula exceeds about seven times in a million draws; the seeds are fixed, so none flakes.
"""

import numpy as np
import pytest

from engineroom.spanner import closed_forms as cf

N = 200_000
SIGMAS = 4.5


@pytest.fixture
def rng():
    return np.random.default_rng(2012)


def agrees(samples, expected):
    error = SIGMAS * np.std(samples) / np.sqrt(len(samples))
    assert abs(np.mean(samples) - expected) <= error + 1e-12, (np.mean(samples), expected, error)


def test_the_sawtooth_averages_to_its_closed_form(rng):
    agrees(cf.epsilon(rng.uniform(0, 3_000, N), 1, 0.2, 30), cf.epsilon_mean(1, 0.2, 30))
    assert cf.epsilon_mean(1, 0.2, 30) == 4


def test_the_wait_is_two_epsilon_whatever_the_clocks_error(rng):
    epsilon, error = rng.uniform(1, 7, N), rng.uniform(-1, 1, N)
    local = 1_000 + error * epsilon
    passed = (local + epsilon) + epsilon  # local time at which earliest reaches the timestamp
    np.testing.assert_allclose(passed - local, 2 * epsilon)
    np.testing.assert_allclose(cf.wait_beyond_paxos(epsilon, 0), 2 * epsilon)


@pytest.mark.parametrize("paxos", [0, 1, 2, 5, 9, 13.9, 14, 20])
def test_mean_extra_wait(rng, paxos):
    agrees(cf.wait_beyond_paxos(rng.uniform(1, 7, N), paxos), cf.mean_wait_beyond_paxos(paxos, 1, 7))


def test_mean_extra_wait_in_the_papers_case():
    assert cf.mean_wait_beyond_paxos(9, 1, 7) == pytest.approx(25 / 24)
    assert cf.mean_wait_beyond_paxos(2, 1, 7) == pytest.approx(6)
    assert cf.mean_wait_beyond_paxos(3, 4, 4) == pytest.approx(5), "no spread"


@pytest.mark.parametrize("voters", [1, 3, 5, 7, 9])
def test_exponential_quorums(rng, voters):
    f = voters // 2
    times = np.concatenate([np.zeros((N, 1)), rng.standard_exponential((N, 2 * f))], axis=1)
    samples = cf.quorum_latency(times, f + 1)
    agrees(samples, cf.quorum_mean_exponential(voters))
    # The relative standard error of a standard deviation is √((kurtosis - 1) / 4n), kurtosis being 9 at most.
    sd = cf.quorum_sd_exponential(voters)
    assert abs(np.std(samples) - sd) <= SIGMAS * sd * np.sqrt(8 / (4 * N)) + 1e-12


def test_more_voters_change_the_mean_little_and_the_spread_much():
    means = [cf.quorum_mean_exponential(n) for n in (3, 5, 7)]
    spreads = [cf.quorum_sd_exponential(n) for n in (3, 5, 7)]
    np.testing.assert_allclose(means, [1 / 2, 7 / 12, 37 / 60])
    np.testing.assert_allclose(spreads, [0.5, 0.41667, 0.36094], atol=1e-5)


@pytest.mark.parametrize("gap", [0, 1, 4, 7.9, 8, 12])
def test_violations_without_commit_wait(rng, gap):
    first, second = rng.uniform(-4, 4, (2, N))
    agrees((first > second + gap).astype(float), cf.violation_rate_no_wait(4, gap))


@pytest.mark.parametrize("k", [0.5, 1, 1.5, 2, 5])
def test_violations_with_understated_epsilon(rng, k):
    first, second = rng.uniform(-k, k, (2, N))
    agrees((first > second + 2).astype(float), cf.violation_rate_understated(k))


def test_violation_landmarks():
    assert cf.violation_rate_no_wait(4, 0) == 0.5
    assert cf.violation_rate_understated(2) == 0.125


@pytest.mark.parametrize("groups", [1, 10, 1_250])
def test_the_last_lease_to_lapse(rng, groups):
    samples = rng.uniform(0, 10, (4_000, groups)).max(axis=1)
    agrees(samples, cf.lease_gap_last(10, groups))
    agrees(rng.uniform(0, 10, N), cf.lease_gap_mean(10))


@pytest.mark.parametrize("staleness", [0, 0.05, 3, 8, 8.05, 10])
def test_reads_served_locally(rng, staleness):
    age = 0.05 + rng.uniform(0, 8, N)
    agrees((age <= staleness).astype(float), cf.served_locally(staleness, 8, 0.05))


@pytest.mark.parametrize("arguments", [([1.0, 2.0], 3), ([1.0], 0)])
def test_an_impossible_quorum_is_refused(arguments):
    with pytest.raises(ValueError, match="The quorum is"):
        cf.quorum_latency(*arguments)


@pytest.mark.parametrize("voters", [0, 2, 4])
def test_an_even_number_of_voters_is_refused(voters):
    with pytest.raises(ValueError, match="must be odd"):
        cf.quorum_mean_exponential(voters)
