"""Where it listens, and what is left of it afterwards."""

import os
import socket
import stat
import sys

import pytest

from server_process import free_port

IPV6 = os.path.exists("/proc/net/if_inet6")


def test_tcp(server):
    server.start()
    assert server.get().body == b"hello\n"


def test_a_port_alone_listens_everywhere(server):
    port = free_port()
    server.start(bind=f":{port}")
    assert server.get(address=("127.0.0.1", port)).status == 200


def test_a_host_name(server):
    server.start(bind="localhost:0")
    assert server.get().status == 200


@pytest.mark.skipif(not IPV6, reason="no IPv6 here")
def test_ipv6(server):
    server.start("environ_dump:app", bind="[::1]:0")
    environ = server.get().json()
    assert environ["REMOTE_ADDR"] == "::1"
    assert environ["SERVER_NAME"] in ("::1", "[::1]")


def test_unix_socket(server, tmp_path):
    path = str(tmp_path / "app.sock")
    server.start("environ_dump:app", bind=f"unix:{path}")
    environ = server.get(address=path).json()
    assert environ["REMOTE_ADDR"] == ""
    assert environ["SERVER_NAME"] and "SERVER_PORT" in environ
    assert environ["HTTP_HOST"] == "test.example"
    assert server.get("/", [("X-Forwarded-Proto", "https")], address=path).json()["wsgi.url_scheme"] == "https"
    server.stop()
    assert not os.path.exists(path)


def test_several_at_once(server, tmp_path):
    path = str(tmp_path / "app.sock")
    server.start("environ_dump:app", bind=["127.0.0.1:0", "127.0.0.1:0", f"unix:{path}"])
    assert len(server.addresses()) == 3
    for address in server.addresses():
        environ = server.get(address=address).json()
        if address != path:
            assert environ["SERVER_PORT"] == str(address[1])


def test_a_stale_unix_socket_is_replaced(server, tmp_path):
    path = str(tmp_path / "app.sock")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    server.start(bind=f"unix:{path}")
    assert server.get(address=path).status == 200


def test_a_unix_socket_in_use_is_left_alone(server, tmp_path):
    path = str(tmp_path / "app.sock")
    with socket.socket(socket.AF_UNIX) as living:
        living.bind(path)
        living.listen()
        server.spawn(server.command("hello:app", bind=f"unix:{path}"))
        assert server.wait_exit() != 0
        assert path in server.log()
        assert os.path.exists(path)


def test_a_file_is_not_replaced_by_a_socket(server, tmp_path):
    path = tmp_path / "precious"
    path.write_text("data")
    server.spawn(server.command("hello:app", bind=f"unix:{path}"))
    assert server.wait_exit() != 0
    assert path.read_text() == "data"


@pytest.mark.parametrize("umask, mode", [("0", 0o777), ("007", 0o770), ("077", 0o700)])
def test_the_umask_decides_who_may_connect(server, tmp_path, umask, mode):
    path = str(tmp_path / "app.sock")
    server.start(bind=f"unix:{path}", args=["--umask", umask])
    assert stat.S_IMODE(os.stat(path).st_mode) == mode


def test_an_address_in_use_is_named(server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = server.fails(bind=address)
    assert ended.code not in (0, None)
    assert address in ended.err
    assert "in use" in ended.err.lower()
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("address", ["127.0.0.1:99999", "127.0.0.1:http", "300.1.1.1:80", "unix:", "unix:/does/not/exist/s"])
def test_an_address_that_cannot_be_is_named(server, address):
    ended = server.fails(bind=address)
    assert ended.code not in (0, None)
    assert address.removeprefix("unix:") in ended.err


def test_a_place_that_may_not_be_written_says_permission_denied(server, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    # Root may write anywhere: it runs without CAP_DAC_OVERRIDE (1), which PR_CAPBSET_DROP (24) takes from what it executes.
    drop = "import ctypes, os, sys; os.geteuid() == 0 and ctypes.CDLL(None).prctl(24, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"
    ended = server.fails(bind=f"unix:{closed}/s", wrapper=[sys.executable, "-c", drop])
    assert f"{closed}/s" in ended.err and "denied" in ended.err.lower()


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_socket_activation(server, tmp_path, kind):
    path = str(tmp_path / "activated.sock")
    with socket.socket(socket.AF_INET if kind == "tcp" else socket.AF_UNIX) as listener:
        listener.bind(("127.0.0.1", 0) if kind == "tcp" else path)
        listener.listen()
        address = listener.getsockname()
        os.set_inheritable(listener.fileno(), True)
        # What systemd does: the sockets from 3 on, and the pid of who may take them.
        activate = ("import os, sys; fd = int(sys.argv[1]); os.dup2(fd, 3); fd != 3 and os.close(fd);"
                    "os.environ['LISTEN_PID'] = str(os.getpid()); os.environ['LISTEN_FDS'] = '1';"
                    "os.execv(sys.argv[2], sys.argv[2:])")
        command = server.command("environ_dump:app", bind=())
        if not os.path.isabs(command[0]):
            pytest.skip("needs a path")
        server.spawn(command, wrapper=[sys.executable, "-c", activate, str(listener.fileno())],
                     pass_fds=[listener.fileno()])
    server.wait_listening()
    environ = server.get(address=address).json()
    assert environ["PATH_INFO"] == "/"
    server.stop()
    if kind == "unix":
        assert os.path.exists(path), "the socket is systemd's, not ours"


def test_listen_fds_of_another_process_are_not_taken(server):
    server.start(env={"LISTEN_FDS": "1", "LISTEN_PID": "1"})
    assert server.get().status == 200


def test_the_address_can_be_bound_again_at_once(server, second_server):
    port = free_port()
    server.start(bind=f"127.0.0.1:{port}")
    with server.raw() as client:
        client.request()
        client.response()
        server.stop()
    second_server.start(bind=f"127.0.0.1:{port}")
    assert second_server.get().status == 200
