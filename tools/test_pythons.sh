#!/usr/bin/env bash
# Prints, separated by colons, one interpreter with Flask, Django and gevent for each CPython the extension is built for:
# a virtual environment of each, made under build/ on first use. usage: tools/test_pythons.sh FIRST_VENV
set -euo pipefail
cd "$(dirname "$0")/.."
first=$PWD/$1
list=$first/bin/python
first_version=$("$list" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
while read -r python; do
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  [ "$version" != "$first_version" ] || continue
  venv=$PWD/build/venv-test-$version
  if [ ! -e "$venv/.done" ]; then
    "$python" -m venv --without-pip "$venv" >&2  # An interpreter may come without its ensurepip.
    "$first/bin/python" -m pip --python "$venv/bin/python" install -q flask django "gevent>=24.10.1" >&2
    touch "$venv/.done"
  fi
  list=$list:$venv/bin/python
done < <(tools/find_pythons.py)
echo "$list"
