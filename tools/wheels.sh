#!/usr/bin/env bash
# Makes a wheel for each CPython found (tools/find_pythons.py) and tries each in a fresh virtual environment, where it
# serves examples/hello: tools/wheels.sh OUTPUT_DIRECTORY
set -euo pipefail
out=$1
mkdir -p "$out"
# The objects that differ between wheels are the extension's alone.
export CCACHE_NOHASHDIR=1
count=0
for python in $(tools/find_pythons.py); do
  version=$("$python" -c 'import sys; print("%d%d" % sys.version_info[:2])')
  venv=build/venv-wheel-$version
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv/bin/pip" wheel -q --no-deps -w "$out" .
  "$venv/bin/pip" install -q "$out"/tierce-*-cp"$version"-cp"$version"-*.whl
  tools/try_installed.sh "$venv/bin/tierce" "$venv"
  echo "cp$version: ok"
  count=$((count + 1))
done
echo "$count wheels:"
ls -l "$out"/*.whl
