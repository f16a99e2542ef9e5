"""The figures tierce promises, each a question put to the measured sections.

Where a promise can be read in two ways, the stricter one decides and the other is shown beside it.
"""

from __future__ import annotations

import statistics
from typing import Callable, NamedTuple

REACHED = "REACHED"
NOT_REACHED = "NOT REACHED"
NOT_MEASURED = "not measured"

NGINX = "nginx + uwsgi x4"
BEHIND = "nginx + tierce x4"


class Missing(Exception):
    """A server or section the question needs was not measured."""


class Target(NamedTuple):
    section: str
    claim: str
    want: str
    ask: Callable[[dict], float]
    holds: Callable[[float], bool]
    unit: str = "x"
    subject: str = ""  # The row whose failed requests would make the figure worthless.
    note: Callable[[dict], str] = lambda rows: ""


def _row(rows: dict, label: str) -> dict:
    if label not in rows:
        raise Missing(label)
    return rows[label]


def _in_rounds(rows: dict, label: str, key: str) -> dict[int, float]:
    return {r["round"]: r[key] for r in _row(rows, label)["rounds"]}


def ratio(rows: dict, label: str, others: list[str], key: str) -> float:
    """label's figure over the largest of the others', round by round, then the median."""
    ours = _in_rounds(rows, label, key)
    theirs = [_in_rounds(rows, other, key) for other in others if other in rows]
    if not theirs:
        raise Missing(" and ".join(others))
    common = [n for n in ours if all(n in t for t in theirs)]
    if not common:
        raise Missing(f"a round with both {label} and {' and '.join(others)}")
    return statistics.median(ours[n] / max(t[n] for t in theirs) for n in common)


def _note_five_times(rows: dict) -> str:
    parts = [
        f"{label}: {ratio(rows, label, [NGINX], 'rate'):.2f} x"
        for label in ("tierce -w 1", "tierce -w 4")
        if label in rows and NGINX in rows
    ]
    return "without log, " + ", ".join(parts) if parts else ""


def _note_memory(rows: dict) -> str:
    parts = []
    if "tierce -w 4" in rows:
        ours = rows["tierce -w 4"]
        parts += [f"edge + workers {ours['edge_and_workers_mib']} MiB", f"were it alone {ours['alone_mib']} MiB"]
    if NGINX in rows:
        parts += [f"{NGINX} {rows[NGINX]['pss_mib']} MiB, alone {rows[NGINX]['alone_mib']} MiB"]
    return ", ".join(parts)


def _note_start(rows: dict) -> str:
    row = rows["tierce -w 1"]
    return f"over the whole of python -c {row['answer_ms'] - row['python_c_ms']:.1f} ms"


def _idle_cost(rows: dict) -> float:
    row = _row(rows, "tierce -w 1")
    if row["refused"] or row["closed"] or row["connections"] < 10_000:
        raise Missing(f"{row['connections']} tried, {row['refused']} refused, {row['closed']} closed")
    return row["cost_mib"]


def _stream_peak(rows: dict) -> float:
    row = _row(rows, "tierce -w 1")
    if row["received_mb"] < 0.9 * row["expected_mb"]:
        raise Missing(f"only {row['received_mb']} of {row['expected_mb']} MB arrived")
    return row["pss_mib_max"]


TARGETS = [
    Target(
        section="raw",
        claim="raw hello, one worker: rate against bjoern",
        want=">= 1.05 x",
        ask=lambda rows: ratio(rows, "tierce -w 1", ["bjoern x1"], "rate"),
        holds=lambda x: x >= 1.05,
        subject="tierce -w 1",
    ),
    Target(
        section="raw",
        claim="raw hello, one worker: CPU per request against bjoern",
        want="<= 1.10 x",
        ask=lambda rows: ratio(rows, "tierce -w 1", ["bjoern x1"], "cpu_us"),
        holds=lambda x: x <= 1.1,
        subject="tierce -w 1",
    ),
    Target(
        section="raw",
        claim="raw hello, both with access log: rate against nginx + uWSGI",
        want=">= 5 x",
        ask=lambda rows: ratio(rows, "tierce -w 1 + access log", [NGINX], "rate"),
        holds=lambda x: x >= 5,
        subject="tierce -w 1 + access log",
        note=_note_five_times,
    ),
    Target(
        section="flask",
        claim="Flask JSON, two workers: rate against the better of FastWSGI and bjoern",
        want=">= 1.1 x",
        ask=lambda rows: ratio(rows, "tierce -w 2", ["fastwsgi x2", "bjoern x2"], "rate"),
        holds=lambda x: x >= 1.1,
        subject="tierce -w 2",
    ),
    Target(
        section="single",
        claim="one connection: median latency against nginx + uWSGI",
        want="< 0.65 x",
        ask=lambda rows: ratio(rows, "tierce -w 1", [NGINX], "p50_us"),
        holds=lambda x: x < 0.65,
        subject="tierce -w 1",
    ),
    Target(
        section="behind",
        claim="behind nginx on a uwsgi socket, four processes: rate against uWSGI",
        want=">= 1.5 x",
        ask=lambda rows: ratio(rows, BEHIND, [NGINX], "rate"),
        holds=lambda x: x >= 1.5,
        subject=BEHIND,
    ),
    Target(
        section="behind",
        claim="the same: CPU per request of the application server's own processes",
        want="<= 0.6 x",
        ask=lambda rows: ratio(rows, BEHIND, [NGINX], "first_cpu_us"),
        holds=lambda x: x <= 0.6,
        subject=BEHIND,
    ),
    Target(
        section="memory",
        claim="four preloaded Flask workers, edge and all the rest: PSS",
        want="<= 55 MiB",
        ask=lambda rows: _row(rows, "tierce -w 4")["pss_mib"],
        holds=lambda x: x <= 55,
        unit="MiB",
        note=_note_memory,
    ),
    Target(
        section="idle",
        claim="10,000 idle keep-alive connections cost",
        want="<= 25 MiB",
        ask=_idle_cost,
        holds=lambda x: x <= 25,
        unit="MiB",
    ),
    Target(
        section="stream",
        claim="1 GB streamed to a client reading 1 MB/s: largest PSS",
        want="< 100 MiB",
        ask=_stream_peak,
        holds=lambda x: x < 100,
        unit="MiB",
    ),
    Target(
        section="start",
        claim="first answer after `import app` alone would have finished",
        want="<= 60 ms",
        ask=lambda rows: _row(rows, "tierce -w 1")["over_import_ms"],
        holds=lambda x: x <= 60,
        unit="ms",
        note=_note_start,
    ),
]


def judge(target: Target, sections: dict[str, dict]) -> dict:
    rows = sections.get(target.section, {}).get("servers", {})
    answer = {"claim": target.claim, "want": target.want, "measured": None, "unit": target.unit, "note": ""}
    try:
        value = target.ask(rows)
    except Missing as e:
        return {**answer, "verdict": NOT_MEASURED, "note": f"missing: {e}"}
    errors = rows.get(target.subject, {}).get("errors", [])
    note = "; ".join([*dict.fromkeys(errors), *filter(None, [target.note(rows)])])
    verdict = REACHED if target.holds(value) and not errors else NOT_REACHED
    return {**answer, "measured": round(value, 2), "verdict": verdict, "note": note}
