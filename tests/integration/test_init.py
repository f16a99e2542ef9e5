"""tierce init: the configuration that it writes serves the project it was written for."""

import os
import signal
import subprocess
import sys

import pytest

from nginx_pair import free_port
from raw_client import RawClient
from server_process import BINARY
from waiting import eventually

FLASK = '''
from flask import Flask
app = Flask(__name__)
@app.get("/")
def index():
    return {"name": "misha"}
'''
DJANGO_MANAGE = '''
import os, sys
if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
'''
DJANGO_SETTINGS = '''
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "collected"
'''
DJANGO_URLS = '''
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse("from django"))]
'''
DJANGO_WSGI = '''
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
'''
PLAIN = '''
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"plain"]
'''
PROJECTS = {
    "flask": ({"app.py": FLASK, "static/a.txt": "static"}, b'{"name":"misha"}\n', "Flask, app:app of app.py"),
    "flask in src": ({"src/app.py": FLASK, "src/static/a.txt": "static"}, b'{"name":"misha"}\n',
                     "Flask, app:app of src/app.py"),
    "flask factory": ({"shop/__init__.py": "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n"
                       "    app.add_url_rule('/', view_func=lambda: 'made')\n    return app\n",
                       "shop/static/a.txt": "static"}, b"made", "Flask, shop:create_app() of shop/__init__.py"),
    "flask factory with arguments": (
        {"shop/__init__.py": "from flask import Flask\ndef create_app(config_name):\n    app = Flask(config_name)\n"
                             "    app.add_url_rule('/', view_func=lambda: 'made')\n    return app\n",
         "manage.py": "from flask import current_app\nfrom shop import create_app\napp = create_app('shop')\n", "static/a.txt": "static"},
        b"made", "Flask, manage:app of manage.py"),
    "flask factory with defaults": (
        {"app.py": "from flask import Flask\ndef create_app(config: str = 'x', *, debug=False):\n    app = Flask('shop')\n"
                   "    app.add_url_rule('/', view_func=lambda: 'made')\n    return app\n", "static/a.txt": "static"},
        b"made", "Flask, app:create_app() of app.py"),
    "flask static elsewhere": ({"web.py": FLASK.replace("(__name__)", "(__name__, static_folder='files', static_url_path='/static')"),
                                "files/a.txt": "static"}, b'{"name":"misha"}\n', "Flask, web:app of web.py"),
    "django": ({"manage.py": DJANGO_MANAGE, "shop/settings.py": DJANGO_SETTINGS, "shop/urls.py": DJANGO_URLS,
                "shop/__init__.py": "", "shop/wsgi.py": DJANGO_WSGI, "collected/a.txt": "static"}, b"from django",
               "Django, shop.wsgi:application of manage.py"),
    "django below": ({"site/manage.py": DJANGO_MANAGE, "site/shop/settings.py": DJANGO_SETTINGS,
                      "site/shop/urls.py": DJANGO_URLS, "site/shop/__init__.py": "", "site/shop/wsgi.py": DJANGO_WSGI,
                      "site/collected/a.txt": "static"}, b"from django",
                     "Django, shop.wsgi:application of site/manage.py"),
    "plain": ({"serve.py": PLAIN}, b"plain", "a WSGI application, serve:application of serve.py"),
}


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def init(folder, *arguments):
    return subprocess.run([BINARY, "init", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def at_a_free_port(path):
    port = free_port()
    # The folder of the test is ours alone.
    user = "user root;\n" if os.geteuid() == 0 else ""
    path.write_text(user + path.read_text().replace("127.0.0.1:8000", f"127.0.0.1:{port}"))
    return port


def get(port, path):
    try:
        with RawClient(("127.0.0.1", port)) as client:
            client.request("GET", path)
            return client.response("GET")
    except (OSError, AssertionError):
        return None


@pytest.fixture
def up(tmp_path):
    started = []

    def start(folder):
        env = {**os.environ, "VIRTUAL_ENV": sys.prefix}
        with open(tmp_path / "output", "wb") as output:
            started.append(subprocess.Popen([BINARY, "up"], cwd=folder, env=env, stdout=output, stderr=output))
        return started[-1]
    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.parametrize("name", PROJECTS)
def test_what_it_writes_serves_the_project(up, tmp_path, name):
    files, body, said = PROJECTS[name]
    project = tmp_path / "project"
    write(project, files)
    answer = init(project)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert said in answer.stdout
    path = project / "tierce.conf"
    port = at_a_free_port(path)
    checked = subprocess.run([BINARY, "check", "--python", sys.executable, path], capture_output=True, text=True,
                             check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    process = up(project)
    output = tmp_path / "output"
    eventually(lambda: get(port, "/") is not None, 20, output.read_text)
    answer = get(port, "/")
    assert (answer.status, answer.body) == (200, body), output.read_text()
    if name != "plain":
        answer = get(port, "/static/a.txt")
        assert (answer.status, answer.body) == (200, b"static")
        for made in list(tmp_path.glob("**/a.txt")):
            (made.parent / "a.css").write_text("p{}")
        assert get(port, "/static/a.css").header("content-type").split(";")[0] == "text/css"
        assert "max-age=3600" in dict(answer.headers)["Cache-Control"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_celery_becomes_a_program(tmp_path):
    write(tmp_path, {"app.py": FLASK, "tasks.py": "from celery import Celery\nqueue = Celery('tasks')\n",
                     ".venv/pyvenv.cfg": ""})
    text = init(tmp_path, "--stdout").stdout
    assert 'command "%(here)s/.venv/bin/celery -A tasks:queue worker";' in text
    assert "virtualenv %d.venv;" in text
    assert not (tmp_path / "tierce.conf").exists()


def test_a_file_that_is_there_is_not_touched(tmp_path):
    write(tmp_path, {"app.py": FLASK, "tierce.conf": "mine\n"})
    answer = init(tmp_path)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == "tierce init: tierce.conf is there already; --force replaces it\n"
    assert (tmp_path / "tierce.conf").read_text() == "mine\n"
    assert init(tmp_path, "--force").returncode == 0
    assert (tmp_path / "tierce.conf").read_text().startswith("# Flask in app.py")


def test_what_it_does_not_find_it_says(tmp_path):
    answer = init(tmp_path)
    assert answer.returncode == 1
    assert "no application was found here" in answer.stderr
    write(tmp_path, {"main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"})
    answer = init(tmp_path)
    assert answer.returncode == 1
    assert answer.stderr == \
        "tierce init: main.py:3: FastAPI is an ASGI framework, and tierce serves WSGI applications\n"
    assert init(tmp_path, "one", "two").returncode == 2
    assert init(tmp_path, "--wrong").returncode == 2


def test_an_application_that_cannot_be_imported_ends_it_all(up, tmp_path):
    project = tmp_path / "project"
    write(project, {"app.py": "import nowhere\n" + FLASK})
    init(project)
    port = at_a_free_port(project / "tierce.conf")
    process = up(project)
    output = tmp_path / "output"
    eventually(lambda: get(port, "/") is not None or process.poll() is not None, 20, output.read_text)
    # Whoever waits for it meanwhile is refused, and keeps nothing from ending.
    assert process.wait(40) == 1
    assert "No module named 'nowhere'" in output.read_text()
    assert "essential program web is FATAL" in output.read_text()


@pytest.mark.parametrize("root, said", [
    ("", "STATIC_ROOT is not set in shop/settings.py"),
    ("STATIC_ROOT = somewhere()\n", "STATIC_ROOT is not a plain path in shop/settings.py"),
])
def test_static_files_of_django_that_have_no_place(tmp_path, root, said):
    files, _, _ = PROJECTS["django"]
    settings = DJANGO_SETTINGS.replace('STATIC_ROOT = BASE_DIR / "collected"\n', root)
    write(tmp_path, {**files, "shop/settings.py": settings})
    answer = init(tmp_path)
    assert f"no static files: {said}\n" in answer.stdout, answer
    assert f"# No static files: {said}." in (tmp_path / "tierce.conf").read_text()


def test_what_users_of_a_django_site_have_sent(up, tmp_path):
    project = tmp_path / "project"
    files, _, _ = PROJECTS["django"]
    settings = DJANGO_SETTINGS + 'MEDIA_URL = "/media/"\nMEDIA_ROOT = os.path.join(BASE_DIR, "sent")\n'
    write(project, {**files, "shop/settings.py": "import os\n" + settings, "sent/a.txt": "sent"})
    init(project)
    port = at_a_free_port(project / "tierce.conf")
    up(project)
    eventually(lambda: get(port, "/media/a.txt") is not None, 20, (tmp_path / "output").read_text)
    answer = get(port, "/media/a.txt")
    assert (answer.status, answer.body, answer.header("X-Content-Type-Options")) == (200, b"sent", "nosniff")


@pytest.mark.parametrize("path, location", [("/", None), ("", None), ("/files", "/files/"), ("/files/", "/files/")])
def test_static_files_of_flask_are_where_it_says(tmp_path, path, location):
    """At the root the application answers for them."""
    flask = FLASK.replace("(__name__)", f"(__name__, static_folder='public', static_url_path='{path}')")
    write(tmp_path, {"app.py": flask, "public/a.txt": "static"})
    assert init(tmp_path).returncode == 0
    text = (tmp_path / "tierce.conf").read_text()
    assert ("alias public/;" in text) == bool(location), text
    assert not location or f"location {location} {{" in text, text
