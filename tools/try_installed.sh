#!/usr/bin/env bash
# Whether an installed tierce serves examples/hello: tools/try_installed.sh PROGRAM [PREFIX]
# With PREFIX, the answering worker must be an interpreter of it.
set -euo pipefail
program=$(realpath -s "$1")
prefix=${2:+$(realpath "$2")}
folder=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
cp examples/hello/hello.py "$folder"
printf 'import sys\nfrom hello import app as hello\ndef app(environ, start_response):\n    return list(hello(environ, start_response)) + [sys.prefix.encode()]\n' > "$folder/where.py"
(cd "$folder" && exec env -u VIRTUAL_ENV "$program" run where:app -b "unix:$folder/s.sock" --error-logfile "$folder/log") &
pid=$!
for _ in $(seq 200); do
  [ -S "$folder/s.sock" ] && break
  kill -0 "$pid" || { cat "$folder/log" >&2; exit 1; }
  sleep 0.05
done
answer=$(curl -sS --max-time 20 --unix-socket "$folder/s.sock" http://localhost/)
case "$answer" in
  "Hello, World!"*"$prefix") ;;
  *) echo "not the expected answer of a worker in $prefix: $answer" >&2; cat "$folder/log" >&2; exit 1 ;;
esac
kill -TERM "$pid"
wait "$pid"
