#!/usr/bin/env bash
# Makes the environment of tests/applications/requirements.txt at DIRECTORY: wheels alone, and beside them Flask's
# tutorial application, which is published in Flask's source distribution. usage: tools/applications_venv.sh DIRECTORY
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1
requirements=tests/applications/requirements.txt
flask=$(sed -n 's/^flask==//p' "$requirements")
[ -x "$venv/bin/python" ] || "${PYTHON3:-python3}" -m venv "$venv"
"$venv/bin/pip" install -q --only-binary :all: -r "$requirements"
if [ ! -d "$venv/flask-$flask" ]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  "$venv/bin/pip" download -q --no-deps --no-binary flask -d "$scratch" "flask==$flask"
  tar -xzf "$scratch/flask-$flask.tar.gz" -C "$venv" "flask-$flask/examples/tutorial"
fi
touch "$venv/.done"
