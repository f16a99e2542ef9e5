"""A program of the chain that starts slowly, or cannot start: who waits, how long, and what they are told."""

import time

import pytest

from chain_run import APP, PROGRAMS, UWSGI_LOCATION
from gate import Load
from waiting import SLOWNESS, eventually

# As people have it: startsecs and startretries are supervisor's own.
USUAL = PROGRAMS.replace("startsecs=0\n", "")
LOCATIONS = {"uwsgi_pass": UWSGI_LOCATION, "wsgi_pass": "wsgi_pass uwsgi;"}


def _timed(run, path="/"):
    begun = time.monotonic()
    answer = run.request(path)
    return answer, time.monotonic() - begun


def _break(run):
    (run.folder / "chain_app.py").write_text("import nothing_of_that_name\n" + APP)


def _listens(run):
    eventually(lambda: run.status("/files/") is not None, 15, run.output)


@pytest.mark.parametrize("way", LOCATIONS)
@pytest.mark.parametrize("programs", [USUAL, PROGRAMS], ids=["startsecs=1", "startsecs=0"])
def test_an_application_that_cannot_be_imported_is_unavailable(chain, way, programs):
    run = chain(location=LOCATIONS[way], programs=programs)
    _break(run)
    run.start()
    _listens(run)
    # The first may still wait for what comes of the start; nobody waits for another one.
    answer, seconds = _timed(run)
    assert answer.status == 503 and answer.header("Retry-After") == "1"
    assert seconds < 3 * SLOWNESS
    for _ in range(30):
        answer, seconds = _timed(run)
        assert (answer.status, answer.header("Retry-After")) == (503, "1")
        assert seconds < 1 * SLOWNESS
        time.sleep(0.1)
    assert "the application's program has failed to start" in run.error_log()
    if programs is USUAL:
        run.reaches("uwsgi", "FATAL", 20)
        assert run.status() == 503
    (run.folder / "chain_app.py").write_text(APP)
    if programs is USUAL:
        run.ctl("start", "uwsgi")
    eventually(lambda: run.status() == 200, 15)
    assert run.stop() == 0


def test_a_name_whose_program_fails_is_unavailable_without_shared_memory_too(chain):
    run = chain(location="wsgi_pass uwsgi;", programs=USUAL, arguments=["--no-fuse"])
    _break(run)
    run.start()
    _listens(run)
    eventually(lambda: run.status() == 503, 15)


def test_an_error_page_for_it(chain):
    run = chain(location=UWSGI_LOCATION + " error_page 503 /files/given.txt;")
    _break(run)
    run.start()
    _listens(run)
    answer = run.request("/")
    assert (answer.status, answer.header("Retry-After"), answer.body) == (503, "1", b"given\n")


def test_a_start_that_takes_its_time_is_waited_for(chain):
    run = chain(programs=USUAL)
    (run.folder / "chain_app.py").write_text("import time\ntime.sleep(2)\n" + APP)
    run.start()
    _listens(run)
    answer, seconds = _timed(run)
    assert answer.status == 200 and seconds > 0.5


@pytest.mark.parametrize("way", LOCATIONS)
def test_it_is_waited_for_as_long_as_a_connection_may_take(chain, way):
    run = chain(location=LOCATIONS[way] + " uwsgi_connect_timeout 1s;", programs=USUAL)
    (run.folder / "chain_app.py").write_text("import time\ntime.sleep(4)\n" + APP)
    run.start()
    _listens(run)
    answer, seconds = _timed(run)
    assert answer.status == 504
    assert 0.8 < seconds < 2 * SLOWNESS
    eventually(lambda: run.status() == 200, 15)


def test_a_restart_that_fails_is_503_and_no_bad_gateway(chain):
    run = chain(programs=USUAL).begin()
    with Load(run, "/pid", clients=3) as load:
        load.wait_more(20)
        _break(run)
        run.ctl("restart", "uwsgi")
        eventually(lambda: load.statuses[-1] == 503, 15)
        (run.folder / "chain_app.py").write_text(APP)
        eventually(lambda: run.status() == 200, 20)
    assert set(load.statuses) == {200, 503}
    assert not [each for each in load.failures if isinstance(each, Exception)]


def test_a_server_of_an_upstream_that_failed_is_passed_over(chain, tmp_path):
    run = chain(http="upstream app {{ server unix:{dir}/app.sock; server unix:{dir}/other.sock; }}",
                location="include {params}; uwsgi_pass app;",
                programs=USUAL + USUAL.split("[program:nginx]")[0].replace("[program:uwsgi]", "[program:other]").replace(
                    "uwsgi.ini", "other.ini"))
    ini = (run.folder / "uwsgi.ini").read_text()
    (run.folder / "other.ini").write_text(ini.replace("app.sock", "other.sock"))
    (run.folder / "uwsgi.ini").write_text(ini.replace("chain_app.py", "broken.py"))
    (run.folder / "broken.py").write_text("import nothing_of_that_name\n")
    run.start()
    eventually(lambda: run.status() == 200, 15)
    assert {run.status() for _ in range(20)} == {200}
