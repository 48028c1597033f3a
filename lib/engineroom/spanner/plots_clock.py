"""Figures of one clock: its uncertainty, and where it is sampled."""

from __future__ import annotations

import numpy as np

from engineroom.kit.figures import Picture, new_figure
from engineroom.kit.style import COLOURS

__all__ = ["sampled_after_polls", "sawtooth"]


def sawtooth(watched: list[tuple[float, float, float]]) -> Picture:
    """Return one clock's uncertainty over time with its actual error inside, as `truetime.watch` saw it."""
    times_s, epsilon_ms, error_ms = np.array(watched).T
    figure = new_figure(8.0, 3.6)
    axes = figure.add_subplot()
    axes.fill_between(times_s, -epsilon_ms, epsilon_ms, color=COLOURS["sky"], alpha=0.45, label="± ε")
    axes.plot(times_s, error_ms, color=COLOURS["ink"], label="the clock's actual error")
    axes.set(title="One machine's TrueTime", xlabel="seconds", ylabel="ms")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    inside = np.mean(np.abs(error_ms) <= epsilon_ms)
    return Picture(
        figure,
        f"Uncertainty of a clock over {times_s[-1]:.0f} seconds: a sawtooth from {epsilon_ms.min():.1f} to "
        f"{epsilon_ms.max():.1f} ms. The actual error is inside it {inside:.0%} of the time.",
    )


def sampled_after_polls(watched: list[tuple[float, float, float]]) -> Picture:
    """Return what is left of a sawtooth for somebody who looks just after each poll, as for figure 6."""
    times_s, epsilon_ms, _ = np.array(watched).T
    after_poll = np.flatnonzero(np.diff(epsilon_ms) < 0) + 1
    figure = new_figure(8.0, 3.6)
    axes = figure.add_subplot()
    axes.plot(times_s, epsilon_ms, color=COLOURS["model"], label="ε")
    axes.plot(
        times_s[after_poll],
        epsilon_ms[after_poll],
        "s",
        color=COLOURS["accent"],
        markersize=9,
        label="sampled as for figure 6",
    )
    axes.axhline(epsilon_ms.mean(), color=COLOURS["ink"], linestyle=":", label="mean of ε")
    axes.set(title="Where figure 6 looks", xlabel="seconds", ylabel="ms", ylim=(0, None))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)
    return Picture(
        figure,
        f"{len(after_poll)} samples just after polls: at most {epsilon_ms[after_poll].max():.1f} ms. "
        f"All the time: {epsilon_ms.mean():.1f} ms on average, {epsilon_ms.max():.1f} ms at most.",
    )
