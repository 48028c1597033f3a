"""Spanner's internals as a deterministic model: clocks, quorums, leases, locks, two-phase commit, safe time.

Each module is named for what it models. `cluster.simulate` joins them into one run whose
history the checkers in `checkers` accept or refute; `closed_forms` predicts the same
quantities with NumPy.
"""
