"""The grammar of nginx.conf: the same texts through the real nginx and through ours give the same verdict, word for word."""

import re

import pytest

from nginx_peers import OURS, REAL, both, run, verdict

SOUND = "events {}\n"
TEXTS = {
    "nothing": "",
    "a comment alone": "# nothing",
    "no events": "http {}",
    "sound": "events {}\nhttp { server { server_name a; } }",
    "an unknown name": "events {}\nservr {}\n",
    "an unknown name of many lines": "events {}\nnothing_like_this a\n  b\n  c;\n",
    "not allowed here": "events {}\nlocation / {}\n",
    "no semicolon": "events {}\nuser root\n",
    "no semicolon before a block ends": "events {\n  worker_connections 10\n}\n",
    "no semicolon before the next": "events {}\npid a\nuser b;\n",
    "a block that does not end": "events {\n",
    "two blocks that do not end": "events {}\nhttp {\nserver {\n",
    "one brace too many": "events {}\n}\n",
    "a brace before anything": "{\n",
    "a semicolon before anything": "events {};\n",
    "two semicolons": "events {}\npid a;;\n",
    "a brace where a semicolon should be": "events {}\npid a {}\n",
    "a semicolon where a brace should be": "events;\n",
    "too many words": "events {}\nuser a b c;\n",
    "too few words": "events {}\npid;\n",
    "words for a block": "events 1 {}\n",
    "a block ends within a directive": "events {}\nhttp { server { server_name a } }\n",
    "double quotes": 'events {}\npid "/tmp/a b";\n',
    "single quotes": "events {}\npid '/tmp/a b';\n",
    "quotes in quotes": "events {}\npid \"/tmp/a'b\";\n",
    "an escaped quote": 'events {}\npid "/tmp/a\\"b";\n',
    "a quote within a word": 'events {}\npid /tmp/a"b;\n',
    "a quote that does not end": 'events {}\npid "/tmp/a;\n',
    "something behind a quote": 'events {}\npid "/tmp/a"b;\n',
    "a parenthesis behind a quote": 'events {}\nhttp { server { if ($uri = "a") { return 200; } } }\n',
    "a brace behind a quote": 'events {}\nhttp { server { location "/a"{ return 200; } } }\n',
    "a semicolon behind a quote": 'events {}\npid "/tmp/a";\n',
    "a comment within a directive": "events {}\npid # here\n /tmp/a;\n",
    "a comment that is none": "events {}\npid /tmp/a#b;\n",
    "a quoted comment": "events {}\npid '#a';\n",
    "a variable in braces": "events {}\nhttp { server { return 200 ${uri}; } }\n",
    "a variable in braces in quotes": 'events {}\nhttp { server { return 200 "${uri} x"; } }\n',
    "braces in a word": "events {}\nhttp { server { location ~ a{2} { return 200; } } }\n",
    "braces in quotes": 'events {}\nhttp { server { location ~ "a{2}" { return 200; } } }\n',
    "a backslash before a blank": "events {}\npid a\\ b;\n",
    "a backslash before a semicolon": "events {}\npid a\\;\n",
    "a backslash at the beginning": "events {}\npid \\a;\n",
    "carriage returns": "events {}\r\npid /tmp/a;\r\nnothing_like_this;\r\n",
    "tabs": "events\t{}\npid\t/tmp/a\t;\n",
    "a byte order mark": "\ufeffevents {}\n",
    "a zero byte": "events {}\npid a\0b;\nnothing_like_this;\n",
    "a long word": "events {}\npid " + "a" * 5000 + ";\n",
    "a long quoted word": 'events {}\npid "' + "a" * 5000 + '";\n',
    "a word of 4,000 bytes": "events {}\nhttp { server { return 200 " + "a" * 4000 + "; } }\n",
    "duplicates": "events {}\npid a;\npid b;\n",
    "duplicates of another level": "events {}\nhttp { sendfile on; server { sendfile off; } }\n",
    "a duplicate flag": "events {}\nhttp { sendfile on; sendfile on; }\n",
    "a duplicate in an include": "events {}\npid a;\ninclude pid.inc;\n",
    "a flag that is none": "events {}\nhttp { sendfile yes; }\n",
    "a flag in capitals": "events {}\nhttp { sendfile ON; }\n",
    "a size": "events {}\nhttp { client_max_body_size 10m; }\n",
    "a size of gigabytes": "events {}\nhttp { client_max_body_size 10g; }\n",
    "a size that is none": "events {}\nhttp { client_max_body_size ten; }\n",
    "a size without its number": "events {}\nhttp { client_max_body_size m; }\n",
    "a size that is too large": "events {}\nhttp { client_max_body_size 99999999999999999999g; }\n",
    "a buffer of gigabytes": "events {}\nhttp { client_header_buffer_size 1g; }\n",
    "a number": "events {}\nhttp { keepalive_requests 10; }\n",
    "a number that is none": "events {}\nhttp { keepalive_requests -1; }\n",
    "an include that is not there": "events {}\ninclude nothing.conf;\n",
    "includes that are not there": "events {}\ninclude nothing/*.conf;\n",
    "an include": "events {}\ninclude good.inc;\n",
    "an include with an error": "events {}\ninclude bad.inc;\n",
    "an include that does not end its block": "events {}\ninclude open.inc;\n",
    "an include that ends a block": "events {}\nhttp {\ninclude close.inc;\n}\n",
    "includes by a pattern": "events {}\ninclude many/*.inc;\n",
    "an include in types": "events {}\nhttp { types { include types.inc; } }\n",
    "an include in a map": "events {}\nhttp { map $uri $x { include map.inc; default 1; } }\n",
    "an include of two words": "events {}\ninclude a b;\n",
}
TIMES = ["1", "30s", "1m", "1h30m", "1d12h", "1w", "1M", "1y", "1y1M", "500ms", "1s500ms", "1m30", "30s1m", "1s 500ms", "ms", "s", "", "-1", "1x",
         "1.5s", "99999999999999999999s", "1h1h", "'1h 30m'", "1ms1s"]


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "good.inc").write_text("pid /tmp/a;\n")
    (tmp_path / "pid.inc").write_text("\npid /tmp/b;\n")
    (tmp_path / "bad.inc").write_text("\n\nnothing_like_this;\n")
    (tmp_path / "open.inc").write_text("http {\n")
    (tmp_path / "close.inc").write_text("}\n")
    (tmp_path / "types.inc").write_text("text/html html;\n")
    (tmp_path / "map.inc").write_text("a b;\n")
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "1.inc").write_text("pid /tmp/a;\n")
    (tmp_path / "many" / "2.inc").write_text("nothing_like_this;\n")
    return tmp_path


def same(directory, text):
    path = directory / "nginx.conf"
    path.write_bytes(text.encode())
    real, ours = both(path)
    # Ours adds the name that may have been meant.
    assert re.sub(r' \(did you mean ".*"\?\)', "", ours.error) == real.error
    assert ours.status == real.status
    return ours


@pytest.mark.parametrize("name", TEXTS)
def test_a_text(directory, name):
    same(directory, TEXTS[name])


@pytest.mark.parametrize("value", TIMES)
@pytest.mark.parametrize("directive", ["client_body_timeout", "worker_shutdown_timeout", "resolver_timeout"])
def test_a_time(directory, directive, value):
    line = f"{directive} {value or repr('')};\n"
    same(directory, f"events {{}}\n{line}" if directive.startswith("worker") else f"events {{}}\nhttp {{ {line} }}\n")


@pytest.mark.parametrize("given", ["daemon off;", "daemon off", "pid a; nothing_like_this;", "http {}", "}", "daemon off; daemon on;", "pid 'a"])
def test_directives_of_the_command_line(directory, given):
    path = directory / "nginx.conf"
    path.write_text(SOUND)
    real, ours = both(path, "-g", given)
    assert (ours.error, ours.status) == (real.error, real.status)


def test_a_verdict_in_words(directory):
    path = directory / "nginx.conf"
    path.write_text(SOUND)
    real, ours = both(path)
    assert ours.text == real.text
    path.write_text("nothing_like_this;\n")
    assert verdict(OURS, path).text.splitlines()[-1] == verdict([REAL], path).text.splitlines()[-1]


def test_a_file_that_is_not_there(directory):
    real, ours = both(directory / "none.conf")
    assert (ours.error, ours.status) == (real.error, real.status)


def test_the_whole_configuration_is_printed(directory):
    path = directory / "nginx.conf"
    path.write_text("events {}\ninclude good.inc;\n")
    real, ours = (run(program, "-T", "-q", "-p", directory, "-c", path, "-e", "stderr") for program in ([REAL], OURS))
    assert ours.stdout == real.stdout != ""


@pytest.mark.parametrize("arguments", [["-z"], ["file"], ["-c"], ["-p"], ["-g"], ["-e"], ["-tz"]])
def test_a_wrong_command_line(arguments):
    real, ours = (run(program, *arguments) for program in ([REAL], OURS))
    assert (ours.stderr, ours.returncode) == (real.stderr, real.returncode)


def test_letters_in_one_word(directory):
    path = directory / "nginx.conf"
    path.write_text(SOUND)
    for arguments in (["-tqc", path], ["-t", "-q", f"-c{path}"], ["-qtc", path]):
        for program in ([REAL], OURS):
            done = run(program, *arguments, "-p", directory, "-e", "stderr")
            assert (done.returncode, done.stderr) == (0, "")


def test_the_nearest_name_is_said(directory):
    path = directory / "nginx.conf"
    path.write_text("events {}\nhttp { servr {} }\n")
    assert verdict(OURS, path).error == f'unknown directive "servr" (did you mean "server"?) in {path}:2'
