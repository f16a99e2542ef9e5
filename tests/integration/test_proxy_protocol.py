"""The PROXY protocol: who may name a client is believed, who must not is not, and curl agrees about the format."""

import struct
import subprocess
import sys

import pytest

from raw_client import RawClient
from server_process import APPS, BINARY
from wire_client import WireClient, uwsgi_packet, variables

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"


def v2(command=0x21, family=0x11, block=None):
    if block is None:
        block = bytes([192, 0, 2, 7, 198, 51, 100, 1]) + struct.pack(">HH", 56324, 443)
    return SIGNATURE + bytes([command, family]) + struct.pack(">H", len(block)) + block


V2_INET6 = v2(family=0x21, block=bytes.fromhex("20010db8000000000000000000000007") * 2 + struct.pack(">HH", 56324, 443))


@pytest.fixture(scope="module")
def shared(module_server):
    module_server.start("environ_dump:app", bind=["127.0.0.1:0", "uwsgi://127.0.0.1:0"],
                        args=["--proxy-protocol", "--client-header-timeout", "2"])
    return module_server


def environ_after(address, header, pieces=()):
    with RawClient(address) as client:
        client.send_in_pieces(header + GET, pieces)
        return client.response().json()


@pytest.mark.parametrize("header,address", [(V1, "192.0.2.7"), (v2(), "192.0.2.7"), (V2_INET6, "2001:db8::7"),
                                            (b"PROXY TCP6 2001:db8::7 ::1 56324 443\r\n", "2001:db8::7"),
                                            (v2(block=v2()[16:] + b"\x01\0\x02h2\x04\0\0"), "192.0.2.7")])
def test_the_client_is_who_the_header_says(shared, header, address):
    environ = environ_after(shared.address, header)
    assert environ["REMOTE_ADDR"] == address
    assert environ["REMOTE_PORT"] == "56324"
    shared.wait_access(f"^{address} - -")


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", v2(0x20, 0, b""), v2(0x21, 0, b"whatever"),
                                    v2(0x20, 0x11, b"x" * 12)])
def test_a_header_that_names_nobody_leaves_the_peer(shared, header):
    assert environ_after(shared.address, header)["REMOTE_ADDR"] == "127.0.0.1"


@pytest.mark.parametrize("header", [V1, v2()], ids=["v1", "v2"])
def test_cut_at_every_position_it_is_the_same_header(shared, header):
    for cut in range(len(header) + 1):
        assert environ_after(shared.address, header, [cut])["REMOTE_ADDR"] == "192.0.2.7", cut
    assert environ_after(shared.address, header, range(len(header)))["REMOTE_ADDR"] == "192.0.2.7"


def test_it_holds_for_every_request_of_the_connection(shared):
    with RawClient(shared.address) as client:
        client.send(V1 + GET + GET)
        for _ in range(2):
            assert client.response().json()["REMOTE_ADDR"] == "192.0.2.7"
        client.send(V1 + GET)  # Once, and only in front.
        assert client.response().status == 400


def test_it_stands_before_uwsgi_as_well(shared):
    with WireClient(shared.addresses()[1], "uwsgi") as client:
        client.send(V1 + uwsgi_packet(variables()))
        assert client.answer().status == 200
    with WireClient(shared.addresses()[1], "uwsgi") as client:
        client.send(V1 + b"\0\5\0\0\xff\xffabc")
        assert client.answer().status == 400
    shared.wait_log("192.0.2.7:56324: request refused: the length of a name or value")


@pytest.mark.parametrize("bad", [
    GET, b"PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n", b"PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n",
    b"PROXY TCP4 192.0.2.7 198.51.100.1 1 65536\r\n", V1.replace(b"\r\n", b"\n"), b"PROXY " + b"x" * 200,
    b"\x16\x03\x01\x02", v2(0x11), v2(0x22), v2(family=0x12), v2(family=0x41), v2(block=b"x" * 11),
    v2(block=v2()[16:] + b"\1\xff\xff"), v2(0x20, 0, b"x" * 5000)])
def test_a_trusted_peer_that_sends_no_good_header_is_closed(shared, bad):
    before = len(shared.log_lines("connection closed"))
    with RawClient(shared.address) as client:
        client.send_what_is_taken(bad + GET)
        assert client.everything() == b""
    shared.wait_log("connection closed: .*PROXY header", count=before + 1)


def test_a_header_that_does_not_come_is_ended_by_the_timeout(server):
    server.start("hello:app", args=["--proxy-protocol", "--client-header-timeout", "0.4"])
    for begun in (b"", b"PRO", SIGNATURE):
        with RawClient(server.address) as client:
            client.send(begun)
            client.ends()
    server.wait_log("the PROXY header was not complete within 400 ms", count=3)


def test_who_is_not_trusted_cannot_name_a_client(server):
    server.start("environ_dump:app", args=["--proxy-protocol", "--proxy-allow-from", "192.0.2.1"])
    assert server.get().json()["REMOTE_ADDR"] == "127.0.0.1"
    for header in (V1, v2()):
        with RawClient(server.address) as client:
            client.send(header + GET)
            assert client.response().status == 400


def test_without_the_option_it_is_a_bad_request(server):
    server.start("environ_dump:app", args=["--proxy-allow-from", "*"])
    with RawClient(server.address) as client:
        client.send(V1 + GET)
        assert client.response().status == 400


def test_a_unix_socket_is_trusted(server, tmp_path):
    path = str(tmp_path / "app.sock")
    server.start("environ_dump:app", bind=f"unix:{path}", args=["--proxy-protocol", "--proxy-allow-from", ""])
    assert environ_after(path, V1)["REMOTE_ADDR"] == "192.0.2.7"


def test_forwarded_headers_are_believed_of_the_peer_not_of_the_named_client(shared):
    with RawClient(shared.address) as client:
        client.send(V1 + b"GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-Proto: https\r\n\r\n")
        assert client.response().json()["wsgi.url_scheme"] == "https"


def test_curl_speaks_the_same(shared):
    url = f"http://{shared.address[0]}:{shared.port}/"
    done = subprocess.run(["curl", "-sS", "--haproxy-protocol", url], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert '"REMOTE_ADDR": "127.0.0.1"' in done.stdout


@pytest.mark.parametrize("role", ["gunicorn", "uwsgi"])
def test_under_other_names_it_may_be_left_out(server, role):
    """As in Gunicorn and uWSGI, whose users look at /health without a balancer."""
    if role == "gunicorn":
        arguments = ["gunicorn", "--proxy-protocol", "auto", "-b", "127.0.0.1:0", "--chdir", str(APPS), "environ_dump:app"]
    else:
        arguments = ["uwsgi", "--enable-proxy-protocol", "--http-socket", "127.0.0.1:0", "--chdir", str(APPS),
                     "--module", "environ_dump:app", "--home", sys.prefix]
    server.spawn([str(BINARY), *arguments])
    server.wait_listening()
    for pieces in ((), range(1, 40)):
        assert environ_after(server.address, b"", pieces)["REMOTE_ADDR"] == "127.0.0.1"
        for header in (V1, v2()):
            assert environ_after(server.address, header, pieces)["REMOTE_ADDR"] == "192.0.2.7"
    with RawClient(server.address) as client:
        client.send(b"PROXY TCP4 nobody\r\n" + GET)
        client.ends()
