import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from chain_run import ChainRun, OneFileRun  # noqa: E402
from gate import Gate  # noqa: E402
from gunicorn_peers import GunicornRun  # noqa: E402
from nginx_backends import Backends  # noqa: E402
from nginx_pair import Pair, free_port, make_tree  # noqa: E402
from server_process import BINARY, GUNICORN, Server  # noqa: E402


def pytest_sessionstart(session):
    # A job that a script starts in the background has it ignored, and all that the tests start would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not GUNICORN and not BINARY.exists() and not session.config.option.collectonly:
        pytest.exit(f"no server to test: {BINARY} (make build, or set TIERCE_BIN)", 4)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        item.stash[_failed] = True
        servers = {id(value): value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Server)}
        for server in servers.values():
            if server.process is not None:
                report.sections.append((f"server {server.pid}", server.dump()))
    return report


_failed = pytest.StashKey[bool]()


@pytest.fixture
def server(tmp_path, request):
    """A server that the test starts; at the end it must stop cleanly."""
    yield from _look_after(Server(tmp_path), request)


@pytest.fixture
def second_server(tmp_path_factory, request):
    yield from _look_after(Server(tmp_path_factory.mktemp("second")), request)


def _look_after(server, request):
    try:
        yield server
        if not request.node.stash.get(_failed, False):
            server.stop()
    finally:
        server.kill()


@pytest.fixture(scope="module")
def module_server(tmp_path_factory):
    """One server for all tests of a file that do not disturb it; the file starts it in a fixture."""
    server = Server(tmp_path_factory.mktemp("module"))
    try:
        yield server
        server.stop()
    finally:
        server.kill()


@pytest.fixture
def gate(tmp_path):
    return Gate(tmp_path)


@pytest.fixture
def gates(tmp_path):
    """As many as wanted: gates()."""
    return lambda: Gate(tmp_path)


@pytest.fixture
def gunicorn_run(tmp_path):
    """gunicorn_run(OURS or REAL, *args, conf=..., app=...) starts one; at the end none is left."""
    runs = []

    def begin(program, *args, **how):
        runs.append(GunicornRun(tmp_path / f"run{len(runs)}", program, args, **how))
        return runs[-1]

    yield begin
    for run in runs:
        run.kill()


@pytest.fixture(scope="session")
def nginx_backends(tmp_path_factory):
    backends = Backends(tmp_path_factory.mktemp("backends"))
    yield backends
    backends.close()


@pytest.fixture(scope="session")
def nginx_tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("www")
    make_tree(folder)
    return folder


@pytest.fixture
def nginx_pair(tmp_path, nginx_tree, nginx_backends):
    """nginx_pair.compare(case): the real nginx and ours, with the same files and the same backends."""
    return Pair(tmp_path, nginx_tree, nginx_backends)


@pytest.fixture
def supervisord_run(tmp_path):
    """supervisord_run(OURS or REAL, config, ...) makes one, not started; at the end none is left."""
    # Imported here: the suites that run against other servers do without supervisor.
    from supervisord_peers import SupervisordRun

    runs = []

    def make(program, config, **how):
        runs.append(SupervisordRun(tmp_path / f"s{len(runs)}", program, config, **how))
        return runs[-1]

    yield make
    for run in runs:
        run.kill()


@pytest.fixture
def chain(tmp_path):
    """Makes chains of `tierce up`; see ChainRun."""
    runs = []

    def make(**how):
        run = ChainRun(tmp_path / f"run{len(runs)}", free_port(), **how)
        runs.append(run)
        return run
    yield make
    for run in runs:
        run.kill()


@pytest.fixture
def one_file(tmp_path):
    """A chain from one file; the test starts it."""
    run = OneFileRun(tmp_path / "files", free_port())
    yield run
    run.end_one()
