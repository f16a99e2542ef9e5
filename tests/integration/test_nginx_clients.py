"""Programs that people use against nginx, against ours: curl, wget, ab, h2load, Python's requests, a browser."""

import os
import re
import shutil
import subprocess

import pytest
import requests

from browser import Browser
from certificates import Certificate
from nginx_run import NginxRun
from waiting import SLOWNESS, eventually

PAGE = "<html><head><title>first</title></head><body><p id=x>plain</p><script src=/app.js></script></body></html>"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    shown = Certificate(folder / "tls")
    certificate, key = shown.certificate, shown.key
    www = folder / "www"
    www.mkdir()
    (www / "index.html").write_text(PAGE)
    (www / "app.js").write_text("document.title = 'ran'; fetch('/form', {method: 'POST', body: 'x'.repeat(100000)});")
    (www / "big.bin").write_bytes(bytes(range(256)) * 4000)
    (www / "text.txt").write_text("line of text\n" * 1000)
    (www / "in.txt").write_text("in\n")
    nginx = NginxRun("ours", folder / "nginx", main="worker_processes 1;", connections=2048, server=f"""
        listen 127.0.0.1:@tls@ ssl http2;
        ssl_certificate {certificate}; ssl_certificate_key {key};
        root {www}; gzip on; gzip_types text/plain application/javascript; gzip_min_length 100;
        location /form {{ if ($request_method = POST) {{ return 201 "made\\n"; }} }}
        location = /login {{ auth_basic "here"; auth_basic_user_file {folder}/users; try_files /in.txt =404; }}
        location = /old {{ return 301 /index.html; }}
        location /small/ {{ client_max_body_size 20k; proxy_pass http://127.0.0.1:@port@/form; }}
        location /upload/ {{ client_max_body_size 5m; proxy_pass http://127.0.0.1:@port@/form; }}
    """.replace("@port@", "%d"))
    from nginx_pair import free_port
    nginx.tls = free_port()
    text = (nginx.folder / "nginx.conf").read_text().replace("@tls@", str(nginx.tls)).replace("%d", str(nginx.port))
    text = text.replace("http {", "http { types { text/html html; application/javascript js; text/plain txt; } default_type application/octet-stream;", 1)
    (nginx.folder / "nginx.conf").write_text(text)
    (folder / "users").write_text("joe:{PLAIN}secret\n")
    nginx.certificate = shown.certificate
    nginx.start()
    yield nginx
    assert nginx.stop() == 0
    nginx.kill()


def run(*command, **how):
    program = shutil.which(command[0])
    assert program, f"{command[0]} is not installed (tools/deps.sh test)"
    return subprocess.run([program, *map(str, command[1:])], capture_output=True, text=True, timeout=60 * SLOWNESS, **how)


def url(site, path="/", scheme="http"):
    return f"http://127.0.0.1:{site.port}{path}" if scheme == "http" else f"https://localhost:{site.tls}{path}"


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1", "--http2"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_curl(site, version, scheme):
    more = ["--cacert", site.certificate] if scheme == "https" else []
    done = run("curl", "-sS", version, *more, "--compressed", "-w", "%{http_code} %{size_download}", url(site, "/text.txt", scheme))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("line of text\n" * 1000)
    assert done.stdout.split("\n")[-1].startswith("200 ")


# Of HTTP/2: RST_STREAM in one breath with the answer is a failure to curl 7.88.
@pytest.mark.parametrize("path, data, status", [("/form", "abc=1", 201), ("/text.txt", "abc", 405), ("/small/x", "x" * 300_000, 413)])
def test_curl_is_answered_before_its_body_was_read(site, tmp_path, path, data, status):
    (tmp_path / "body").write_text(data)
    for _ in range(25):
        done = run("curl", "-sS", "--http2", "--cacert", site.certificate, "-H", "Expect:", "--data-binary", f"@{tmp_path}/body", "-o", os.devnull,
                   "-w", "%{http_code}", url(site, path, "https"))
        assert (done.returncode, done.stdout) == (0, str(status)), done.stderr


def test_curl_resumes_and_follows(site, tmp_path):
    part = tmp_path / "big.bin"
    part.write_bytes((bytes(range(256)) * 4000)[:12345])
    assert run("curl", "-sS", "-C", "-", "-o", part, url(site, "/big.bin")).returncode == 0
    assert part.read_bytes() == bytes(range(256)) * 4000
    assert run("curl", "-sSL", url(site, "/old")).stdout == PAGE
    assert run("curl", "-sS", "-u", "joe:secret", url(site, "/login")).stdout == "in\n"
    assert "401" in run("curl", "-sSi", "-u", "joe:wrong", url(site, "/login")).stdout.split("\n")[0]
    sent = run("curl", "-sS", "-H", "Expect: 100-continue", "--data-binary", f"@{part}", url(site, "/upload/x"))
    assert sent.stdout == "made\n"


def test_wget(site, tmp_path):
    done = run("wget", "-nv", "-r", "-l", "1", "-P", tmp_path, url(site))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"127.0.0.1:{site.port}" / "app.js").exists()
    # A second time only what has changed.
    done = run("wget", "-N", "-P", tmp_path, url(site, "/big.bin"))
    assert done.returncode == 0
    again = run("wget", "-N", "-P", tmp_path, url(site, "/big.bin"))
    assert "not modified" in again.stderr.lower() or "not retrieving" in again.stderr.lower()


@pytest.mark.parametrize("options", [[], ["-k"]])
def test_ab(site, options):
    done = run("ab", "-n", "2000", "-c", "20", *options, url(site, "/index.html"))
    assert done.returncode == 0, done.stderr
    assert re.search(r"Complete requests:\s+2000", done.stdout)
    assert re.search(r"Failed requests:\s+0", done.stdout)
    assert "Non-2xx" not in done.stdout


def test_h2load(site):
    done = run("h2load", "-n", "5000", "-c", "10", "-m", "20", url(site, "/index.html", "https"))
    assert re.search(r"5000 total, 5000 started, 5000 done, 5000 succeeded, 0 failed", done.stdout), done.stdout


def test_nghttp_ends_a_request_with_trailers(site, tmp_path):
    (tmp_path / "body").write_text("x" * 100_000)
    for path in ("/form", "/upload/x"):
        done = run("nghttp", "--no-verify-peer", "-d", tmp_path / "body", "--trailer=x-check: 1", url(site, path, "https"))
        assert (done.returncode, done.stdout) == (0, "made\n"), done.stderr


def test_requests(site):
    with requests.Session() as session:
        for _ in range(50):
            assert session.get(url(site)).text == PAGE
        answer = session.get(url(site, "/big.bin"), headers={"Range": "bytes=10-19"})
        assert answer.status_code == 206 and answer.content == bytes(range(10, 20))
        tag = session.get(url(site)).headers["ETag"]
        assert session.get(url(site), headers={"If-None-Match": tag}).status_code == 304
        assert session.post(url(site, "/form"), data={"a": "b"}).status_code == 201
        assert session.post(url(site, "/upload/y"), data=(b"x" * 1000 for _ in range(100))).status_code == 201
        assert session.post(url(site, "/upload/y"), data=b"x" * 6_000_000).status_code == 413
        assert session.get(url(site, "/index.html", "https"), verify=str(site.certificate)).text == PAGE
        with pytest.raises(requests.exceptions.SSLError):
            session.get(url(site, "/", "https"))


def test_a_browser(site, tmp_path):
    before = len(site.access_lines())
    window = Browser(tmp_path / "browser")
    try:
        window.call("Emulation.setScriptExecutionDisabled", value=False)
        window.open(url(site))
        window.shows("plain", 20)
        eventually(lambda: any('"POST /form HTTP/1.1" 201' in line for line in site.access_lines()[before:]), 20)
    finally:
        window.end()
