"""The same configuration and the same calls, against the real supervisord and ours, come to the same."""

import re

from supervisord_peers import OURS, REAL, outcome_of
from waiting import eventually

PROGRAMS = """
[program:cat]
command=/bin/cat
stdout_logfile=%(here)s/cat.log
[program:absent]
command=/no/such
startretries=1
[program:plainfile]
command=/etc/passwd
startretries=0
[program:nopath]
command=nosuchcommand -x
startretries=0
[program:quote]
command=/bin/cat "a
startretries=0
[program:quick]
command=/bin/false
startretries=1
[program:once]
command=/bin/sh -c "sleep 1.3; exit 3"
autorestart=false
[program:seven]
command=/bin/sh -c "sleep 1.3; exit 7"
exitcodes=0,7
[program:off]
command=/bin/cat
autostart=false
startsecs=0
[program:nodir]
command=/bin/cat
directory=/nonexistent
startretries=0
[program:n]
command=/bin/sh -c "trap '' TERM; echo up; while :; do sleep 0.1; done"
process_name=%(program_name)s_%(process_num)02d
numprocs=2
stopwaitsecs=1
redirect_stderr=true
[group:g]
programs=n
priority=5
[program:flood]
command=/bin/sh -c "i=0; while [ $i -lt 20000 ]; do echo line-$i-line-$i-line-$i; i=$((i+1)); done; exec sleep 1000"
stdout_logfile=%(here)s/flood.log
stdout_logfile_maxbytes=100KB
stdout_logfile_backups=2
"""


def settle(run):
    """Until what fails has failed and what runs runs."""
    wanted = {"cat": "RUNNING", "absent": "FATAL", "plainfile": "FATAL", "nopath": "FATAL", "quote": "FATAL",
              "quick": "FATAL", "once": "EXITED", "seven": "EXITED", "off": "STOPPED", "nodir": "FATAL",
              "n_00": "RUNNING", "n_01": "RUNNING", "flood": "RUNNING"}
    eventually(lambda: {i["name"]: i["statename"] for i in run.rpc.getAllProcessInfo()} == wanted, 30,
               f"{run.program}: {run.log()}")


def script(run):
    """Calls in a row, each with its answer."""
    server, rpc = run.server, run.rpc
    for info in rpc.getAllConfigInfo():
        for key in ("stdout_logfile", "stderr_logfile"):
            info[key] = re.sub(r"-[^-]*\.log$", "-X.log", info[key]).replace(str(run.folder), "")
        yield sorted(info.items())
    for name in ("startProcess", "stopProcess"):
        for target in ("absent", "plainfile", "nopath", "quote", "nosuch", "g:nosuch", "quick", "nodir"):
            yield name, target, outcome_of(getattr(rpc, name), target)
        for target in ("quick", "nodir"):
            run.reaches(target, "FATAL")
    yield outcome_of(rpc.startProcess, "cat")
    yield outcome_of(rpc.startProcess, "off"), run.state("off")
    yield outcome_of(rpc.stopProcess, "off"), run.state("off")
    yield outcome_of(rpc.stopProcess, "off")
    yield outcome_of(rpc.startProcess, "g:*"), outcome_of(rpc.startProcessGroup, "g")
    yield outcome_of(rpc.startProcessGroup, "nosuch"), outcome_of(rpc.stopProcessGroup, "nosuch")
    yield outcome_of(rpc.signalProcess, "cat", "USR9"), outcome_of(rpc.signalProcess, "cat", "CONT")
    yield outcome_of(rpc.signalProcess, "off", "HUP"), outcome_of(rpc.signalProcess, "nosuch", "HUP")
    yield outcome_of(rpc.signalProcessGroup, "g", "CONT"), outcome_of(rpc.signalAllProcesses, "18")
    yield outcome_of(rpc.stopProcess, "g:n_00"), outcome_of(rpc.stopProcessGroup, "g")
    yield outcome_of(rpc.startProcessGroup, "g")
    for arguments in ((-5, 3), (5, -3)):
        yield outcome_of(rpc.readLog, *arguments), outcome_of(rpc.readProcessStdoutLog, "cat", *arguments)
    yield outcome_of(rpc.sendProcessStdin, "cat", "hello\n")
    yield outcome_of(rpc.sendProcessStdin, "off", "x"), outcome_of(rpc.sendProcessStdin, "nosuch", "x")
    eventually(lambda: rpc.tailProcessStdoutLog("cat", 0, 10)[1] == 6)
    for arguments in ((0, 100), (2, 2), (0, 6), (4, 1), (100, 10)):
        yield arguments, outcome_of(rpc.tailProcessStdoutLog, "cat", *arguments)
    for arguments in ((0, 0), (-3, 0), (1, 2), (100, 2), (-100, 0)):
        yield arguments, outcome_of(rpc.readProcessStdoutLog, "cat", *arguments)
    yield outcome_of(rpc.readProcessStderrLog, "g:n_00", 0, 10), outcome_of(rpc.tailProcessStderrLog, "g:n_00", 0, 9)
    yield outcome_of(rpc.readProcessLog, "nosuch", 0, 0), outcome_of(rpc.tailProcessLog, "g", 0, 0)
    yield outcome_of(rpc.clearProcessLogs, "cat"), outcome_of(rpc.clearProcessLog, "nosuch")
    yield outcome_of(rpc.readProcessStdoutLog, "cat", 0, 0), outcome_of(rpc.clearAllProcessLogs)
    yield outcome_of(rpc.sendRemoteCommEvent, "a", "b"), outcome_of(rpc.reloadConfig)
    for name in ("g", "nosuch"):
        yield outcome_of(rpc.addProcessGroup, name), outcome_of(rpc.removeProcessGroup, name)
    yield outcome_of(rpc.removeProcessGroup, "off"), outcome_of(rpc.addProcessGroup, "off")
    for method in ("supervisor.nosuch", "foo.bar", "supervisor._update", "nosuch", "system.nosuch",
                   "supervisor.supervisord.options.warnings.linecache.os.system", "supervisor.__init__",
                   "supervisor.getState.__class__"):
        yield method, outcome_of(getattr(server, method), "id"), outcome_of(getattr(server, method))
    yield outcome_of(rpc.getState, 1), outcome_of(rpc.startProcess), outcome_of(server.system.multicall)
    yield outcome_of(server.system.multicall, [
        {"methodName": "supervisor.getState"}, {"methodName": "supervisor.getAPIVersion", "params": []},
        {"methodName": "system.multicall", "params": [[]]}, {"methodName": "nosuch"}, {},
        {"methodName": "supervisor.getProcessInfo", "params": ["nosuch"]},
        {"methodName": "supervisor.startProcess", "params": ["off"]},
        {"methodName": "supervisor.stopProcess", "params": ["off"]}])
    methods = [name for name in server.system.listMethods() if not name.startswith("tierce.")]  # Ours.
    yield methods
    yield [server.system.methodSignature(name) for name in methods]
    yield outcome_of(server.system.methodHelp, "nosuch"), outcome_of(server.system.methodSignature, "nosuch")
    yield rpc.getVersion(), rpc.getSupervisorVersion(), rpc.getIdentification(), rpc.getAPIVersion(), rpc.getState()
    # How much above its limit a log is depends on how much was read at once.
    yield rpc.stopProcess("flood"), sorted(path.name for path in run.folder.glob("flood.log*"))
    for info in rpc.getAllProcessInfo():
        yield sorted(info), info["name"], info["group"], info["state"], info["spawnerr"], info["exitstatus"]
    yield sorted((r["name"], r["status"], r["description"]) for r in rpc.stopAllProcesses())
    # It does not stop at once, so there is somebody who says that the server is about to end.
    yield rpc.startProcessGroup("g"), rpc.clearLog(), rpc.shutdown(), outcome_of(rpc.getState)


def test_the_same_calls_have_the_same_answers(supervisord_run):
    runs = [supervisord_run(program, PROGRAMS).start() for program in (REAL, OURS)]
    for run in runs:
        settle(run)
    for real, ours in zip(script(runs[0]), script(runs[1]), strict=True):
        assert ours == real
    assert runs[1].process.wait(20) == runs[0].process.wait(20) == 0


def transitions(run, name):
    """What the log says of a program, without process numbers."""
    lines = [re.sub(r"pid \d+", "pid N", line) for line in run.log_lines()]
    return [re.sub(r"\(\d+\)", "(N)", line) for line in lines if re.search(rf"\b{name}\b", line)]


def test_programs_live_through_the_same_states(supervisord_run):
    runs = [supervisord_run(program, PROGRAMS).start() for program in (REAL, OURS)]
    for run in runs:
        settle(run)
        run.rpc.stopProcess("g:n_00")
        assert run.end() == 0
    for name in ("cat", "quick", "once", "seven", "nodir", "n_00"):
        # Which of the last is told of at the end of the server, and when, depends on how fast it is down.
        real, ours = ([line for line in transitions(run, name) if "to die" not in line] for run in runs)
        assert ours == real
    for run in runs:
        lines = run.log_lines()
        for text in ("spawnerr: can't find command '/no/such'", "spawnerr: command at '/etc/passwd' is not executable",
                     "spawnerr: can't find command 'nosuchcommand'", "received SIGTERM indicating exit request"):
            assert any(text in line for line in lines), (run.program, text)
