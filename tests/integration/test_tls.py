"""https: what a client of the edge sees of TLS, and what a bad one cannot do."""

import contextlib
import hashlib
import os
import pwd
import random
import re
import signal
import shutil
import socket
import ssl
import threading
import warnings

import pytest

from certificates import Certificate
from gate import Background
from gunicorn_peers import OURS, REAL
from raw_client import RawClient
from other_users import home_for_everybody
from server_process import APPS, BINARY, free_port
from waiting import eventually


BLOCK = bytes(range(256)) * 256


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def shared(module_server, certificate):
    return module_server.start("answers:app", threads=4, args=certificate.options)


def ask(server, certificate, method="GET", path="/ok", headers=(), body=None, **options):
    with server.raw(tls=certificate.client(), **options) as client:
        client.request(method, path, headers, body)
        return client.response(method)


def test_requests_on_a_kept_connection(shared, certificate):
    with shared.raw(tls=certificate.client()) as client:
        for _ in range(3):
            assert client.request(path="/ok").response().body == b"ok"
    assert f"Listening at: https://127.0.0.1:{shared.port}" in shared.log()


def test_the_application_learns_the_scheme(server, certificate):
    server.start("environ_dump:app", args=certificate.options)
    assert ask(server, certificate, path="/").json()["wsgi.url_scheme"] == "https"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_and_resumption(shared, certificate, version):
    context = certificate.client(minimum_version=version, maximum_version=version)
    with shared.raw(tls=context) as client:
        assert client.request(path="/ok").response().status == 200
        session = client.socket.session
    plain = socket.create_connection(shared.address)
    with context.wrap_socket(plain, server_hostname="localhost", session=session) as again:
        assert again.session_reused
        assert again.version() == version.name.replace("_", ".")


def test_old_versions_are_refused(shared, certificate):
    with pytest.raises(ssl.SSLError):
        context = certificate.client()
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        shared.raw(tls=context)


def test_http_1_1_is_agreed_on(shared, certificate):
    context = certificate.client()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with shared.raw(tls=context) as client:
        assert client.socket.selected_alpn_protocol() == "http/1.1"
    context.set_alpn_protocols(["spdy/1"])
    with shared.raw(tls=context) as client:
        assert client.request(path="/ok").response().status == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_large_bodies_both_ways(server, certificate, version):
    server.start("behind:app", args=[*certificate.options, "--client-max-body-size", "0"])
    body = random.Random(7).randbytes(20 << 20)
    whole = [len(body), hashlib.sha256(body).hexdigest()]
    context = certificate.client(minimum_version=version, maximum_version=version)
    with server.raw(tls=context, timeout=60) as client:
        assert client.request("POST", "/digest", body=body).response().json()["results"] == [whole]
        chunks = [body[i:i + 100_000] for i in range(0, len(body), 100_000)]
        assert client.request("POST", "/digest", body=chunks).response().json()["results"] == [whole]
        for query in ("n=20000000", "n=20000000&length=1"):
            assert client.request(path=f"/bytes?{query}").response().body == (BLOCK * 306)[:20_000_000]


def test_a_slow_reader_of_a_large_answer_gets_all_of_it(server, certificate):
    server.start("behind:app", args=[*certificate.options, "--client-max-body-size", "0"])
    with server.raw(tls=certificate.client(), timeout=60, receive_buffer=4096) as client:
        client.request(path="/bytes?n=8000000", headers={"Connection": "close"})
        # Others are answered while nobody reads here.
        assert ask(server, certificate).status == 200
        assert client.response().body == (BLOCK * 123)[:8_000_000]
        client.ends()


def test_readers_that_pause_at_every_length(server, certificate):
    """What is put aside for a slow client is longer than what one call of TLS takes, or not; the rest always comes."""
    server.start("behind:app", threads=4, args=[*certificate.options, "--send-timeout", "5"])
    lengths = [60_000, 65_536, 70_000, 80_000, 81_920, 90_000, 150_000, 400_000, 1_000_000]
    with contextlib.ExitStack() as stack:
        clients = []
        for length in lengths:
            clients.append(stack.enter_context(server.raw(tls=certificate.client(), receive_buffer=2048)))
            clients[-1].request(path=f"/bytes?n={length}")
        assert ask(server, certificate).status == 200
        for length, client in zip(lengths, clients):
            assert client.response().body == (BLOCK * 20)[:length]


@pytest.mark.parametrize("size", [0, 1, 16384, 16385, 3_000_000])
def test_a_file_of_the_application(shared, certificate, tmp_path, size):
    (tmp_path / "file").write_bytes((BLOCK * 46)[:size])
    assert ask(shared, certificate, path=f"/file?path={tmp_path}/file").body == (BLOCK * 46)[:size]


def bytes_of_a_client(certificate):
    """A client without a socket: (its TLS object, what it has read, what it has to send)."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = certificate.client().wrap_bio(incoming, outgoing, server_hostname="localhost")
    return tls, incoming, outgoing


def test_every_byte_by_itself(shared, certificate):
    tls, incoming, outgoing = bytes_of_a_client(certificate)
    with shared.raw() as client:
        def exchange(step):
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    data = outgoing.read()
                    client.send_in_pieces(data, range(1, len(data)))
                    incoming.write(client.socket.recv(65536))
        exchange(tls.do_handshake)
        tls.write(b"GET /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        got = b""
        while b"\r\n\r\nok" not in got:
            got += exchange(lambda: tls.read(65536))
        assert got.startswith(b"HTTP/1.1 200 OK\r\n")


def test_several_records_at_once_and_a_request_across_records(shared, certificate):
    tls, incoming, outgoing = bytes_of_a_client(certificate)
    with shared.raw() as client:
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.send(outgoing.read())
                incoming.write(client.socket.recv(65536))
        for piece in (b"GET /ok HT", b"TP/1.1\r\nHost: a\r\n\r\nGET /ok HTTP/1.1\r\nHo", b"st: a\r\nConnection: close\r\n\r\n"):
            tls.write(piece)
        client.send(outgoing.read())
        got = b""
        while got.count(b"\r\n\r\nok") < 2:
            try:
                got += tls.read(65536)
            except ssl.SSLWantReadError:
                incoming.write(client.socket.recv(65536))
        # The end is said, not only made: nothing was cut off.
        while True:
            try:
                assert tls.read(1) == b""
                break
            except ssl.SSLWantReadError:
                incoming.write(client.socket.recv(65536))


def test_an_answer_that_is_cut_short_does_not_end_cleanly(server, certificate):
    server.start("answers:app", args=certificate.options)
    with server.raw(tls=certificate.client()) as client:
        client.request(path="/raises_later?x", version="HTTP/1.0")
        with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
            while client.socket.recv(65536):
                pass


# --- what is no TLS -----------------------------------------------------------------------------------------------------

def test_plain_http_is_told_so(shared):
    answer = shared.get("/ok")
    assert answer.status == 400 and answer.says_close
    assert shared.wait_log("plain HTTP at an address of https")


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\xff\xff" + b"x" * 65535, bytes(100), b"\x80" * 1000, b"\x16\x03\x01\x00\x05hello",
                                  b"\x15\x03\x01\x00\x02\x02\x00", os.urandom(5000)])
def test_what_is_no_handshake_ends_the_connection_and_nothing_else(shared, certificate, sent):
    before = len(shared.log_lines("TLS handshake: "))
    with shared.raw() as client:
        client.send_what_is_taken(sent)
        with contextlib.suppress(OSError):  # The server may have ended it already.
            client.finish_sending()
        client.everything()
    eventually(lambda: len(shared.log_lines("TLS handshake: ")) > before or sent == bytes(100), 5)
    assert ask(shared, certificate).status == 200


def test_bytes_that_are_no_record_end_a_connection_that_was_agreed_on(shared, certificate):
    with shared.raw(tls=certificate.client()) as client:
        assert client.request(path="/ok").response().status == 200
        plain = socket.socket(fileno=os.dup(client.socket.fileno()))
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        plain.settimeout(10)
        while True:
            try:
                if not plain.recv(65536):
                    break
            except ConnectionResetError:
                break
        plain.close()
    assert ask(shared, certificate).status == 200


def test_a_handshake_has_the_time_of_a_head(server, certificate):
    server.start(args=[*certificate.options, "--client-header-timeout", "0.3"])
    with server.raw() as client:
        client.send(b"\x16\x03\x01\x02\x00")
        client.everything()
    with server.raw(tls=certificate.client()) as client:
        assert client.request().response().status == 200


def test_many_clients_at_once(shared, certificate):
    failures = []

    def one():
        try:
            for _ in range(5):
                assert ask(shared, certificate).body == b"ok"
        except Exception as error:  # noqa: BLE001
            failures.append(error)
    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


# --- certificates ---------------------------------------------------------------------------------------------------------

def serial_at(server):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(socket.create_connection(server.address)) as client:
        return ssl.DER_cert_to_PEM_cert(client.getpeercert(True))


def test_renewed_files_are_read_by_hup_and_broken_ones_change_nothing(server, certificate, tmp_path):
    mine = Certificate(tmp_path / "mine")
    server.start("answers:app", args=mine.options)
    kept = server.raw(tls=mine.client())
    assert kept.request(path="/ok").response().status == 200
    first = serial_at(server)
    mine.certificate.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    server.signal(signal.SIGHUP)
    server.wait_log("the certificates stay as they were: .*localhost.crt")
    assert serial_at(server) == first
    renewed = Certificate(tmp_path / "mine")
    server.signal(signal.SIGHUP)
    server.wait_log("New certificates are in use")
    eventually(lambda: serial_at(server) != first, 5)
    assert ask(server, renewed).status == 200
    assert kept.request(path="/ok").response().status == 200, "a connection goes on with what it began with"
    kept.close()


def test_client_certificates(server, certificate, tmp_path):
    known, stranger = Certificate(tmp_path / "known", "known"), Certificate(tmp_path / "stranger", "stranger")
    server.start("answers:app", args=[*certificate.options, "--ca-certs", known.certificate, "--cert-reqs", "2"])

    def status(shown):
        with server.raw(tls=certificate.client(shown)) as client:
            return client.request(path="/ok").response().status
    assert status(known) == 200
    for nobody in (None, stranger):
        with pytest.raises((ssl.SSLError, ConnectionResetError, AssertionError)):
            status(nobody)
    server.wait_log("TLS handshake: peer did not return a certificate")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads what is root's")
def test_the_key_is_read_by_root_and_the_edge_is_somebody_else(server, certificate, tmp_path):
    mine = Certificate(tmp_path / "mine")
    mine.key.chmod(0o600)
    with home_for_everybody() as home:
        shutil.copy(APPS / "hello.py", home.parent)
        (home.parent / "hello.py").chmod(0o644)
        server.start("hello:app", args=[*mine.options, "--user", "nobody", "--group", "nogroup"], chdir=home.parent,
                     python=home / "bin" / "python")
        eventually(lambda: ask(server, mine, path="/").status == 200, 10)
        assert {os.stat(f"/proc/{pid}").st_uid for pid in server.tree() if pid != server.pid} == {pwd.getpwnam("nobody").pw_uid}
        server.stop()


@pytest.mark.parametrize("broken,said", [("missing", "certificate: .*nothing.crt: No such file"),
                                         ("other key", "the key is not this certificate's"),
                                         ("no key", "its key cannot be read"),
                                         ("no certificate", "options of TLS need a certificate"),
                                         ("ciphers", "the ciphers 'nonsense' name none")])
def test_what_cannot_be_used_is_named_at_the_start(server, certificate, tmp_path, broken, said):
    other = Certificate(tmp_path / "other")
    options = {"missing": ["--certfile", tmp_path / "nothing.crt"],
               "other key": ["--certfile", certificate.certificate, "--keyfile", other.key],
               "no key": ["--certfile", certificate.certificate],
               "no certificate": ["--keyfile", certificate.key],
               "ciphers": [*certificate.options, "--ciphers", "nonsense"]}[broken]
    ended = server.fails(args=options)
    assert ended.code != 0 and re.search(said, ended.err), ended


def test_plain_and_redirecting_addresses_beside_it(server, certificate):
    plain, redirecting = free_port(), free_port()
    server.start("answers:app", args=certificate.options,
                 bind=["127.0.0.1:0", f"http://127.0.0.1:{plain}", f"to-https://127.0.0.1:{redirecting}"])
    assert ask(server, certificate).status == 200
    assert server.get("/ok", address=("127.0.0.1", plain)).status == 200
    with RawClient(("127.0.0.1", redirecting)) as client:
        client.send("GET /a%20b?c=d HTTP/1.1\r\nHost: shop.example:8080\r\n\r\n")
        answer = client.response()
    assert (answer.status, answer.header("Location")) == (301, "https://shop.example/a%20b?c=d")


def test_a_load_balancer_names_the_client_before_tls(server, certificate):
    server.start("environ_dump:app", args=[*certificate.options, "--proxy-protocol", "--proxy-allow-from", "127.0.0.1"])
    plain = socket.create_connection(server.address)
    plain.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n")
    with certificate.client().wrap_socket(plain, server_hostname="localhost") as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        got = b""
        while data := client.recv(65536):
            got += data
    assert b"192.0.2.1" in got


# --- the other languages --------------------------------------------------------------------------------------------------

def test_uwsgis_https(server, certificate, tmp_path):
    port, redirecting = free_port(), free_port()
    ini = tmp_path / "uwsgi.ini"
    ini.write_text(f"[uwsgi]\nhttps = 127.0.0.1:{port},{certificate.certificate},{certificate.key},HIGH\n"
                   f"http-to-https = 127.0.0.1:{redirecting}\nmodule = environ_dump:app\nchdir = {APPS}\nmaster = true\n")
    server.spawn([str(BINARY), "uwsgi", "--ini", str(ini)])
    server.wait_listening(2)
    environ = ask(server, certificate, path="/", address=("127.0.0.1", port)).json()
    assert (environ["wsgi.url_scheme"], environ["HTTPS"]) == ("https", "on")
    assert server.get("/x", address=("127.0.0.1", redirecting)).header("Location") == "https://test.example/x"


@pytest.mark.parametrize("program", [OURS, REAL], ids=["tierce", "gunicorn"])
def test_gunicorns_certfile(gunicorn_run, certificate, program):
    app = ("def app(environ, start_response):\n    start_response('200 OK', [])\n"
           "    return [environ['wsgi.url_scheme'].encode()]\n")
    server = gunicorn_run(program, *map(str, certificate.options), app=app)
    server.wait_ready()
    with RawClient(("127.0.0.1", server.port), tls=certificate.client()) as client:
        assert client.request().response().body == b"https"
    assert f"Listening at: https://127.0.0.1:{server.port}" in server.log()
