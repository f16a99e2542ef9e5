"""`resolver`: names that are looked up while requests wait. The real nginx is held to the same."""

import pytest

from dns_server import DnsServer
from nginx_run import NginxRun
from waiting import eventually

both = pytest.mark.parametrize("program", ["real", "ours"])


@pytest.fixture
def dns():
    server = DnsServer()
    yield server
    server.close()


@pytest.fixture
def run(tmp_path):
    made = []

    def make(program, server, http=""):
        nginx = NginxRun(program, tmp_path / f"nginx{len(made)}", http=http, server=server)
        made.append(nginx)
        nginx.start()
        return nginx
    yield make
    for each in made:
        each.kill()


def site(dns, options="ipv6=off", more="", port="$server_port"):
    """/to/NAME goes to that name, /me answers with the address it was asked at."""
    return f'''
        resolver 127.0.0.1:{dns.port} {options}; {more}
        listen 127.0.0.2:0 ;
        location = /me {{ return 200 "$server_addr"; }}
        location ~ ^/to/(.*)$ {{ proxy_pass http://$1:{port}/me; }}
        location / {{ return 200 "up"; }}'''.replace("listen 127.0.0.2:0 ;", "")


@both
def test_a_name_is_asked_for_once(run, program, dns):
    dns.names["app.test"] = (["127.0.0.1"], 60)
    nginx = run(program, site(dns))
    for _ in range(5):
        assert nginx.request("/to/app.test").body == b"127.0.0.1"
    assert dns.count("app.test") == 1
    assert dns.count("app.test", "AAAA") == 0


@both
def test_an_answer_holds_as_long_as_it_says(run, program, dns):
    dns.names["short.test"] = (["127.0.0.1"], 1)
    nginx = run(program, site(dns))
    assert nginx.request("/to/short.test").status == 200
    eventually(lambda: nginx.request("/to/short.test").status == 200 and dns.count("short.test") >= 2, 5)


@both
def test_valid_overrides_what_the_answer_says(run, program, dns):
    dns.names["long.test"] = (["127.0.0.1"], 3600)
    nginx = run(program, site(dns, "ipv6=off valid=1s"))
    assert nginx.request("/to/long.test").status == 200
    eventually(lambda: nginx.request("/to/long.test").status == 200 and dns.count("long.test") >= 2, 5)


@both
def test_a_name_that_nobody_has(run, program, dns):
    dns.names["nobody.test"] = None
    nginx = run(program, site(dns))
    assert nginx.request("/to/nobody.test").status == 502
    nginx.logged(r"\[error\].* nobody\.test could not be resolved \(3: Host not found\)")
    # What has failed is asked for again.
    dns.names["nobody.test"] = (["127.0.0.1"], 60)
    assert nginx.request("/to/nobody.test").status == 200


@both
def test_a_server_that_says_nothing(run, program, dns):
    nginx = run(program, site(dns, more="resolver_timeout 1s;"))
    assert nginx.request("/to/silent.test").status == 502
    nginx.logged(r"\[error\].* silent\.test could not be resolved \(110: Operation timed out\)")
    assert nginx.status("/") == 200


@both
def test_both_families_are_asked(run, program, dns):
    dns.names["both.test"] = (["127.0.0.1"], 60)
    nginx = run(program, site(dns, ""))
    assert nginx.request("/to/both.test").status == 200
    assert dns.count("both.test") == 1 and dns.count("both.test", "AAAA") == 1


@both
def test_all_addresses_are_tried(run, program, dns):
    # Nobody listens at the first ones.
    dns.names["several.test"] = (["127.0.0.3", "127.0.0.4", "127.0.0.1"], 60)
    nginx = run(program, site(dns))
    for _ in range(4):
        assert nginx.request("/to/several.test").body == b"127.0.0.1"


@both
def test_without_a_resolver(run, program, dns):
    nginx = run(program, site(dns).replace("resolver ", "#resolver ", 1))
    assert nginx.request("/to/some.test").status == 502
    nginx.logged(r"no resolver defined to resolve some\.test")
    assert nginx.request("/to/127.0.0.1").status == 200


@both
def test_the_name_of_an_upstream_block_is_none(run, program, dns):
    port = None
    nginx = run(program, site(dns, port="80").replace(":80/me", "/me"), http="upstream block {{ server 127.0.0.1:1; }}".replace("{{", "{").replace("}}", "}"))
    assert port is None and nginx.request("/to/block").status == 502
    assert dns.asked == []


def test_many_names_at_once(run, dns):
    for number in range(50):
        dns.names[f"n{number}.test"] = (["127.0.0.1"], 60)
    nginx = run("ours", site(dns))
    from gate import Background
    asked = [Background(nginx.request, f"/to/n{number % 50}.test") for number in range(100)]
    assert {each.result().status for each in asked} == {200}
    assert all(dns.count(f"n{number}.test") == 1 for number in range(50))


def test_names_do_not_pile_up(run, dns):
    nginx = run("ours", site(dns))
    for number in range(1500):
        dns.names[f"x{number}.test"] = (["127.0.0.1"], 600)
    for number in range(1500):
        assert nginx.request(f"/to/x{number}.test").status == 200
    # The oldest has been forgotten, the newest has not.
    assert nginx.request("/to/x1499.test").status == 200
    assert dns.count("x1499.test") == 1
    assert nginx.request("/to/x0.test").status == 200
    assert dns.count("x0.test") == 2


def test_a_dead_name_does_not_stop_the_start(run, dns):
    nginx = run("ours", 'location /dead { proxy_pass http://dead; } location / { return 200 "up"; }',
                http="upstream dead { server dead-name.invalid:80; server 127.0.0.1:1 backup; }")
    assert nginx.status("/") == 200
    assert nginx.status("/dead") == 502
    nginx.logged(r'host not found in upstream "dead-name\.invalid:80"')


