#!/usr/bin/env bash
# Debian 12 has one CPython; the tests want two. Where only one is found this unpacks Debian 11's python3.9,
# headers and libraries included, into build/python3.9. Nothing is installed and no root is needed.
# TIERCE_DEBIAN_MIRROR names another mirror than the one the machine's own packages come from.
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(tools/find_pythons.py | wc -l)" -lt 2 ] || exit 0
target=$PWD/build/python3.9
state=$PWD/build/python3.9-apt
triplet=$(gcc -print-multiarch 2>/dev/null || dpkg-architecture -qDEB_HOST_MULTIARCH)
packages="python3.9 python3.9-minimal python3.9-dev libpython3.9 libpython3.9-dev libpython3.9-stdlib libpython3.9-minimal
  python3-distutils python3-lib2to3 libffi7 libssl1.1 libmpdec3 libreadline8 libtinfo6 libsqlite3-0 libdb5.3 libnsl2 libtirpc3
  libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libcom-err2 libkeyutils1 libuuid1"

mirror_of_machine() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    grep -oE '^(URIs:|deb( \[[^]]*\])?) +https?://[^ ]+' | grep -oE 'https?://[^ ]+' | grep -vE 'security|snapshot' | head -1
}

mkdir -p "$state"/{lists/partial,cache/archives/partial,etc}
: > "$state/status"
apt() {
  apt-get -qq -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::State::lists="$state/lists" \
    -o Dir::Cache="$state/cache" -o Dir::Etc::sourcelist="$state/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root "$@"
}
# Old releases move to the archive when their support ends.
for mirror in "${TIERCE_DEBIAN_MIRROR:-$(mirror_of_machine)}" http://deb.debian.org/debian http://archive.debian.org/debian; do
  [ -n "$mirror" ] || continue
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bullseye main" > "$state/etc/sources.list"
  # shellcheck disable=SC2086
  if apt update 2>"$state/error" && (cd "$state/cache" && apt download $packages 2>"$state/error"); then
    break
  fi
done
compgen -G "$state/cache/python3.9_*.deb" >/dev/null || {
  echo "the tests need a second CPython beside $(tools/find_pythons.py), and Debian 11's could not be fetched:" >&2
  cat "$state/error" >&2
  echo "install any CPython 3.9 to 3.14 with its headers and name it: PYTHON=/path/to/python make test" >&2
  exit 1
}
rm -rf "$target.new" "$target"
for package in "$state"/cache/*.deb; do dpkg -x "$package" "$target.new"; done
# Debian splits these over directories that only /usr knows.
cp "$target.new/usr/include/$triplet/python3.9/pyconfig.h" "$target.new/usr/include/python3.9/"
cp -r "$target.new/usr/lib/python3/dist-packages/." "$target.new/usr/lib/python3.9/" 2>/dev/null || true
if [ -d "$target.new/lib/$triplet" ]; then cp -rn "$target.new/lib/$triplet/." "$target.new/usr/lib/$triplet/"; fi
# DT_RPATH, not RUNPATH: it holds for the libraries of the standard library's extension modules as well.
patchelf --force-rpath --set-rpath "\$ORIGIN/../lib/$triplet" "$target.new/usr/bin/python3.9"
mv "$target.new" "$target"
rm -rf "$state"
"$target/usr/bin/python3.9" -c 'import ctypes, ssl, sqlite3, zlib, sys; print("a second CPython:", sys.version.split()[0], sys.executable)'
