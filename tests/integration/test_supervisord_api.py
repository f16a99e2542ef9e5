"""Every method of the API, and every fault it can answer with, by Python's xmlrpc.client: from the real server and ours."""

import concurrent.futures

import pytest
from supervisor.xmlrpc import Faults
from supervisord_peers import OURS, REAL, outcome_of
from waiting import eventually

PROGRAMS = """
[program:cat]
command=/bin/cat
stdout_logfile=%(here)s/cat.log
startsecs=0
[program:absent]
command=/no/such
autostart=false
[program:plainfile]
command=/etc/passwd
autostart=false
[program:dies]
command=/bin/false
autostart=false
autorestart=false
startretries=0
[program:patient]
command=/bin/cat
autostart=false
startsecs=30
[program:quiet]
command=/bin/cat
stdout_logfile=NONE
startsecs=0
[program:slow]
command=/bin/sh -c "trap '' TERM; echo up; while :; do sleep 0.1; done"
stdout_logfile=%(here)s/slow.log
stopwaitsecs=2
startsecs=0
"""


def calls(run):
    """(method, outcome) of each call."""
    server, rpc = run.server, run.rpc

    def call(method, *arguments):
        function = server
        for part in method.split("."):
            function = getattr(function, part)
        return method, outcome_of(function, *arguments)

    log = run.folder / "supervisord.log"
    for name in ("cat", "quiet", "slow"):
        run.reaches(name, "RUNNING")
    yield call("supervisor.nosuch")
    yield call("supervisor.startProcess")
    yield call("supervisor.readLog", -1, 5)
    yield call("system.methodHelp", "nosuch")
    yield call("supervisor.getProcessInfo", "nosuch")
    yield call("supervisor.signalProcess", "cat", "NOSUCH")
    yield call("supervisor.startProcess", "absent")
    yield call("supervisor.startProcess", "plainfile")
    yield call("supervisor.readProcessStdoutLog", "quiet", 0, 0)
    yield call("supervisor.startProcess", "dies")
    yield call("supervisor.startProcess", "cat")
    with concurrent.futures.ThreadPoolExecutor() as another:
        waits = another.submit(lambda: outcome_of(run.rpc.startProcess, "patient"))
        run.reaches("patient", "STARTING")
        run.rpc.stopProcess("patient")
        yield "supervisor.startProcess", waits.result(20)
    yield call("supervisor.stopProcess", "absent")
    yield call("supervisor.addProcessGroup", "cat")
    yield call("supervisor.removeProcessGroup", "cat")
    log.rename(run.folder / "old.log")
    log.mkdir()
    yield call("supervisor.readLog", 0, 0)
    log.rmdir()
    (run.folder / "old.log").rename(log)
    run.configure(PROGRAMS.replace("startsecs=0", "startsecs=soon"))
    yield call("supervisor.reloadConfig")
    run.configure(PROGRAMS)
    yield call("supervisor.reloadConfig")
    for method in ("getAPIVersion", "getVersion", "getSupervisorVersion", "getIdentification", "getState", "getPID",
                   "getAllProcessInfo", "getAllConfigInfo"):
        yield call(f"supervisor.{method}")
    yield call("supervisor.sendProcessStdin", "cat", "some text\n")
    eventually(lambda: (run.folder / "cat.log").read_text() == "some text\n")
    yield call("supervisor.sendRemoteCommEvent", "type", "data")
    for method in ("readProcessLog", "readProcessStdoutLog", "readProcessStderrLog"):
        yield call(f"supervisor.{method}", "cat", 5, 0)
    for method in ("tailProcessLog", "tailProcessStdoutLog", "tailProcessStderrLog"):
        yield call(f"supervisor.{method}", "cat", 0, 4)
    for method in ("readLog", "readMainLog"):
        yield call(f"supervisor.{method}", 0, 0)
    yield call("supervisor.clearProcessLog", "cat")
    yield call("supervisor.clearProcessLogs", "cat")
    yield call("supervisor.clearAllProcessLogs")
    yield call("supervisor.clearLog")
    yield call("supervisor.signalProcess", "cat", "CONT")
    yield call("supervisor.signalProcessGroup", "cat", "CONT")
    yield call("supervisor.signalAllProcesses", "CONT")
    yield call("supervisor.stopProcess", "cat")
    yield call("supervisor.removeProcessGroup", "cat")
    yield call("supervisor.addProcessGroup", "cat")
    run.reaches("cat", "RUNNING")
    yield call("supervisor.stopProcessGroup", "cat")
    yield call("supervisor.startProcessGroup", "cat")
    yield call("supervisor.stopProcess", "quiet")
    run.rpc.removeProcessGroup("patient")
    yield call("supervisor.startAllProcesses")
    yield call("system.listMethods")
    yield call("system.methodSignature", "supervisor.getState")
    yield call("system.methodHelp", "supervisor.getState")
    yield call("system.multicall", [{"methodName": "supervisor.getState", "params": []}])
    yield call("supervisor.stopAllProcesses")
    # It takes a while to be down, so there is somebody to ask.
    yield call("supervisor.startProcess", "slow")
    # It was started once before, and its log emptied in between.
    eventually(lambda: "up" in (run.folder / "slow.log").read_text())
    yield call("supervisor.shutdown")
    yield call("supervisor.getState")


def faults_in(outcomes):
    for _, outcome in outcomes:
        if isinstance(outcome, tuple) and outcome[:1] == ("fault",):
            yield outcome[1]
        if isinstance(outcome, list):
            yield from (entry["status"] for entry in outcome if isinstance(entry, dict) and "status" in entry)


def gist(method, outcome):
    """Without what differs from run to run."""
    if isinstance(outcome, tuple):
        return outcome[:2]
    if isinstance(outcome, list) and outcome and isinstance(outcome[0], dict) and "status" in outcome[0]:
        return sorted((entry["name"], entry["status"], entry["description"]) for entry in outcome)
    if method in ("supervisor.getPID", "supervisor.readLog", "supervisor.readMainLog", "system.listMethods", "system.methodHelp"):
        return type(outcome)
    if method in ("supervisor.getAllProcessInfo", "supervisor.getAllConfigInfo"):
        return [(sorted(entry), entry["name"]) for entry in outcome]
    return outcome


@pytest.fixture
def outcomes(supervisord_run):
    def run(program):
        made = supervisord_run(program, PROGRAMS).start()
        all_of_it = list(calls(made))
        made.process.wait(20)
        return all_of_it
    return run


def test_every_method_and_every_fault_is_as_the_originals(outcomes):
    real, ours = outcomes(REAL), outcomes(OURS)
    for (method, there), (_, here) in zip(real, ours, strict=True):
        assert gist(method, here) == gist(method, there), method
    listed = next(outcome for method, outcome in ours if method == "system.listMethods")
    called = {method for method, _ in ours}
    assert {name for name in listed if not name.startswith("tierce.")} - called == {"supervisor.restart"}, "test_supervisord_ctl has it"
    all_faults = {value for name, value in vars(Faults).items() if name.isupper()}
    assert set(faults_in(ours)) == all_faults
