"""What the words of directives mean: the same lines through the real nginx and through ours give the same verdict."""

import pwd
import re

import pytest

from nginx_peers import OURS, REAL, both, verdict

MAIN = """
user nosuch_user;
user root;
worker_processes x;
worker_processes auto;
worker_processes 0;
worker_priority x;
worker_priority -5;
worker_cpu_affinity x;
worker_processes 2; worker_cpu_affinity 0101 1010;
worker_shutdown_timeout 10s;
timer_resolution x;
error_log stderr foo;
error_log stderr debug;
env A=B;
daemon off; daemon on;
pid a; pid b;
worker_rlimit_nofile 10;
working_directory /tmp;
http {} http {}
events {}
thread_pool a threads=0;
thread_pool a threads=4 max_queue=0;
thread_pool a threads=4 max_queue=x;
thread_pool a;
thread_pool a bogus;
thread_pool default threads=2;
ssl_engine dynamic;
thread_pool a threads=2; thread_pool a threads=3;
thread_pool a threads=2; thread_pool b threads=2;
thread_pool a threads=2; http { aio threads=a; }
http { aio threads=a; } thread_pool a threads=2;
http { aio threads=a; }
http { } load_module modules/x.so;
error_log syslog:server=127.0.0.1:1,facility=foo;
error_log syslog:server=127.0.0.1:1,facility=mail info;
error_log syslog:tag=a;
worker_rlimit_core 1m;
worker_rlimit_core x;
"""
EVENTS = """
use foo;
use epoll;
use poll;
use select;
worker_connections x;
worker_connections 10;
multi_accept on;
accept_mutex_delay 5ms;
debug_connection 127.0.0.1;
debug_connection 10.0.0.0/8;
debug_connection unix:;
debug_connection 10.0.0.0/99;
"""
HTTP = r"""
ssl on;
ssl off; server { listen 8001; }
ssl on; server { listen 8001; ssl off; }
geo $a { 10.0.0.1/8 1; proxy 10.0.0.1/8; }
server { listen 8001; listen 8001; }
upstream u { zone u 1k; server 127.0.0.1; }
upstream u { zone u x; server 127.0.0.1; }
upstream u { zone u 64k; server 127.0.0.1; }
server { listen 8001; listen 127.0.0.1:8001; }
server { listen 8001 default_server; } server { listen 8001 default_server; }
server { listen 8001 default_server; } server { listen 8001; }
server { listen 8001 backlog=5; } server { listen 8001 backlog=6; }
server { listen 8001 backlog=x; }
server { listen 8001 rcvbuf=4k sndbuf=4k deferred reuseport so_keepalive=on; }
server { listen 8001 so_keepalive=x; }
server { listen 8001 so_keepalive=30m::10; }
server { listen 8001 foo; }
server { listen 70000; }
server { listen a:b; }
server { listen unix:; }
server { listen [::x]:80; }
server { listen :80; }
server { listen 8001; server_name a a; } server { listen 8001; server_name a; }
server { listen 8001; server_name *; }
server { listen 8001; server_name *a.b; }
server { listen 8001; server_name .; }
server { listen 8001; server_name ~; }
server { listen 8001; server_name ~(; }
server { listen 8001; server_name a/b; }
server { listen 8001; server_name ~^(?<sub>.+)\.b$; return 200 $sub; }
server { listen 8001; location /a {} location /a {} }
server { listen 8001; location /a {} location ^~ /a {} }
server { listen 8001; location /a {} location = /a {} }
server { listen 8001; location ~ a {} location ~ a {} }
server { listen 8001 ssl; }
server { listen 8001; server_name a; } server { listen 8001 ssl; server_name b; }
server { listen 8001 ssl; ssl_reject_handshake on; }
server { listen 8001 ssl; ssl_certificate a; }
server { listen 8001 ssl; return 200 $nope; }
log_format a b; log_format a c;
log_format combined c;
log_format a escape=foo $uri;
log_format a escape=json '$uri' ' $status';
log_format a $nope;
log_format a;
map $uri $b { default 1; default 2; }
map $uri $b { a 1; a 2; }
map $uri $b { A 1; a 2; }
map $uri $b { ~^/(?<part>.*)$ $part; }
map $uri $b { ~( 1; }
map $uri $b { hostnames; *.a 1; .b 2; }
map a $b { x; }
map $uri b { x y; }
map $uri $uri {}
map $nope $b { default 1; }
map $uri $b { a $nope; }
map "$uri:$host" $b { volatile; default $args; }
geo $a { default 0; 10.0.0.0/8 1; ::1 2; }
geo $a { ranges; default 0; 10.0.0.0-10.0.0.255 1; }
geo $a { foo b; }
geo $a { 10.0.0.0/99 b; }
geo $a { proxy 127.0.0.1; 10.0.0.0/8 1; delete 10.0.0.0/8; default; }
geo $remote_addr $a { default 1; }
geo a { default 1; }
split_clients $uri $b { 50% a; 60% b; }
split_clients $uri $b { 50 a; }
split_clients $uri $b { 0.5% a; * b; }
split_clients $uri $b { a; }
upstream a {}
upstream a { server 127.0.0.1 weight=0; }
upstream a { server 127.0.0.1 foo; }
upstream a { server 127.0.0.1 weight=5 max_fails=0 fail_timeout=0 max_conns=3 down; server 127.0.0.2 backup; }
upstream a { server 127.0.0.1; } upstream a { server 127.0.0.1; }
upstream a { server http://127.0.0.1:8888; }
upstream a { server https://a.b/x; }
upstream a { ip_hash; server 127.0.0.1 backup; }
upstream a { keepalive 0; server 127.0.0.1; }
upstream a { server 127.0.0.1; keepalive 3; least_conn; }
upstream a { least_conn; server 127.0.0.1; keepalive 3; keepalive_timeout 5s; keepalive_requests 3; }
upstream a { hash $uri foo; server 127.0.0.1; }
upstream a { hash $uri consistent; server 127.0.0.1; }
upstream a { random two least_conn; server 127.0.0.1; }
upstream a { random three; server 127.0.0.1; }
upstream a { server 127.0.0.1:99999; }
upstream a { server unix:; }
upstream a { server unix:/run/a.sock; }
access_log logs/a combined buffer=x;
access_log logs/a combined buffer=32k flush=5s gzip=3;
access_log logs/a combined flush=5s;
access_log logs/a combined gzip=10;
access_log logs/a combined if=$nope;
access_log logs/a combined if=$uri;
access_log logs/a foo;
access_log logs/a combined foo;
access_log off;
access_log off foo;
access_log logs/$host;
access_log syslog:server=127.0.0.1;
error_log stderr foo;
ssl_protocols foo;
ssl_protocols TLSv1.2 TLSv1.3;
ssl_session_cache foo;
ssl_session_cache shared:a:1k;
ssl_session_cache shared:a:1m;
ssl_session_cache builtin shared:a:1m;
ssl_verify_client foo;
limit_req_zone $binary_remote_addr zone=b:10m rate=1x;
limit_req_zone $binary_remote_addr zone=b rate=1r/s;
limit_req_zone $binary_remote_addr zone=b:10m rate=5r/m; server { listen 8001; limit_req zone=b burst=5 nodelay; }
limit_req_zone $binary_remote_addr zone=b:10m rate=5r/m; limit_req zone=b burst=x;
limit_req_zone $uri zone=b:1m rate=1r/s; limit_req_zone $uri zone=b:1m rate=1r/s;
limit_conn_zone $binary_remote_addr zone=b:1k;
limit_conn_zone $binary_remote_addr zone=b:10m; limit_conn b 5;
limit_conn_zone $binary_remote_addr zone=b:10m; limit_conn b 0;
limit_req_status 200;
limit_req_log_level foo;
keepalive_disable foo;
keepalive_disable none;
large_client_header_buffers 0 1;
large_client_header_buffers 4 16k;
proxy_buffers 8 16k; proxy_buffers 8 16k;
real_ip_header X-Forwarded-For; set_real_ip_from 10.0.0.0/8;
resolver 1.1.1.1 valid=x;
resolver 127.0.0.1 valid=10s ipv6=off;
index a b "";
index index.php index.html;
proxy_http_version 2;
proxy_redirect default;
proxy_redirect off;
proxy_redirect a;
proxy_redirect http://a/ /;
proxy_redirect ~^http://(.*)$ $1;
proxy_next_upstream error timeout http_502;
proxy_next_upstream foo;
open_file_cache max=x;
open_file_cache max=100 inactive=20s;
open_file_cache foo;
gzip on; gzip_types text/css application/json; gzip_vary on; gzip_proxied any; gzip_disable msie6;
gzip_types text/html;
msie_padding off; msie_refresh on;
msie_padding foo;
gzip_types a a;
gzip_comp_level 10;
gzip_buffers 4 x;
gzip_http_version 2;
gzip_proxied foo;
gzip_disable (;
gzip_static foo;
server_tokens foo;
server_tokens build;
if_modified_since x;
autoindex_format x;
root html; root html;
root $document_root/x;
root $nope;
types { a/b c; d/e c; }
types { a/b C c; }
types { a/b c {} }
default_type a/b;
client_body_temp_path a 1 2 9;
client_body_temp_path tmp 1 2;
keepalive_timeout 1 x;
keepalive_timeout 5 5;
error_page 404 /404.html; error_page 500 502 503 504 /50x.html;
expires 1d;
charset utf-8;
merge_slashes off; underscores_in_headers on; ignore_invalid_headers off;
proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr;
proxy_set_header a $nope; server { listen 8001; }
proxy_cookie_path / /a; proxy_cookie_domain off;
sendfile on; tcp_nopush on; tcp_nodelay on; types_hash_max_size 2048; server_names_hash_bucket_size 64;
reset_timedout_connection on; lingering_close always; lingering_time 5; lingering_timeout 5;
open_log_file_cache bogus;
open_log_file_cache off;
open_log_file_cache max=0;
open_log_file_cache max=10 inactive=x;
open_log_file_cache inactive=10s;
open_log_file_cache max=10 valid=1m min_uses=2 inactive=20s;
open_log_file_cache max=10 min_uses=0;
large_client_header_buffers 4 100; server { listen 8001; }
large_client_header_buffers 4 511; server { listen 8001; }
large_client_header_buffers 4 512;
large_client_header_buffers 0 8k;
connection_pool_size 100;
connection_pool_size 257;
connection_pool_size 64;
request_pool_size 100;
resolver 127.0.0.1:70000;
resolver 127.0.0.1:0;
resolver 127.0.0.1:53;
resolver valid=1s;
resolver ::1;
resolver [::1]:70000;
resolver 127.0.0.1 ipv6=x;
server { listen 8001; location @a { } location @a { } }
server { listen 8001; location @a { return 200 1; } location / { try_files /x @a; } location @a { return 200 2; } }
server { listen 127.0.0.1:18181-18183; }
server { listen 18181-18183; }
server { listen *:18181-18183; }
server { listen [::1]:18181-18183; }
server { listen 127.0.0.1:18183-18181; }
server { listen 127.0.0.1:18181-70000; }
server { listen 127.0.0.1:18181-; }
server { listen 127.0.0.1:18181-x; }
server { listen 127.0.0.1:18181-18183; listen 127.0.0.1:18182; }
server { listen 127.0.0.1:18181-18183 default_server; }
server { listen 0-5; }
server { listen 127.0.0.1:0-5; }
"""
LOCATION = r"""
return abc;
return 1000;
return 204;
return http://a/;
return $scheme://a/;
return $uri;
return 301 https://$host$request_uri;
return 200 $nope;
return 200 ${x;
return 200 $;
return 200 $1;
set a b;
set "" b;
set $uri b;
set $args b;
set $x $y; set $y $x;
set $http_host b;
rewrite a b c;
rewrite ( b;
rewrite a "";
rewrite ^/a/(.*)$ /b/$1 last;
rewrite ^ https://$host? permanent;
rewrite ^/(?<name>.*)$ /$name/x break; return 200 $name;
if ($uri) { return 200; }
if ( $uri ) { return 200; }
if ($uri = a) { return 200; }
if ($uri ~* "\.(png)$") { return 200 $1; }
if ($uri !~ a) { break; }
if (!-f $request_filename) { rewrite ^ /a last; }
if (-y $uri) { }
if ($uri foo b) { }
if ($uri = ) { }
if ($uri ~ "(") { }
if () { }
if ($) { }
if (a) { }
if ($uri = b { }
if $uri { }
if ($nope) { }
if ($uri) { if ($uri) { } }
if ($uri) { location /a { } }
if ($uri) { proxy_pass http://127.0.0.1/x; }
if ($uri) { proxy_pass http://127.0.0.1; add_header a b; expires 1d; root /a; }
error_page 404;
error_page 404 =;
error_page 404 = /a;
error_page 404 =200 @a;
error_page 404 =x /a;
error_page 499 /a;
error_page 200 /a;
error_page x /a;
error_page =200 /a;
internal; internal;
try_files $uri $uri/ /index.html;
try_files $uri @app;
try_files $uri =404;
try_files $uri =x;
try_files $uri /a; try_files $uri /b;
add_header a b c;
add_header a b always; add_header c "$uri";
add_header a $nope;
expires foo;
expires max; expires max;
expires -1;
expires epoch;
expires @15h30m;
expires @25h;
expires modified 1h;
expires modified max;
expires modified;
expires $nope;
expires $uri;
limit_rate x;
limit_rate 10k; limit_rate_after 1m;
limit_rate $nope;
alias a; alias b;
alias a; root b;
root a; alias b;
alias $realpath_root;
satisfy x;
satisfy any; allow 127.0.0.1; allow 10.0.0.0/8; allow ::1; allow unix:; deny all;
allow foo;
allow 1.2.3.4/99;
auth_basic a; auth_basic_user_file b;
auth_request /a; auth_request_set $user $upstream_http_user;
auth_request_set a b;
stub_status;
stub_status on;
empty_gif;
disable_symlinks foo;
disable_symlinks on from=$document_root;
limit_except FOO {}
limit_except GET POST { deny all; }
limit_except GET { proxy_pass http://127.0.0.1/x; }
limit_except GET { return 200; }
proxy_pass localhost:80;
proxy_pass ftp://a;
proxy_pass http://127.0.0.1:99999;
proxy_pass http://;
proxy_pass http://127.0.0.1:80/a/;
proxy_pass http://unix:/run/a.sock:/b;
proxy_pass https://127.0.0.1;
proxy_pass http://$host$uri;
proxy_pass http://$nope;
proxy_pass http://127.0.0.1; proxy_pass http://127.0.0.2;
proxy_pass http://127.0.0.1; proxy_redirect default;
uwsgi_pass unix:;
uwsgi_pass unix:/run/a.sock; uwsgi_param A $uri; uwsgi_param B b if_not_empty; uwsgi_read_timeout 5m;
uwsgi_pass 127.0.0.1:3031;
uwsgi_pass uwsgi://127.0.0.1:3031;
uwsgi_param a b x;
uwsgi_modifier1 x;
fastcgi_pass 127.0.0.1:9000; fastcgi_index index.php; fastcgi_param A b;
fastcgi_split_path_info a;
fastcgi_split_path_info ^(.+\.php)(/.*)$;
scgi_pass 127.0.0.1:9000;
proxy_ignore_headers foo;
proxy_ssl_protocols foo;
proxy_buffering off; proxy_request_buffering off; client_max_body_size 0;
valid_referers none blocked server_names *.a ~b; if ($invalid_referer) { return 403; }
location /b { }
location /a { }
location ~ x { location /y { } }
location = /a { location /ab { } }
location @a { }
location ! /a { }
location ~ ( { }
location /a/b { location /a/b/c { location ~ d { } } }
proxy_set_header Upgrade $http_upgrade; proxy_http_version 1.1;
log_not_found off; access_log off; etag off;
gzip_static always; gunzip on;
autoindex on; autoindex_exact_size off; autoindex_localtime on; autoindex_format json;
chunked_transfer_encoding off; max_ranges 0; if_modified_since before;
proxy_pass https://127.0.0.1:1; proxy_ssl_verify on;
proxy_ssl_verify on;
proxy_pass http://127.0.0.1:1; proxy_ssl_verify on;
set_real_ip_from 10.0.0.0/33;
set_real_ip_from unix:;
set_real_ip_from localhost;
set_real_ip_from 10.0.0.1/8;
allow 10.1.0.0/255.255.0.0;
allow 10.0.0.1/8; deny fe80::1/64; allow 10.1.0.0/16; allow 0.0.0.1/0; deny ::/0; allow 10.0.0.1/32;
set_real_ip_from no.such.host.invalid;
fastcgi_pass 127.0.0.1;
scgi_pass nobody;
uwsgi_pass uwsgi://nobody;
open_file_cache inactive=5;
open_file_cache off;
output_buffers 0 1k;
output_buffers 1 32k;
client_body_temp_path /tmp/a 4 1;
client_body_temp_path /tmp/a 4 4 3;
client_body_temp_path /tmp/a 0;
proxy_temp_path /tmp/a x;
proxy_temp_path /tmp/a 1 2;
access_log syslog:server=127.0.0.1:1,severity=foo;
valid_referers none;
valid_referers none blocked;
valid_referers server_names;
valid_referers ~(;
aio on;
aio threads;
aio threads=default;
aio bogus;
aio sendfile;
expires modified $arg_x;
expires modified off;
expires modified epoch;
expires modified max;
expires modified @1h;
access_log off; access_log logs/x.log;
access_log logs/x.log; access_log off;
access_log off; access_log off;
proxy_cache off;
fastcgi_cache off;
uwsgi_cache off;
scgi_cache off;
proxy_store off;
uwsgi_store off;
ssi off;
mirror off;
userid off;
dav_methods off;
create_full_put_path off;
sub_filter_once off;
proxy_cache_bypass $arg_x;
proxy_no_cache $arg_x;
addition_types x;
random_index off;
slice 0;
proxy_cache_valid 200 1h;
mirror_request_body off;
client_body_in_file_only bogus;
auth_delay x;
add_trailer A b always;
add_trailer A b bogus;
override_charset on;
charset utf-8; override_charset on;
allow 10.1.2.3/8; deny x;
allow 10.1.2.3/8; frob x;
"""
TEMPLATES = {"main": (MAIN, "%s\nevents {}\n"), "events": (EVENTS, "events {\n%s\n}\n"), "http": (HTTP, "events {}\nhttp {\n%s\n}\n"),
             "location": (LOCATION, "events {}\nhttp { server { listen 8001; location /a {\n%s\n} } }\n")}
CASES = [(where, line) for where, (lines, _) in TEMPLATES.items() for line in lines.strip().splitlines()]


def _placeless(error):
    return re.sub(r'^(the "large_client_header_buffers" size .*) in .*', r"\1", error)


@pytest.mark.parametrize("where, line", CASES, ids=[f"{where}-{number}" for number, (where, _) in enumerate(CASES)])
def test_a_line(tmp_path, where, line):
    (tmp_path / "logs").mkdir()
    path = tmp_path / "nginx.conf"
    path.write_text(TEMPLATES[where][1] % line)
    real, ours = both(path)
    # nginx does not say where a variable is used that nobody defines.
    said = re.sub(r'^(unknown "\w+" variable|no \w+_trusted_certificate for \w+|the "none" or "blocked" .* referer) in .*', r"\1", ours.error)
    # ... and some it names the last line for, ours the server.
    assert _placeless(said) == _placeless(real.error), line
    assert ours.status == real.status
    assert ours.warnings == real.warnings, line


def test_hosts_that_nobody_knows_are_warned_of(tmp_path):
    """nginx refuses them; ours looks them up again while it serves."""
    path = tmp_path / "nginx.conf"
    path.write_text("events {}\nhttp {\n  upstream u { server 127.0.0.1:1; server nobody.invalid; }\n  server {\n"
                    "    listen 127.0.0.1:1;\n    location / { proxy_pass http://no.invalid/; }\n"
                    "    location /u { proxy_pass http://u; }\n    location /n { uwsgi_pass localhost:3031; }\n  }\n}\n")
    real, ours = both(path)
    assert real.status == 1 and real.error == f'host not found in upstream "nobody.invalid" in {path}:3'
    assert ours.status == 0
    assert ours.warnings == [f'host not found in upstream "{host}" in {path}:{line}: it is looked up again while serving'
                             for host, line in (("nobody.invalid", 3), ("no.invalid", 6))]


def test_what_is_not_built_yet_says_so(tmp_path):
    path = tmp_path / "nginx.conf"
    path.write_text("events {}\nhttp {\n  proxy_cache_path /tmp/a keys_zone=b:1m;\n  nothing_like_this;\n}\n")
    _, ours = both(path)
    assert ours.error == f'"proxy_cache_path" directive is one of nginx that tierce does not have yet in {path}:3'
    path.write_text("events {}\nhttp {\n  proxy_cache_valid 1h; mirror off;\n  ssi on;\n}\n")
    _, ours = both(path)
    assert ours.error == f'"ssi" directive is one of nginx that tierce does not have yet in {path}:4'
    path.write_text("events {}\nstream {\n  server { listen 1; }\n}\n")
    _, ours = both(path)
    assert ours.error == f'"stream" directive is one of nginx that tierce does not have yet in {path}:2'


def test_an_unknown_variable_is_named_with_its_place(tmp_path):
    path = tmp_path / "nginx.conf"
    path.write_text("events {}\nhttp {\n  server {\n    return 200 $nope;\n  }\n}\n")
    _, ours = both(path)
    assert ours.error == f'unknown "nope" variable in {path}:4'


@pytest.mark.parametrize("program", [[REAL], OURS], ids=["real", "ours"])
def test_directories_of_temporary_files_are_made_for_the_workers(tmp_path, program):
    (tmp_path / "logs").mkdir()
    (tmp_path / "there").mkdir(mode=0o750)
    path = tmp_path / "nginx.conf"
    path.write_text("user www-data;\nevents {}\nhttp {\n  client_body_temp_path body 1 2;\n  server {\n    listen 8001;\n"
                    f"    location /a {{ uwsgi_pass 127.0.0.1:1; uwsgi_temp_path {tmp_path}/there; }}\n  }}\n}}\n")
    assert verdict(program, path).status == 0
    for name, mode in ("body", 0o700), ("there", 0o750):
        made = (tmp_path / name).stat()
        assert (made.st_uid, made.st_mode & 0o777) == (pwd.getpwnam("www-data").pw_uid, mode), name
    path.write_text("events {}\nhttp { client_body_temp_path none/body; server { listen 8001; } }\n")
    assert verdict(program, path).error == f'mkdir() "{tmp_path}/none/body" failed (2: No such file or directory)'
