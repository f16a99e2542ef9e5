"""What becomes of the output of programs: lines with time and name, days, compressed files. None of it is the original's."""

import datetime
import gzip
import json
import os
import re
import sys
import time

from supervisord_peers import OURS
from waiting import eventually


def test_lines_say_when_and_of_whom_they_are(supervisord_run):
    run = supervisord_run(OURS, """
[program:text]
command=/bin/sh -c "echo one; echo two >&2; printf 'no end'"
log_format=text
stdout_logfile=%(here)s/text.log
stderr_logfile=%(here)s/text.err
startsecs=0
autorestart=false
[program:json]
command=/bin/sh -c 'printf "a \\"quote\\"\\n\\377\\n"; exec sleep 1000'
process_name=j%(process_num)d
log_format=json
stdout_logfile=%(here)s/json.log
startsecs=0
""").start()
    run.reaches("text", "EXITED")
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
    lines = eventually(lambda: (t := (run.folder / "text.log").read_text()).count("\n") == 2 and t.splitlines())
    assert re.fullmatch(stamp + r" text stdout: one", lines[0]) and re.fullmatch(stamp + r" text stdout: no end", lines[1])
    assert re.fullmatch(stamp + r" text stderr: two\n", (run.folder / "text.err").read_text())
    text = eventually(lambda: (t := (run.folder / "json.log").read_text()).count("\n") == 2 and t)
    first, second = [json.loads(line) for line in text.splitlines()]
    assert first["line"] == 'a "quote"' and second["line"] == "\ufffd" and first["stream"] == "stdout"
    assert first["program"] == "json:j0" and first["pid"] == run.rpc.getProcessInfo("json:j0")["pid"]
    assert abs(datetime.datetime.fromisoformat(first["time"]).timestamp() - time.time()) < 60


def test_a_log_of_yesterday_is_rotated_before_today_begins(supervisord_run):
    run = supervisord_run(OURS, """
[program:cat]
command=/bin/cat
stdout_logfile=%(here)s/cat.log
stdout_logfile_daily=true
stdout_logfile_backups=2
startsecs=0
""", supervisord="logfile_daily=true")
    for name in ("cat.log", "supervisord.log"):
        (run.folder / name).write_text("yesterday\n")
        os.utime(run.folder / name, (time.time() - 86400,) * 2)
    run.start()
    run.rpc.sendProcessStdin("cat", "today\n")
    eventually(lambda: (run.folder / "cat.log").read_text() == "today\n")
    assert (run.folder / "cat.log.1").read_text() == (run.folder / "supervisord.log.1").read_text() == "yesterday\n"


def test_rotated_logs_are_compressed_and_nothing_is_lost(supervisord_run):
    count = 60_000
    run = supervisord_run(OURS, f"""
[program:flood]
command={sys.executable} -c "import sys, time; [sys.stdout.write('line %%09d %%s\\n' %% (i, 'x' * 80)) and i %% 20000 == 0 and time.sleep(0.2) for i in range({count})]"
stdout_logfile=%(here)s/flood.log
stdout_logfile_maxbytes=512KB
stdout_logfile_backups=50
stdout_logfile_compress=true
startsecs=0
autorestart=false
""").start()
    run.reaches("flood", "EXITED", 30)
    names = eventually(lambda: (n := sorted(p.name for p in run.folder.glob("flood.log.*"))) and
                       all(x.endswith(".gz") for x in n) and n, 15, "all are compressed")
    assert len(names) > 5
    numbers = sorted((int(name.split(".")[2]) for name in names), reverse=True)
    assert numbers == list(range(len(numbers), 0, -1))
    text = b"".join(gzip.decompress((run.folder / f"flood.log.{n}.gz").read_bytes()) for n in numbers)
    lines = (text.decode() + (run.folder / "flood.log").read_text()).splitlines()
    assert [int(line.split()[1]) for line in lines] == list(range(count))
    assert not list(run.folder.glob("*.part"))
