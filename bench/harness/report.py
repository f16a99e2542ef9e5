"""The measured figures as text for people."""

from __future__ import annotations


def _table(header: list[str], rows: list[list[str]], texts: tuple[int, ...] = (0,)) -> str:
    """Columns of text to the left, figures to the right."""
    widths = [max(len(line[i]) for line in [header, *rows]) for i in range(len(header))]

    def show(line):
        cells = [cell.ljust(w) if i in texts else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths))]
        return "  " + "  ".join(cells).rstrip()

    return "\n".join([show(header), "  " + "  ".join("-" * w for w in widths), *map(show, rows)])


def _loads(servers: dict) -> str:
    table = _table(
        ["server", "req/s", "p50 us", "p99 us", "CPU us/req", "PSS MiB"],
        [
            [label, f"{r['rate']:,.0f}"]
            + [f"{r['p50_us']:.0f}", f"{r['p99_us']:.0f}", f"{r['cpu_us']:.1f}", f"{r['pss_mib']:.1f}"]
            for label, r in servers.items()
        ],
    )
    errors = [f"  ! {label}: {e}" for label, r in servers.items() for e in dict.fromkeys(r["errors"])]
    return "\n".join([table, *errors])


def _memory(servers: dict) -> str:
    rows = []
    for label, r in servers.items():
        rows.append([label, f"{r['pss_mib']:.1f}", ""])
        rows.append(["  were it alone", f"{r['alone_mib']:.1f}", "no other process mapping the same files"])
        if "edge_and_workers_mib" in r:
            rows.append(["  edge and workers", f"{r['edge_and_workers_mib']:.1f}", ""])
        rows += [[f"    {p.get('role', '')} {p['pid']}", f"{p['pss_mib']:.1f}", p["title"]] for p in r["processes"]]
    return _table(["server", "PSS MiB", "process"], rows, texts=(0, 2))


def _fields(columns: dict[str, str]):
    def show(servers: dict) -> str:
        return _table(
            ["server", *columns.values()], [[label, *(str(r[key]) for key in columns)] for label, r in servers.items()]
        )

    return show


_SHOW = {
    "memory": _memory,
    "idle": _fields(
        {
            "connections": "connections",
            "refused": "refused",
            "closed": "closed",
            "before_mib": "before MiB",
            "after_mib": "after MiB",
            "cost_mib": "cost MiB",
        }
    ),
    "stream": _fields({"received_mb": "received MB", "expected_mb": "expected MB", "pss_mib_max": "PSS MiB max"}),
    "start": _fields(
        {
            "answer_ms": "first answer ms",
            "import_ms": "import alone ms",
            "python_c_ms": "python -c ms",
            "over_import_ms": "over import ms",
        }
    ),
}


def section_text(name: str, section: dict) -> str:
    servers = section["servers"]
    body = _SHOW.get(name, _loads)(servers) if servers else "  nothing was measured"
    return f"\n{section['title']}\n{body}"


def targets_text(judged: list[dict]) -> str:
    lines = ["\ntargets"]
    for t in judged:
        measured = "-" if t["measured"] is None else f"{t['measured']:.2f} {t['unit']}"
        lines.append(f"  {t['verdict']:<12}  {t['claim']}")
        lines.append(f"  {'':<12}  wanted {t['want']}, measured {measured}" + (f"  ({t['note']})" if t["note"] else ""))
    return "\n".join(lines)


def heading_text(machine: dict, versions: dict, absent: dict, settings: dict) -> str:
    lines = [
        f"{machine['cores']} cores, {machine['cpu']}, {machine['memory_gib']} GiB, Linux {machine['kernel']}, "
        f"Python {machine['python']}, load before {machine['load_before']}, {machine['date']}",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
        f"{settings['rounds']} rounds of {settings['seconds']} s; medians; ratios are taken within a round",
    ]
    lines += [f"skipped: {name}: {reason}" for name, reason in absent.items()]
    return "\n".join(lines)
