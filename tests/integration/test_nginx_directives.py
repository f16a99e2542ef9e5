"""The table of directives is the real nginx's: where each may stand, with how many words, with or without a block."""

import concurrent.futures
import re

import pytest

from nginx_peers import CONTEXTS, OURS, REAL, kind_of, verdict
from server_process import REPOSITORY

ROW = re.compile(r"\| `(?P<name>\w+)` \| (?P<places>[^|]*) \| (?P<words>[^|]*) \| (?P<takes>[^|]*) \|")
ROWS = [match.groupdict() for match in ROW.finditer((REPOSITORY / "docs" / "nginx-directives.md").read_text())]
NAMES = sorted({row["name"] for row in ROWS})
PARTS = 8


def compare(directory, name):
    """The differences between both, each as text."""
    different = []
    block = any(row["name"] == name and "block" in row["takes"] for row in ROWS)
    for context, text in CONTEXTS.items():
        for words in ("", "1", "1 1", "1 1 1", "1 1 1 1 1 1 1 1") if context in ("main", "http", "location", "upstream") else ("1",):
            for end in (";", " {}") if block and words in ("", "1") else (";",):
                path = directory / f"{name}.conf"
                path.write_text(text % f"{name} {words}{end}")
                theirs, ours = (kind_of(verdict(program, path).error, name) for program in ([REAL], OURS))
                if theirs != ours:
                    different.append(f"{context}: {name} {words}{end} nginx: {theirs!r}, ours: {ours!r}")
    return different


@pytest.mark.parametrize("part", range(PARTS))
def test_the_table(tmp_path, part):
    (tmp_path / "logs").mkdir()
    assert len(NAMES) > 500
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        different = [line for lines in pool.map(lambda name: compare(tmp_path, name), NAMES[part::PARTS]) for line in lines]
    assert not different, "\n".join(different)
