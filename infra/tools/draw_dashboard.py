"""Draws the dashboard of infra/observability.yaml with the numbers of a good and of a bad day, a picture each.

CloudWatch draws the same widgets; what differs is the type and the shade. The numbers are made up: the night's thousand
orders, and a day with an outage of Yotpo, orders refused and parked, and a few that Yotpo dropped.
"""

import json
import math
import random
import re
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import yaml
from matplotlib.ticker import EngFormatter

ROOT = Path(__file__).resolve().parents[2]
QUARTERS = 96
RED, GREEN = "#d62728", "#2ca02c"


def template():
    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.add_multi_constructor("!", lambda load, _, node: (
        load.construct_scalar(node) if isinstance(node, yaml.ScalarNode)
        else load.construct_sequence(node) if isinstance(node, yaml.SequenceNode)
        else load.construct_mapping(node)))
    return yaml.load((ROOT / "infra/observability.yaml").read_text(), loader)


def day(bad):
    """Each metric's value a quarter of an hour, by name, resource and statistic where these matter."""
    rng = random.Random(7)
    flat = lambda value: [value] * QUARTERS
    nothing = flat(0)
    at = lambda *pairs: [dict(pairs).get(i, 0) for i in range(QUARTERS)]
    noise = lambda mean, share=0.1: [mean * (1 + rng.uniform(-share, share)) for _ in range(QUARTERS)]
    # Yotpo is down from 00:30 to 09:00 on the bad day.
    outage = range(2, 36) if bad else range(0)
    delivered = at((1, 620), (2, 40), (36, 180), (37, 90), (38, 28), (60, 3)) if bad else at((1, 661), (2, 312))
    waiting = [320 - 2 * (i - 2) if i in outage else 0 for i in range(QUARTERS)]
    waiting = [120 if i == 36 else value for i, value in enumerate(waiting)]
    opened = [300 if i in outage else 12 if bad and i >= 36 else 0 for i in range(QUARTERS)]
    oldest = [(i - 1) * 900 if bad and i > 1 else 0 for i in range(QUARTERS)]
    calls = {"p50": noise(140), "p95": noise(420), "Maximum": noise(900, 0.3)}
    if bad:
        calls = {k: [min(10_000, v * 9) if i in outage else v for i, v in enumerate(vs)] for k, vs in calls.items()}
    seen = [v > 0 or (bad and i in outage) for i, v in enumerate(delivered)]
    calls = {k: [v if s else math.nan for v, s in zip(vs, seen)] for k, vs in calls.items()}
    latency = {
        "p50": [math.nan if not d else 33_000_000 if i >= 36 else 60_000 for i, d in enumerate(delivered)],
        "p95": [math.nan if not d else 34_000_000 if i >= 36 else 180_000 for i, d in enumerate(delivered)],
    }
    return {
        "OrdersFetched": at((1, 1000)),
        "OrdersEnqueued": at((1, 968 if bad else 973)),
        "OrdersSkipped": at((1, 27)),
        "OrdersOutside": nothing,
        "Delivered": delivered,
        "Confirmed": at((30, 3), (44, 941)) if bad else at((30, 700), (34, 273)),
        "Retried": [rng.randint(60, 110) if i in outage else 0 for i in range(QUARTERS)] if bad else at((1, 4), (2, 1)),
        "RateLimited": at((36, 22), (37, 9)) if bad else nothing,
        "Uncertain": nothing,
        "AlreadyDelivered": at((36, 6)) if bad else nothing,
        "Rejected": at((1, 6)) if bad else nothing,
        "Parked": at((1, 5), (60, 1)) if bad else nothing,
        "Missing": [3 if bad and 56 <= i < 64 else 0 for i in range(QUARTERS)],
        "DaysSettled": at((1, 1)),
        "OpenDeliveries": opened,
        "OldestOpenSeconds": oldest,
        "QuotaUsed": [min(96, 55 + i) if bad else 34 + 6 * math.sin(i / 15) for i in range(QUARTERS)],
        "VendorCallMs": calls,
        "DeliveryLatencyMs": latency,
        "ApproximateNumberOfMessagesVisible/Queue": at((1, 500)) if not bad else at((1, 480), (36, 60)),
        "ApproximateNumberOfMessagesNotVisible/Queue": waiting if bad else at((1, 20), (2, 20)),
        "ApproximateNumberOfMessagesVisible/DeadLetterQueue": flat(12) if bad else nothing,
        "Errors/Producer": at((3, 1), (4, 1)) if bad else nothing,
        "Errors/Consumer": nothing,
        "Errors/Reconciler": at((38, 1)) if bad else nothing,
        "Throttles/Producer": nothing,
        "Throttles/Consumer": nothing,
        "Throttles/Reconciler": nothing,
        "Duration/Producer": at((1, 41_000), (2, 900)),
        "Duration/Consumer": [58_000 if i in outage else 9_000 if d else 0 for i, d in enumerate(delivered)],
        "Duration/Reconciler": at(*((i, 31_000 if 30 <= i <= 44 else 1_200) for i in range(2, QUARTERS, 4))),
        "ConsumedWriteCapacityUnits": [3 * d for d in delivered],
        "ConsumedReadCapacityUnits": [d for d in delivered],
        "WriteThrottleEvents": nothing,
    }


ALARMS_OF_THE_BAD_DAY = {"Missing", "Rejected", "Parked", "DeadLetters", "Quota"}
TABLES = {
    "Not sent, by reason": {
        False: [("no_email", 21), ("test_order", 4), ("no_valid_products", 2)],
        True: [("no_email", 21), ("test_order", 4), ("unknown_store", 5), ("no_valid_products", 2)],
    },
    "Failures, by class": {
        False: [("rate_limited  to be tried again", 4), ("unavailable  to be tried again", 1)],
        True: [("unavailable  to be tried again", 2911), ("bad_record  to the dead-letter queue", 6),
               ("misconfigured  to the dead-letter queue", 1)],
    },
}


def values(data, series, stat):
    """The numbers of one series: by metric, by metric and resource, or by statistic."""
    name, resource = series[1], re.sub(r"[${}]", "", str(series[3]))
    found = data.get(f"{name}/{resource}", data.get(name))
    return found[stat] if isinstance(found, dict) else found


def options(series):
    return series[-1] if isinstance(series[-1], dict) else {}


def one_number(ax, properties, data):
    series = properties["metrics"][0]
    numbers = values(data, series, options(series).get("stat", properties["stat"]))
    now = not properties["setPeriodToTimeRange"]
    total = numbers[-1] if now else max(numbers) if options(series).get("stat") == "Maximum" else sum(numbers)
    color = options(series).get("color", "black")
    shown = "#999999" if color == RED and not total else color
    ax.text(0.5, 0.42, f"{total:,.0f}", ha="center", va="center", fontsize=30, color=shown, fontweight="bold")
    ax.axis("off")


def lines(ax, properties, data):
    hours = [i / 4 for i in range(QUARTERS)]
    right = None
    for series in properties["metrics"]:
        shape = options(series)
        numbers = values(data, series, shape.get("stat", properties["stat"]))
        target = ax
        if shape.get("yAxis") == "right":
            right = right or ax.twinx()
            target = right
        label = shape.get("label", series[1])
        color = shape.get("color")
        if all(n == 0 or math.isnan(n) for n in numbers):
            target.plot([], [], color=color, label=f"{label} (none)")
        elif properties.get("stacked"):
            target.fill_between(hours, numbers, step="post", alpha=0.5, color=color, label=label)
        else:
            target.plot(hours, numbers, color=color, label=label, linewidth=1.6, marker="o", markersize=2)
    for line in properties.get("annotations", {}).get("horizontal", []):
        (right if line.get("yAxis") == "right" and right else ax).axhline(
            line["value"], color=line.get("color"), linestyle="--", linewidth=1)
        (right if line.get("yAxis") == "right" and right else ax).text(
            23.8, line["value"], line["label"], ha="right", va="bottom", fontsize=7, color=line.get("color"))
    for axis in filter(None, (ax, right)):
        axis.yaxis.set_major_formatter(EngFormatter(sep=""))
        axis.tick_params(axis="y", labelsize=7)
        axis.set_ylim(bottom=0)
        if axis.get_ylim()[1] <= 1.01:
            axis.set_ylim(0, 1)
            axis.set_yticks([0, 1])
    handles, labels = ax.get_legend_handles_labels()
    if right:
        more, names = right.get_legend_handles_labels()
        handles, labels = handles + more, labels + names
    ax.legend(handles, labels, fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncol=3, frameon=False)
    ax.set_xlim(0, 24)
    ax.set_xticks(range(0, 25, 4), [f"{h:02}:00" for h in range(0, 25, 4)], fontsize=7)
    ax.grid(alpha=0.25)


def alarms(ax, properties, bad):
    names = [re.sub(r"\W|Alarm\.?Arn", "", name) for name in properties["alarms"]]
    for i, name in enumerate(names):
        row, column = divmod(i, 10)
        red = bad and name in ALARMS_OF_THE_BAD_DAY
        ax.add_patch(plt.Rectangle((column, 1 - row), 0.94, 0.8, color="#fbd5d5" if red else "#e3f4e3", zorder=1))
        ax.text(column + 0.47, 1.4 - row, name, ha="center", va="center", fontsize=8, zorder=2,
                color=RED if red else "#226622", fontweight="bold" if red else "normal")
    ax.set_xlim(0, 10)
    ax.set_ylim(0, 2)
    ax.axis("off")


def table(ax, title, bad):
    for i, (name, count) in enumerate(TABLES[title][bad]):
        ax.text(0.02, 0.85 - i * 0.2, name, fontsize=9)
        ax.text(0.95, 0.85 - i * 0.2, f"{count:,}", fontsize=9, ha="right")
    ax.axis("off")


def draw(widgets, bad, path):
    rows = max(w["y"] + w["height"] for w in widgets)
    figure = plt.figure(figsize=(18, rows * 0.55))
    data = day(bad)
    for widget in widgets:
        left, top = widget["x"] / 24, 1 - widget["y"] / rows
        width, height = widget["width"] / 24, widget["height"] / rows
        graph = widget["properties"].get("view") == "timeSeries"
        below = 0.30 if graph else 0.05
        ax = figure.add_axes((left + 0.022, top - height * (1 - below), width - 0.045, height * (0.82 - below)))
        properties = widget["properties"]
        figure.text(left + 0.012, top - height * 0.12, properties["title"], fontsize=10, fontweight="bold")
        if widget["type"] == "alarm":
            alarms(ax, properties, bad)
        elif widget["type"] == "log":
            table(ax, properties["title"], bad)
        elif properties["view"] == "singleValue":
            one_number(ax, properties, data)
        else:
            lines(ax, properties, data)
    figure.savefig(path, dpi=80, facecolor="white")
    plt.close(figure)


def main():
    body = template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    widgets = json.loads(body)["widgets"]
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, bad in (("good", False), ("bad", True)):
        draw(widgets, bad, folder / f"dashboard-{name}-day.png")
        print(folder / f"dashboard-{name}-day.png")


if __name__ == "__main__":
    main()
