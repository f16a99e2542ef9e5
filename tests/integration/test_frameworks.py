"""Real applications, real clients. TIERCE_TEST_PYTHONS=/a/bin/python:/b/bin/python runs them with each."""

import hashlib
import io
import os
import pathlib
import re
import subprocess
import sys

import httpx
import pytest
import requests

from server_process import APPS

PYTHONS = os.environ.get("TIERCE_TEST_PYTHONS", sys.executable).split(":")
UPLOAD = hashlib.shake_128(b"upload").digest(1_500_000)


@pytest.fixture(params=PYTHONS, ids=lambda python: pathlib.Path(python).parent.parent.name + "-" + pathlib.Path(python).name)
def python(request):
    return request.param


def needs(python, module):
    if subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode != 0:
        pytest.skip(f"{python} has no {module}")


@pytest.fixture
def flask(server, python):
    needs(python, "flask")
    return server.start("flask_app:app", workers=2, threads=2, python=python, args=["--client-max-body-size", "10m"])


@pytest.fixture
def django(server, python):
    needs(python, "django")
    # One process: each has a database of its own.
    return server.start("django_site.wsgi", workers=1, threads=3, python=python, args=["--client-max-body-size", "10m"])


def test_flask_json(flask):
    assert requests.get(flask.url).json() == {"name": "misha"}
    data = {"text": "caf\xe9 \u20ac", "list": [1, 2.5, None]}
    assert requests.post(flask.url + "/json", json=data).json()["received"] == data
    assert requests.post(flask.url + "/json", data="{", headers={"Content-Type": "application/json"}).status_code == 400


def test_flask_form(flask):
    answer = requests.post(flask.url + "/form?q=%C3%A9", data={"a": ["1", "2"], "b": "caf\xe9 &="}).json()
    assert answer == {"fields": {"a": ["1", "2"], "b": ["caf\xe9 &="]}, "args": {"q": "\xe9"}}


def test_flask_upload(flask):
    answer = requests.post(flask.url + "/upload", files={"file": ("name.bin", io.BytesIO(UPLOAD))}, data={"note": "n"}).json()
    assert answer == {"name": "name.bin", "size": len(UPLOAD), "sha256": hashlib.sha256(UPLOAD).hexdigest(), "note": "n"}


def test_flask_chunked_upload(flask):
    pieces = (UPLOAD[at:at + 10_000] for at in range(0, len(UPLOAD), 10_000))
    answer = requests.post(flask.url + "/raw", data=pieces).json()
    assert (answer["size"], answer["sha256"]) == (len(UPLOAD), hashlib.sha256(UPLOAD).hexdigest())


def test_flask_stream(flask):
    with httpx.stream("GET", flask.url + "/stream", params={"word": "w"}) as response:
        assert list(response.iter_lines()) == [f"w {number}" for number in range(1000)]


def test_flask_cookies_and_sessions(flask):
    with requests.Session() as client:
        client.get(flask.url + "/cookies")
        assert client.get(flask.url + "/cookies").json()["got"] == {"one": "1", "two": "b c"}
        assert [client.get(flask.url + "/count").json()["count"] for _ in range(5)] == [1, 2, 3, 4, 5]


def test_flask_redirect_to_a_path_that_is_not_ascii(flask):
    response = requests.get(flask.url + "/redirect")
    assert [step.status_code for step in response.history] == [302]
    assert response.json()["path"] == "/caf\xe9"


def test_flask_errors(flask):
    assert requests.get(flask.url + "/nowhere").json() == {"missing": "/nowhere"}
    assert requests.get(flask.url + "/nowhere").status_code == 404
    assert requests.get(flask.url + "/teapot").status_code == 418
    assert requests.post(flask.url + "/any").status_code == 405
    assert requests.get(flask.url + "/error").status_code == 500
    flask.wait_log("ValueError: an error in a view")
    assert requests.get(flask.url).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_flask_methods(flask, method):
    response = requests.request(method, flask.url + "/any")
    assert response.status_code == 200
    if method != "HEAD":
        assert response.json() == {"method": method}


def test_flask_file(flask):
    content = (APPS / "flask_app.py").read_bytes()
    response = requests.get(flask.url + "/file")
    assert response.content == content
    part = requests.get(flask.url + "/file", headers={"Range": "bytes=5-14"})
    assert (part.status_code, part.content) == (206, content[5:15])
    assert requests.get(flask.url + "/file", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


def test_flask_with_many_connections_of_httpx(flask):
    with httpx.Client(base_url=flask.url) as client:
        assert [client.get("/").json() for _ in range(50)] == [{"name": "misha"}] * 50


def test_django_index(django):
    assert requests.get(django.url + "/").json() == {"method": "GET", "path": "/", "scheme": "http"}
    assert requests.get(django.url + "/", headers={"X-Forwarded-Proto": "https"}).json()["scheme"] == "https"
    assert requests.get(django.url + "/nowhere").status_code == 404


def test_django_admin_login_and_session(django):
    with requests.Session() as client:
        page = client.get(django.url + "/admin/")
        assert page.url.startswith(django.url + "/admin/login/")
        assert "csrfmiddlewaretoken" in page.text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
        page = client.post(page.url, data={"csrfmiddlewaretoken": token, "username": "admin", "password": "correct horse",
                                           "next": "/admin/"})
        assert page.status_code == 200 and page.url == django.url + "/admin/"
        assert "Site administration" in page.text
        assert client.get(django.url + "/whoami").json() == {"user": "admin"}
    assert requests.get(django.url + "/whoami").json() == {"user": ""}


def test_django_sessions(django):
    with requests.Session() as client:
        assert [client.get(django.url + "/count").json()["count"] for _ in range(3)] == [1, 2, 3]


def test_django_upload(django):
    with requests.Session() as client:
        token = client.get(django.url + "/token").text
        answer = client.post(django.url + "/upload", files={"file": ("caf\xe9.bin", UPLOAD)}, headers={"X-CSRFToken": token}).json()
        assert (answer["size"], answer["sha256"]) == (len(UPLOAD), hashlib.sha256(UPLOAD).hexdigest())
        assert answer["kind"] == "TemporaryUploadedFile"
        assert client.post(django.url + "/upload", files={"file": UPLOAD}).status_code == 403


def test_django_stream_and_file(django):
    assert requests.get(django.url + "/stream").text == "".join(f"line {number}\n" for number in range(1000))
    assert requests.get(django.url + "/file").content == (APPS / "django_site" / "views.py").read_bytes()


def test_django_error(django):
    assert requests.get(django.url + "/error").status_code == 500
    django.wait_log("ValueError: an error in a Django view")
    assert requests.get(django.url + "/").status_code == 200
