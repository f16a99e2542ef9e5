#!/usr/bin/env bash
# Makes the Debian package of a finished build: tools/deb.sh BUILD_DIRECTORY OUTPUT_DIRECTORY
set -euo pipefail
build=$1
out=$2
python3 tools/man_pages.py "$build/tierce" "$build/man"
gzip -9nc CHANGELOG.md > "$build/changelog.gz"
mkdir -p "$out"
rm -f "$out"/*.deb
(umask 022; cpack --config "$build/CPackConfig.cmake" -G DEB -B "$out/work" > "$out/cpack.log") || { cat "$out/cpack.log"; exit 1; }
mv "$out"/work/*.deb "$out"/
rm -rf "$out/work"
ls "$out"/*.deb
