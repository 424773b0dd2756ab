"""docs/year.png: the year's weeks, the hub's alerts beside the naive code's, and how long it took."""

from pathlib import Path
from typing import Any

COLOURS = {
    "true": "#c0392b",
    "watched, no fault": "#e59866",
    "watched, a camera failed": "#af7ac5",
    "watched, an outage": "#6c3483",
    "cannot tell, no fault": "#d5d8dc",
    "cannot tell, a camera failed": "#85929e",
    "cannot tell, an outage": "#2e4053",
}


def draw(report: dict[str, Any], cases: list[tuple[float, float]], to: Path) -> None:
    """`cases`: of each alert the seconds from due to first delivery, and to acknowledgement."""
    import matplotlib as mpl  # noqa: PLC0415 heavy, and of the extra demo

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    weeks = report["figures"]["weeks"]
    numbers = range(1, len(weeks) + 1)
    figure, (above, below) = plt.subplots(2, 1, figsize=(10, 7), height_ratios=(2, 1))
    bottom = [0.0] * len(weeks)
    for name, colour in COLOURS.items():
        heights = [week[name] for week in weeks]
        above.bar(numbers, heights, bottom=bottom, color=colour, label=name, width=0.8)
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]
    above.plot(
        numbers, [week["naive alerts"] for week in weeks], color="black", marker=".", label="naive: last seen + 24 h"
    )
    above.plot(
        numbers,
        [week["letters"] for week in weeks],
        color="#2471a3",
        linestyle="--",
        label="messages to one worker an area",
    )
    for number, week in zip(numbers, weeks, strict=True):
        if week["outage"]:
            above.axvspan(number - 0.5, number + 0.5, color="#f9e79f", alpha=0.5, zorder=0)
    town = f"{report['people']} watched people, {report['cameras']} cameras, {report['days']} days"
    title = f"{town} (yellow: broker away or an area dark)"
    above.set(xlabel="week", ylabel="alerts a week", title=title)
    above.legend(fontsize=7, ncols=2)
    above.grid(alpha=0.3, axis="y")
    for column, name in enumerate(("due to first delivery", "due to acknowledgement")):
        values = sorted(max(case[column], 0.5) for case in cases)
        shares = [(place + 1) / len(values) for place in range(len(values))]
        below.step(values, shares, label=name)
    below.set(xscale="log", xlabel="seconds", ylabel="share of alerts", ylim=(0, 1.02))
    below.legend(fontsize=8)
    below.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(to, dpi=90)
    plt.close(figure)
