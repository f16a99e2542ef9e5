"""What `tierce check` finds, one example of each; and that sound files are left alone."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

from server_process import BINARY, REPOSITORY

NOTE = REPOSITORY / "tests" / "data" / "seed"
NGINX = "user www-data;\nevents {}\nhttp {\n server {\n  listen 127.0.0.1:8000;\n%s\n }\n}\n"
UWSGI = "[uwsgi]\nmodule = app:app\nmaster = true\nsocket = /run/shop.sock\nchown-socket = www-data\nuid = www-data\n"
PASS = "location / { uwsgi_pass unix:/run/shop.sock; }"
PROGRAM = "[supervisord]\nnodaemon=true\n[program:app]\ncommand=uwsgi --ini app.ini\n"
SOUND_PROGRAM = PROGRAM + "stopsignal=INT\n"
ONE_FILE = """events {}
app web {
    module app:app;
    %s
}
program worker {
    command "sleep 1000";
    %s
}
http {
    server {
        listen 127.0.0.1:8000;
        location / { wsgi_pass web; }
    }
}
"""
EDGE_PROGRAM = "[supervisord]\nnodaemon=true\n[program:n]\ncommand=nginx -c nginx.conf -g 'daemon off;'\n"
GUNICORN = "[supervisord]\nnodaemon=true\n[program:app]\ncommand=gunicorn %s app:app\n"


def check(directory, *arguments, files=(".",)):
    done = subprocess.run([BINARY, "check", *arguments, *files], cwd=directory, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done
    return done


def write(directory, files):
    for name, text in files.items():
        (directory / name).write_text(text)
    if "app.py" not in files:
        (directory / "app.py").write_text("def app(environ, start_response): pass\n")


# Name: files, and what is said: severity, code, file, line, part of the text or suggestion.
FINDINGS = {
    "a misspelt directive": ({"nginx.conf": NGINX % "  proxy_red_timeout 5s;"},
                             "error nginx nginx.conf 6 did you mean \"proxy_read_timeout\""),
    "a directive in a wrong place": ({"nginx.conf": NGINX % "  worker_processes 4;"}, "error nginx nginx.conf 6 not allowed here"),
    "a wrong value": ({"nginx.conf": NGINX % "  sendfile maybe;"}, "error nginx nginx.conf 6 invalid value"),
    "a variable that nobody defines": ({"nginx.conf": NGINX % "  return 200 $nobody;"}, "error nginx nginx.conf 6 nobody"),
    "a misspelt option of uWSGI": ({"app.ini": UWSGI + "procesess = 4\n"}, "warning uwsgi app.ini 7 did you mean processes"),
    "a misspelt option under strict": ({"app.ini": UWSGI + "strict = true\nprocesess = 4\n"},
                                       "error uwsgi app.ini 8 did you mean processes"),
    "a wrong mode": ({"app.ini": UWSGI + "chmod-socket = 999\n"}, "error uwsgi app.ini 7 octal"),
    "a misspelt key of supervisord": ({"s.conf": "[supervisord]\n[program:x]\ncommand=sleep 1\nautorstart=true\n"},
                                      "warning supervisord s.conf 4 did you mean autostart"),
    "a wrong value of supervisord": ({"s.conf": "[supervisord]\n[program:x]\ncommand=sleep 1\nstartsecs=abc\n"},
                                     "error supervisord s.conf 4 startsecs"),
    "a second wrong value of a section": (
        {"s.conf": "[supervisord]\n[program:x]\ncommand=sleep 1\nstartsecs=abc\nstopsignal=XYZ\n"},
        "error supervisord s.conf 5 stopsignal"),
    "a file that is not there": ({"app.ini": UWSGI.replace("module = app:app", "wsgi-file = shop.py")},
                                 "error file-missing app.ini 2 app.py"),
    "a module that is not there": ({"app.ini": UWSGI.replace("app:app", "shop:app")}, "warning module-missing app.ini 2 app.py"),
    "a certificate that is not there": (
        {"nginx.conf": NGINX % "  ssl_certificate /nowhere/x.pem;\n  ssl_certificate_key /nowhere/x.key;"},
        "error file-missing nginx.conf 6 /nowhere/x.pem"),
    "a control socket without its directory": (
        {"s.conf": "[supervisord]\n[unix_http_server]\nfile=/nowhere/s.sock\n"}, "error file-missing s.conf 3 /nowhere"),
    "a directory that is not there": ({"app.ini": UWSGI + "chdir = /nowhere\n"}, "error file-missing app.ini 7 /nowhere"),
    # Pytest's directories are their owner's alone.
    "files that the edge may not reach": ({"nginx.conf": NGINX % "  root {dir};"},
                                          "warning files-access nginx.conf 6 www-data may not enter"),
    "a program that is not there": ({"s.conf": "[supervisord]\n[program:x]\ncommand=/nowhere/x\n"},
                                    "error file-missing s.conf 3 /nowhere/x"),
    "a user that is not there": ({"nginx.conf": (NGINX % "").replace("www-data", "nobody-knows")},
                                 "error user-unknown nginx.conf 1 no user nobody-knows"),
    "a user of uWSGI that is not there": ({"app.ini": UWSGI.replace("uid = www-data", "uid = nobody-knows")},
                                          "error user-unknown app.ini 6 no user nobody-knows"),
    "both module and wsgi-file": ({"app.ini": UWSGI + "wsgi-file = app.py\n"}, "warning application-twice app.ini 7 module app:app is used"),
    "an upstream that nobody listens on": ({"nginx.conf": NGINX % PASS.replace("shop", "shp"), "app.ini": UWSGI},
                                           "error upstream-silent nginx.conf 6 app.ini at uwsgi://unix:/run/shop.sock"),
    "a protocol that the other does not speak": (
        {"nginx.conf": NGINX % "location / { proxy_pass http://unix:/run/shop.sock; }", "app.ini": UWSGI},
        "error upstream-protocol nginx.conf 6 uwsgi_pass"),
    "an alias without its slash": ({"nginx.conf": NGINX % "  location /static/ { alias /srv; }"},
                                   "error alias-slash nginx.conf 6 alias /srv/;"),
    "a location without its slash": ({"nginx.conf": NGINX % "  location /static { alias /srv/; }"},
                                     "error alias-slash nginx.conf 6 location /static/"),
    "if in a location": ({"nginx.conf": NGINX % "  location / { if ($arg_x) { add_header A b; } }"},
                         "warning if-in-location nginx.conf 6 add_header"),
    "headers lost by inheritance": ({"nginx.conf": NGINX % "  add_header X-A b;\n  location / { add_header X-C d; }"},
                                    "warning add-header-lost nginx.conf 7 X-A is lost"),
    "request headers lost by inheritance": (
        {"nginx.conf": NGINX % "  proxy_set_header Host $host;\n  location / { proxy_set_header A b; }"},
        "note list-lost nginx.conf 7 Host is lost"),
    "a socket that the edge may not open": (
        {"nginx.conf": NGINX % PASS, "app.ini": UWSGI.replace("chown-socket = www-data", "chown-socket = root\nchmod-socket = 600")},
        "error socket-access app.ini 6 www-data may not open"),
    "a body that only the edge takes": (
        {"nginx.conf": NGINX % ("client_max_body_size 10m;" + PASS), "app.ini": UWSGI + "limit-post = 1048576\n"},
        "warning body-limits app.ini 7 client_max_body_size 1048576"),
    "a body that only the application takes": ({"nginx.conf": NGINX % PASS, "app.ini": UWSGI + "limit-post = 9999999\n"},
                                               "note body-limits app.ini 7 never reached"),
    "a backlog that the kernel cuts": ({"app.ini": UWSGI + "listen = 2000000\n"}, "warning backlog app.ini 7 somaxconn"),
    "harakiri beyond the edge's patience": ({"nginx.conf": NGINX % PASS, "app.ini": UWSGI + "harakiri = 120\n"},
                                            "warning times-read app.ini 7 uwsgi_read_timeout 125s"),
    "a stop that does not wait": (
        {"s.conf": SOUND_PROGRAM + "stopwaitsecs=5\n", "app.ini": UWSGI + "worker-reload-mercy = 20\n"},
        "warning times-stop s.conf 6 stopwaitsecs=25"),
    "a stop shorter than a request": ({"s.conf": SOUND_PROGRAM + "stopwaitsecs=60\n", "app.ini": UWSGI + "harakiri = 100\n"},
                                      "note times-stop s.conf 6 stopwaitsecs=105"),
    "Gunicorn closes what nginx keeps": (
        {"nginx.conf": "events {}\nhttp {\n upstream a {\n  server 127.0.0.1:9000;\n  keepalive 8;\n }\n"
                       " server { listen 8000; location / { proxy_pass http://a; } }\n}\n",
         "s.conf": GUNICORN % "-b 127.0.0.1:9000 -k gthread --graceful-timeout 5"},
        "warning times-keepalive nginx.conf 5 keepalive_timeout"),
    "TERM to uWSGI": ({"s.conf": PROGRAM, "app.ini": UWSGI}, "warning stop-term s.conf 3 die-on-term"),
    "nginx in the background": ({"s.conf": "[supervisord]\n[program:n]\ncommand=nginx -c nginx.conf\n", "nginx.conf": NGINX % ""},
                                "error daemonizes s.conf 3 daemon off"),
    "uWSGI in the background": ({"s.conf": SOUND_PROGRAM, "app.ini": UWSGI + "daemonize = /dev/null\n"},
                                "error daemonizes app.ini 7 logto"),
    "supervisord in the background": (
        {"Dockerfile": "FROM x\nCOPY s.conf /s.conf\nCMD [\"supervisord\", \"-c\", \"/s.conf\"]\n", "s.conf": "[supervisord]\n"},
        "error daemonizes s.conf 1 nodaemon=true"),
    "a log that cannot be rotated": ({"s.conf": "[supervisord]\n[program:x]\ncommand=sleep 1\nstdout_logfile=/dev/stdout\n"},
                                     "warning log-device s.conf 4 stdout_logfile_maxbytes=0"),
    "an option of an app of one file": ({"tierce.conf": ONE_FILE % ("procesess 4;", "")},
                                        "warning uwsgi tierce.conf 4 did you mean processes"),
    "a value of an app of one file": ({"tierce.conf": ONE_FILE % ("chmod-socket 999;", "")}, "error uwsgi tierce.conf 4 octal"),
    "a directory of an app of one file": ({"tierce.conf": ONE_FILE % ("chdir /nowhere;", "")},
                                          "error file-missing tierce.conf 4 /nowhere"),
    "a user of an app of one file": ({"tierce.conf": ONE_FILE % ("uid nobody-knows;", "")},
                                     "error user-unknown tierce.conf 4 nobody-knows"),
    "a key of a program of one file": ({"tierce.conf": ONE_FILE % ("", "autorstart on;")},
                                       "warning supervisord tierce.conf 8 did you mean autostart"),
    "a value of a program of one file": ({"tierce.conf": ONE_FILE % ("", "startsecs soon;")},
                                         "error supervisord tierce.conf 8 startsecs"),
    "a program of one file that is not there": ({"tierce.conf": ONE_FILE.replace("sleep 1000", "/nowhere/x") % ("", "")},
                                                "error file-missing tierce.conf 7 /nowhere/x"),
    "a control port of one file": ({"tierce.conf": ONE_FILE % ("", "") + "inet_http_server { port 127.0.0.1:9001; }\n"},
                                   "warning control-open tierce.conf 16 password"),
    "a directive of one file": ({"tierce.conf": ONE_FILE.replace("listen", "lisen") % ("", "")},
                                "error nginx tierce.conf 12 did you mean \"listen\""),
    "a request longer than a stop of one file": ({"tierce.conf": ONE_FILE % ("harakiri 100;", "")},
                                                 "note times-stop tierce.conf 4 30 s that a stop waits"),
    "an app that one file does not have": ({"tierce.conf": ONE_FILE.replace("wsgi_pass web", "wsgi_pass wbe") % ("", "")},
                                           "error wsgi-pass tierce.conf 13 did you mean web?"),
    "a program that is no application": ({"tierce.conf": ONE_FILE.replace("wsgi_pass web", "wsgi_pass worker") % ("", "")},
                                         "error wsgi-pass tierce.conf 13 there is web"),
    "an app that is not reached by its name": ({"tierce.conf": ONE_FILE % ("static-map /a=/srv;", "")},
                                               "error wsgi-pass tierce.conf 13 it serves files"),
    "an application that no supervisor starts": (
        {"nginx.conf": NGINX % "location / { wsgi_pass ap; }", "s.conf": SOUND_PROGRAM, "app.ini": UWSGI},
        "error wsgi-pass nginx.conf 6 did you mean app?"),
    "a name given twice": ({"tierce.conf": ONE_FILE.replace("program worker", "program web") % ("", "")},
                           "error name-twice tierce.conf 6 \"app web\""),
    "the edge's name": ({"tierce.conf": ONE_FILE.replace("program worker", "program nginx") % ("", "")},
                        "error name-twice tierce.conf 6 the edge"),
    "a name that is nearly an upstream's": (
        {"nginx.conf": "events {}\nhttp {\n upstream backend { server 127.0.0.1:9000; }\n"
                       " server { listen 127.0.0.1:8000; location / { proxy_pass http://backed; } }\n}\n"},
        "warning upstream-name nginx.conf 4 did you mean backend?"),
    "a user of supervisord that is not there": ({"s.conf": "[supervisord]\nuser=nobody-knows\n"},
                                                "error user-unknown s.conf 2 nobody-knows"),
    "an owner of the control socket that is not there": (
        {"s.conf": "[supervisord]\n[unix_http_server]\nfile=/run/s.sock\nchown=nobody-knows:root\n"},
        "error user-unknown s.conf 4 nobody-knows"),
    "a certificate beside the configuration that is not there": (
        {"nginx.conf": NGINX % "  ssl_certificate x.pem;\n  ssl_certificate_key x.key;"}, "error file-missing nginx.conf 6 x.pem"),
    "TERM to nginx": ({"s.conf": EDGE_PROGRAM, "nginx.conf": NGINX % ""}, "warning stop-term s.conf 3 stopsignal=QUIT"),
    "a stop of nginx shorter than a request": (
        {"s.conf": EDGE_PROGRAM + "stopsignal=QUIT\nstopwaitsecs=20\n",
         "nginx.conf": NGINX % "location / { proxy_pass http://127.0.0.1:9000; proxy_read_timeout 90s; }"},
        "note times-stop s.conf 6 stopwaitsecs=95"),
    "a decorator in a factory, of a module beside its file": (
        {"app.ini": UWSGI, "app.py": "from flask import Flask\ndef make():\n    app = Flask(__name__)\n    @app.routes('/')\n"},
        "error flask-name app.py 4 did you mean 'route'"),
    "a decorator of a blueprint": (
        {"app.ini": UWSGI, "app.py": "from flask import Blueprint\nbp = Blueprint('a', __name__)\n@bp.rout('/')\n"},
        "error flask-name app.py 3 'Blueprint' object has no attribute 'rout'"),
    "Python that cannot be read": ({"gunicorn.conf.py": "workers = 3\nbind = = 1\n"},
                                   "error gunicorn gunicorn.conf.py 2 SyntaxError: invalid syntax"),
    "Python that fails": ({"gunicorn.conf.py": "import os\nworkers = int(os.environ['NO_SUCH_VARIABLE'])\n"},
                          "error gunicorn gunicorn.conf.py 2 KeyError: 'NO_SUCH_VARIABLE'"),
    "a wrong value of Gunicorn": ({"gunicorn.conf.py": "workers = 'many'\n"}, "error gunicorn gunicorn.conf.py 1 workers = 'many'"),
    "a user of Gunicorn that is not there": ({"gunicorn.conf.py": "bind = ':8000'\nuser = 'nobody-knows'\n"},
                                             "error user-unknown gunicorn.conf.py 2 nobody-knows"),
    "a configuration of Gunicorn that is not there": (
        {"s.conf": GUNICORN % "-c gunicorn.cnf.py", "gunicorn.conf.py": "workers = 1\n"},
        "error file-missing s.conf 4 gunicorn.conf.py lies beside it"),
    "a wrong command line of Gunicorn": ({"s.conf": GUNICORN % "--wrkers 3"}, "error gunicorn s.conf 4 unrecognized arguments"),
    "a misspelt setting of Gunicorn": ({"gunicorn.conf.py": "bind = ':8000'\nworkrs = 3\n"},
                                       "warning gunicorn gunicorn.conf.py 2 did you mean workers?"),
    "a control port without a password": ({"s.conf": "[supervisord]\n[inet_http_server]\nport=127.0.0.1:9001\n"},
                                          "warning control-open s.conf 3 password"),
    "a control port for all": ({"s.conf": "[supervisord]\n[inet_http_server]\nport=*:9001\n"}, "error supervisord s.conf 3 password"),
    "a control socket for all": ({"s.conf": "[supervisord]\n[unix_http_server]\nfile=/run/s.sock\nchmod=0777\n"},
                                 "warning control-open s.conf 4 chmod=0700"),
    "statistics for all": ({"app.ini": UWSGI + "stats = :9191\n"}, "warning control-open app.ini 7 127.0.0.1:9191"),
    "stub_status for all": ({"nginx.conf": NGINX.replace("127.0.0.1:", "") % "location /s { stub_status; }"},
                            "warning control-open nginx.conf 6 deny all"),
    "a copy of nothing": ({"Dockerfile": "FROM x\nCOPY nothing /x\n"}, "warning copy-missing Dockerfile 2 nothing"),
    "an address that the base image may give": (
        {"Dockerfile": "FROM x\nCOPY app.ini /app/\n", "app.ini": "[uwsgi]\nmodule = main\ncallable = app\n"}, "note uwsgi app.ini 0 no address"),
    "a list over several lines": ({"Dockerfile": "FROM x\nCMD [\n\"a\"\n]\n"}, "error dockerfile-list Dockerfile 2 backslash"),
    "a decorator that Flask does not have": (
        {"app.ini": UWSGI + "chdir = {dir}\n",
         "app.py": "from flask import Flask\napp = Flask(__name__)\n@app.routes('/')\ndef f(): pass\n"},
        "error flask-name ./app.py 3 did you mean 'route'"),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_finding(name, tmp_path):
    files, expected = FINDINGS[name]
    write(tmp_path, {key: text.replace("{dir}", str(tmp_path)) for key, text in files.items()})
    severity, code, file, line, text = expected.split(" ", 4)
    done = check(tmp_path, "--format", "json")
    found = json.loads(done.stdout)
    same = [each for each in found if (each["severity"], each["code"], pathlib.Path(each["file"]).name, each["line"])
            == (severity, code, pathlib.Path(file).name, int(line))]
    assert any(text in each["text"] + " " + each["suggestion"] for each in same), done.stdout
    assert done.returncode == (1 if any(each["severity"] == "error" for each in found) else 0)


SOUND = {
    "a socket's path with three slashes": {"nginx.conf": NGINX % "location / { uwsgi_pass unix:///run/shop.sock; }", "app.ini": UWSGI},
    "an upstream's": {"nginx.conf": (NGINX % "location / { uwsgi_pass shop; }").replace("server {", "upstream shop { server unix:///run/shop.sock; } server {"),
                      "app.ini": UWSGI},
    "a socket in the application's folder": {"nginx.conf": NGINX % "location / { uwsgi_pass unix:/srv/site/shop.sock; }",
                                             "app.ini": UWSGI.replace("/run/shop.sock", "shop.sock")},
    "the answer to a preflight request": {"nginx.conf": NGINX % "  location / { if ($request_method = OPTIONS) { add_header A b; return 204; } root /srv; }"},
    "a file in the program's directory": {"s.conf": SOUND_PROGRAM.replace("app.ini", "inner.ini") + "stopwaitsecs=60\ndirectory={dir}/sub\n",
                                          "sub/inner.ini": UWSGI.replace("app:app", "shop:app"), "sub/shop.py": "app = None\n"},
    "an address for each process": {
        "nginx.conf": NGINX.replace("server {", "upstream a { server 127.0.0.1:18250; server 127.0.0.1:18251; } server {") % "  location / { proxy_pass http://a; }",
        "s.conf": GUNICORN % "-b 127.0.0.1:1825%(process_num)d" + "numprocs=2\nprocess_name=%(program_name)s_%(process_num)d\nstopwaitsecs=60\n"},
}


@pytest.mark.parametrize("name", SOUND)
def test_sound_files(name, tmp_path):
    files = {key: text.replace("{dir}", str(tmp_path)) for key, text in SOUND[name].items()}
    for key in files:
        (tmp_path / key).parent.mkdir(exist_ok=True)
    write(tmp_path, files)
    done = check(tmp_path)
    wrong = [line for line in done.stdout.splitlines() if "files-access" not in line and "may not enter" not in line]
    assert (done.returncode, wrong) == (0, [])


def test_a_user_that_only_the_image_has(tmp_path):
    write(tmp_path, {"Dockerfile": "FROM x\nCOPY nginx.conf app.ini /etc/\nCMD tierce up --nginx /etc/nginx.conf --uwsgi /etc/app.ini\n",
                     "nginx.conf": (NGINX % PASS).replace("www-data", "webber"), "app.ini": UWSGI.replace("www-data", "webber:webber")})
    done = check(tmp_path)
    assert (done.returncode, "error" in done.stdout) == (0, False), done.stdout


def test_each_finding_is_described():
    """Each code of an example has its heading in docs/check.md, and each heading an example."""
    headings = re.findall(r"^### `([a-z-]+)`", (REPOSITORY / "docs" / "check.md").read_text(), re.MULTILINE)
    shown = {expected.split(" ")[1] for _, expected in FINDINGS.values()}
    assert shown == set(headings) - {"file-unknown", "dockerfile-more"}


def test_sound_files_are_left_alone(tmp_path):
    write(tmp_path, {
        "nginx.conf": ("daemon off;\n" + NGINX) % (
            "  client_max_body_size 4m;\n  add_header X-A b;\n  location /static/ { alias /srv/; }\n"
            "  location / { include uwsgi_params; uwsgi_pass unix:/run/shop.sock; uwsgi_read_timeout 40s; }\n"
            "  location = /old { if ($arg_x) { return 302 /new; } return 301 /; }"),
        "app.ini": UWSGI + "harakiri = 30\nlimit-post = 4194304\ndie-on-term = true\nprocesses = 4\n",
        "s.conf": SOUND_PROGRAM + "stopwaitsecs=40\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n"
                                  "[program:nginx]\ncommand=nginx -c nginx.conf\nstopsignal=QUIT\nstopwaitsecs=40\n",
    })
    done = check(tmp_path, "--strict")
    assert (done.returncode, done.stdout) == (0, ""), done


def test_a_sound_file_for_all_is_left_alone(tmp_path):
    write(tmp_path, {"tierce.conf": ONE_FILE % ("processes 4; harakiri 30;", "stopwaitsecs 60;") + "unix_http_server { file /tmp/s.sock; }\n"})
    done = check(tmp_path, "--strict", files=["tierce.conf"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done
    assert check(tmp_path, "--strict").stdout == ""


@pytest.mark.parametrize("named", ["site", "site/tierce.conf", "./site/../site/tierce.conf"])
def test_a_file_for_all_in_another_directory(tmp_path, named):
    (tmp_path / "site" / "files").mkdir(parents=True)
    edge = "location /files/ { alias files/; } location / {"
    write(tmp_path / "site", {"tierce.conf": "user root;\n" + (ONE_FILE % ("chdir %d;", "")).replace("location / {", edge)})
    done = check(tmp_path, files=[named])
    assert (done.returncode, done.stdout) == (0, ""), done


def test_several_on_one_line_of_one_file(tmp_path):
    write(tmp_path, {"all.conf": "app a { module app; procesess 2; } app b { module app; }\nprogram c { command x-y-z; autorstart 1; }\n"})
    lines = check(tmp_path, files=["all.conf"]).stdout.splitlines()
    assert [line.split(": ")[0] for line in lines] == ["all.conf:1", "all.conf:2", "all.conf:2"], lines


def test_one_file_of_an_image(tmp_path):
    write(tmp_path, {"Dockerfile": "FROM x\nWORKDIR /app\nCOPY app.py /app/\nCOPY tierce.conf /etc/tierce.conf\n"
                                   "CMD tierce up -c /etc/tierce.conf\n",
                     "tierce.conf": ONE_FILE % ("chdir /app; procesess 2;", "")})
    lines = check(tmp_path).stdout.splitlines()
    assert len(lines) == 1 and re.match("tierce.conf:4: warning: procesess.*did you mean processes", lines[0]), lines


COMMANDS = {
    "shell": "/usr/bin/supervisord -c {file}",
    "exec": "exec supervisord -c {file}",
    "glued": "[\"supervisord\", \"-c{file}\"]",
    "long": "[\"supervisord\", \"--configuration={file}\"]",
    "with others": "[\"supervisord\", \"-nc\", \"{file}\"]",
    "an init": "[\"tini\", \"--\", \"supervisord\", \"-n\", \"-c\", \"{file}\"]",
    "up": "tierce up -c {file}",
}


@pytest.mark.parametrize("form", COMMANDS)
def test_forms_of_a_command(form, tmp_path):
    write(tmp_path, {"Dockerfile": "FROM x\nCOPY supervisor.ini /etc/supervisor.ini\nCMD " + COMMANDS[form].format(file="/etc/supervisord.ini"),
                     "supervisor.ini": "[supervisord]\nnodaemon=true\n"})
    assert check(tmp_path).stdout == ("Dockerfile:3: error: supervisord cannot read /etc/supervisord.ini: nothing copies it "
                                      "(/etc/supervisor.ini lies beside it)\n")
    docker = (tmp_path / "Dockerfile").read_text().replace("/etc/supervisord.ini", "/etc/supervisor.ini")
    (tmp_path / "Dockerfile").write_text(docker)
    assert check(tmp_path).stdout == ""


def test_up_stays_in_the_foreground(tmp_path):
    write(tmp_path, {"Dockerfile": "FROM x\nCOPY s.conf /s.conf\nCMD tierce up -c /s.conf\n", "s.conf": "[supervisord]\n"})
    assert check(tmp_path).stdout == ""


def test_up_with_files_of_the_roles(tmp_path):
    write(tmp_path, {"Dockerfile": "FROM x\nCOPY nginx.conf app.ini /etc/\nCMD tierce up --nginx /etc/nginx.conf --uwsgi /etc/ap.ini\n",
                     "nginx.conf": NGINX % "location / { uwsgi_pass unix:/run/shop.sock; }", "app.ini": UWSGI})
    assert re.search("^Dockerfile:3: error: .*/etc/ap.ini", check(tmp_path).stdout, re.MULTILINE)
    docker = (tmp_path / "Dockerfile").read_text().replace("/etc/ap.ini", "/etc/app.ini")
    (tmp_path / "Dockerfile").write_text(docker)
    tables, _ = explain(tmp_path, ".")
    assert [row["value"] for row in tables["fused"]["values"]] == ["fused with uwsgi"]


def test_folders_of_a_copied_directory(tmp_path):
    for name, text in {"etc/nginx/conf.d/a.conf": "lisen 1;\n", "etc/nginx/sites-enabled/site.conf": "server {\n lisen 1;\n}\n",
                       "etc/app/notes.conf": "server { nothing like it; }\n",
                       "etc/nginx/nginx.conf": "events {}\nhttp { include /etc/nginx/sites-enabled/*.conf; server { listen 81; include conf.d/*.conf; } }\n",
                       "Dockerfile": "FROM x\nCOPY etc /etc\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert [line.split(" ")[0] for line in check(tmp_path).stdout.splitlines()] == [
        "etc/nginx/conf.d/a.conf:1:", "etc/nginx/sites-enabled/site.conf:2:"]


def test_the_usual_gunicorn_conf_names_no_application(tmp_path):
    write(tmp_path, {"gunicorn.conf.py": "print('to be ignored')\nbind = '127.0.0.1:8000'\nworkers = 4\n",
                     "nginx.conf": NGINX.replace("8000", "8080") % "location / { proxy_pass http://127.0.0.1:8000; }"})
    done = check(tmp_path, "--format", "json")
    assert (done.returncode, done.stdout) == (0, "[]\n"), done
    tables, done = explain(tmp_path, "nginx.conf", "gunicorn.conf.py")
    assert rows(tables["gunicorn"], "workers") == [("", "4", "gunicorn.conf.py:3")]
    assert tables["fused"]["values"][0]["value"] == "fused with gunicorn.conf.py"


def test_names_of_ones_own_are_left_alone(tmp_path):
    write(tmp_path, {"gunicorn.conf.py": "worker = 2\nworkers = worker * 2\nthreds = 1\nthreads = 2\nworkrs = lambda: 1\n"
                                         "_bind = 1\nBIND = 2\n"})
    assert check(tmp_path).stdout == ""


def test_interpreters_read_beside_each_other(tmp_path):
    """Each configuration waits for the others to be read: one after the other they would wait for ever."""
    programs = ""
    for number in range(3):
        (tmp_path / f"conf{number}.py").write_text(
            f"import os, time\nopen('ready{number}', 'w').close()\nend = time.monotonic() + 60\n"
            "while not all(os.path.exists('ready%d' % n) for n in range(3)):\n"
            "    assert time.monotonic() < end\n    time.sleep(0.01)\n"
            f"bind = '127.0.0.1:900{number}'\n")
        programs += f"[program:app{number}]\ncommand=gunicorn -c conf{number}.py app:app\n"
    write(tmp_path, {"s.conf": "[supervisord]\nnodaemon=true\n" + programs})
    assert check(tmp_path, files=["s.conf"]).stdout == ""


def test_the_note_with_its_mistakes(tmp_path):
    shutil.copytree(NOTE, tmp_path / "note", ignore=shutil.ignore_patterns("fixed"))
    done = check(tmp_path, files=["note"])
    assert done.returncode == 1
    for expected in (
            "note/app.py:5: error: 'Flask' object has no attribute 'routes' (did you mean 'route'?)",
            "note/uwsgi.ini:2: error: wsgi-file: there is no file /app/routes.py; what is there: /app/app.py",
            "note/uwsgi.ini:2: warning: wsgi-file and module (note/uwsgi.ini:8) both name the application: module routes is used",
            "note/uwsgi.ini:8: warning: module routes",
            "note/Dockerfile:16: error: supervisord cannot read /etc/supervisor/conf.d/supervisord.ini: nothing copies it "
            "(/etc/supervisor/conf.d/supervisor.ini lies beside it)",
            "note/Dockerfile:16: error: the command is a list over several lines, which Docker refuses"):
        assert expected in done.stdout, done.stdout
    # Valid, whatever is unusual about it.
    assert "nginx.conf" not in done.stdout


def test_the_note_without_them():
    done = check(NOTE / "fixed")
    assert done.returncode == 0 and "error" not in done.stdout, done
    assert check(NOTE / "fixed", "--strict").returncode == 1


def test_all_errors_of_a_file_are_said(tmp_path):
    write(tmp_path, {"nginx.conf": "events {}\nhttp {\n srver { listen 1; }\n gzip maybe;\n server {\n  listen x:y;\n  lisen 1;\n }\n}\n"})
    lines = check(tmp_path, files=["nginx.conf"]).stdout.splitlines()
    assert [int(line.split(":")[1]) for line in lines] == [3, 4, 6, 7]


def test_a_fragment_is_read_as_what_it_is(tmp_path):
    write(tmp_path, {"site.conf": "server {\n listen 80;\n lisen 81;\n}\n", "locations.conf": "location /x { return 204; }\n"})
    done = check(tmp_path, files=["site.conf", "locations.conf"])
    assert done.stdout.splitlines() == ['site.conf:3: error: unknown directive "lisen" (did you mean "listen"?)']


def test_what_is_no_configuration_is_said(tmp_path):
    write(tmp_path, {"notes.md": "hello"})
    assert "neither a configuration" in check(tmp_path, files=["notes.md"]).stdout
    assert "there is no such file" in check(tmp_path, files=["nowhere.conf"]).stdout
    assert subprocess.run([BINARY, "check"], capture_output=True).returncode == 2


# --- explain ---

def explain(directory, *files):
    done = subprocess.run([BINARY, "explain", "--format", "json", *files], cwd=directory, capture_output=True, text=True)
    return {table["role"]: table for table in json.loads(done.stdout)}, done


def rows(table, name):
    return [(row["scope"], row["value"], row["source"]) for row in table["values"] if row["name"] == name]


def test_explain_says_what_holds_and_where_it_comes_from():
    tables, done = explain(NOTE / "fixed", ".")
    assert done.returncode == 0, done
    assert rows(tables["nginx"], "keepalive_timeout")[0] == ("http", "65", "nginx.conf:18")
    assert ("server 8000 > location /", "65", "nginx.conf:18") in rows(tables["nginx"], "keepalive_timeout")
    assert rows(tables["nginx"], "client_max_body_size") == [("http", "1m", "default")]
    assert rows(tables["uwsgi"], "processes") == [("", "4", "uwsgi.ini:12")]
    assert rows(tables["uwsgi"], "threads") == [("", "1", "default")]
    assert ("[program:nginx]", "QUIT", "supervisor.ini:17") in rows(tables["supervisord"], "stopsignal")
    assert ("[program:uwsgi]", "10", "default") in rows(tables["supervisord"], "stopwaitsecs")
    assert [(row["name"], row["value"], row["source"]) for row in tables["fused"]["values"]] == [
        ("uwsgi_pass unix:/run/uwsgi.sock", "fused with uwsgi", "nginx.conf:24")]


def test_explain_shows_all_of_one_file(tmp_path):
    write(tmp_path, {"tierce.conf": ONE_FILE % ("processes 4;", "stopwaitsecs 33;")})
    tables, done = explain(tmp_path, "tierce.conf")
    assert done.returncode == 0 and done.stderr == "", done
    assert rows(tables["uwsgi"], "processes") == [("", "4", "tierce.conf:4")]
    assert rows(tables["uwsgi"], "master") == [("", "true", "tierce up")]
    assert rows(tables["uwsgi"], "threads") == [("", "1", "default")]
    assert ("[program:worker]", "33", "tierce.conf:8") in rows(tables["supervisord"], "stopwaitsecs")
    assert ("[program:web]", "30", "tierce up") in rows(tables["supervisord"], "stopwaitsecs")
    assert [(row["name"], row["value"], row["source"]) for row in tables["fused"]["values"]] == [
        ("wsgi_pass web", "fused with web", "tierce.conf:13")]


def test_explain_shows_defaults_of_the_whole_program(tmp_path):
    write(tmp_path, {"nginx.conf": "events {}\nhttp {\n server {\n  listen 127.0.0.1:8000;\n  gzip on;\n"
                                   "  location /a { client_max_body_size 5m; }\n }\n server { listen 127.0.0.1:8001; }\n}\n"})
    tables, _ = explain(tmp_path, "nginx.conf")
    edge = tables["nginx"]
    for scope, name, value in [("main", "user", "nobody"), ("main", "worker_processes", "1"), ("main", "pid", "/run/nginx.pid"),
                               ("main", "error_log", "/var/log/nginx/error.log error"), ("events", "worker_connections", "512"),
                               ("http", "access_log", "/var/log/nginx/access.log combined"),
                               ("http", "ssl_protocols", "TLSv1.2 TLSv1.3"),
                               ("http", "gzip", "off"), ("http", "client_max_body_size", "1m")]:
        assert (scope, value, "default") in rows(edge, name), name
    assert ("server 127.0.0.1:8000 > location /a", "5m", "nginx.conf:6") in rows(edge, "client_max_body_size")
    (tmp_path / "nginx.conf").write_text("worker_processes 3;\nevents { worker_connections 7; }\nhttp { gzip on; access_log off; }\n")
    edge = explain(tmp_path, "nginx.conf")[0]["nginx"]
    assert rows(edge, "worker_processes") == [("main", "3", "nginx.conf:1")]
    for name in ("worker_connections", "gzip", "access_log"):
        assert len(rows(edge, name)) == 1, name


def test_explain_says_why_something_is_not_fused(tmp_path):
    write(tmp_path, {"nginx.conf": NGINX % PASS, "app.ini": UWSGI + "static-map = /s=/srv\n"})
    tables, _ = explain(tmp_path, "nginx.conf", "app.ini")
    assert tables["fused"]["values"][0]["value"] == "socket of app.ini: it serves files"


def test_explain_shows_settings_of_gunicorn(tmp_path):
    write(tmp_path, {"gunicorn.conf.py": "workers = 1 + 2\nwsgi_app = 'app:app'\n"})
    tables, done = explain(tmp_path, "gunicorn.conf.py")
    assert rows(tables["gunicorn"], "workers") == [("", "3", "gunicorn.conf.py:1")] , done
    assert rows(tables["gunicorn"], "timeout") == [("", "30", "default")]


def test_explain_prints_a_table_for_each_role():
    done = subprocess.run([BINARY, "explain", NOTE / "fixed"], capture_output=True, text=True)
    assert re.findall(r"^== (\w+)", done.stdout, re.MULTILINE) == ["supervisord", "uwsgi", "nginx", "fused"] or \
        re.findall(r"^== (\w+)", done.stdout, re.MULTILINE) == ["supervisord", "nginx", "uwsgi", "fused"]
