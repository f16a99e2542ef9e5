#!/usr/bin/env bash
# Installs the Debian packages that a purpose needs and this machine lacks: tools/deps.sh build|test|fuzz|bench|deb|image
# Asks for root only when something is missing. Packages of servers start no service.
set -euo pipefail

build="g++ cmake ninja-build make ccache libfmt-dev libpcre2-dev libcrypt-dev libssl-dev libexpat1-dev libnghttp2-dev libc-ares-dev zlib1g-dev libbrotli-dev libzstd-dev nlohmann-json3-dev python3 python3-dev python3-venv"
tests="libgtest-dev libgmock-dev clang-format-14 clang-tidy-16 curl patchelf openssl nginx-core apache2-bin apache2-utils nghttp2-client wget dpkg-dev file uwsgi-core uwsgi-plugin-python3 chromium"
fuzz="clang-14 libclang-rt-14-dev"
bench="wrk nghttp2-client curl openssl nginx-core libev-dev uwsgi-core uwsgi-plugin-python3 libbenchmark-dev"

deb="dpkg-dev file"
image="buildah debootstrap"

case "${1:-build}" in
  build) wanted=$build ;;
  test) wanted="$build $tests" ;;
  fuzz) wanted="$build $fuzz" ;;
  deb) wanted="$build $deb" ;;
  image) wanted="$build $deb $image" ;;
  bench) wanted="$build $bench" ;;
  *) echo "usage: tools/deps.sh build|test|fuzz|bench|deb|image" >&2; exit 2 ;;
esac

missing=""
for package in $wanted; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "these packages are missing, and installing them needs root:$missing" >&2; exit 1; }
  root=sudo
fi
# A server that is installed to be measured must not be started by its package.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' | $root tee /usr/sbin/policy-rc.d >/dev/null
  $root chmod 755 /usr/sbin/policy-rc.d
  trap '$root rm -f /usr/sbin/policy-rc.d' EXIT
fi
echo "installing:$missing"
$root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
# shellcheck disable=SC2086
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
