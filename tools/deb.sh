#!/usr/bin/env bash
# Makes the Debian package of a finished build: tools/deb.sh BUILD_DIRECTORY OUTPUT_DIRECTORY
set -euo pipefail
build=$1
out=$2
python3 tools/man_pages.py "$build/tierce" "$build/man"
# Debian's own changelog says the version; what changed for users is in CHANGELOG.md beside it.
version=$(sed -n 's/^project(tierce VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
at=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
printf 'tierce (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- The tierce developers <developers@tierce.invalid>  %s\n' \
  "$version" "$(LC_ALL=C date -u -R -d "@$at")" | gzip -9n > "$build/changelog.gz"
mkdir -p "$out"
rm -f "$out"/*.deb
(umask 022; cpack --config "$build/CPackConfig.cmake" -G DEB -B "$out/work" > "$out/cpack.log") || { cat "$out/cpack.log"; exit 1; }
mv "$out"/work/*.deb "$out"/
rm -rf "$out/work"
ls "$out"/*.deb
