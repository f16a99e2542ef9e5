#!/usr/bin/env bash
# Installs the Debian package on a clean Debian that debootstrap makes, and runs the command of its unit there as the user
# of the unit: tools/deb_proof.sh PACKAGE_DIRECTORY WORK_DIRECTORY. Needs root.
set -euo pipefail
package=$(ls "$1"/*.deb)
work=$(realpath -m "$2")
mkdir -p "$work"
passed=0
ok() { passed=$((passed + 1)); echo "ok: $*"; }
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v '^#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 | tr -d ' ' || true)
[ -e "$work/base/etc/debian_version" ] || debootstrap --variant=minbase bookworm "$work/base" "$mirror" > "$work/debootstrap.log"
rm -rf "$work/root"
cp -a "$work/base" "$work/root"
root=$work/root
cp "$package" "$root/tmp/tierce.deb"
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends /tmp/tierce.deb man-db bash-completion > /dev/null'
ok "installed: $(chroot "$root" tierce --version)"
for file in /usr/bin/tierce /lib/systemd/system/tierce.service /etc/tierce/tierce.conf /usr/share/man/man1/tierce-up.1.gz \
  /usr/share/bash-completion/completions/tierce /usr/share/tierce/nginx/mime.types; do
  [ -e "$root$file" ] || { echo "$file is missing"; exit 1; }
done
ok "its files are there"
chroot "$root" man -w tierce-up > /dev/null
[ "$(chroot "$root" dpkg-query -W -f '${Conffiles}' tierce | grep -c /etc/tierce/tierce.conf)" = 1 ]
ok "the configuration is the administrator's, the manual is found"
command=$(sed -n 's/^ExecStart=//p' "$root/lib/systemd/system/tierce.service")
user=$(sed -n 's/^User=//p' "$root/lib/systemd/system/tierce.service")
for directory in $(sed -n 's/^RuntimeDirectory=/run\//p; s/^LogsDirectory=/var\/log\//p; s/^StateDirectory=/var\/lib\//p' "$root/lib/systemd/system/tierce.service"); do
  install -d -o 33 -g 33 "$root/$directory"
done
unshare --mount --pid --net --fork --kill-child bash -c "
  set -e
  mount --make-rprivate /
  python3 -c \"import fcntl, socket, struct; s = socket.socket(); fcntl.ioctl(s, 0x8914, struct.pack('16sh', b'lo', 0x49))\"
  mount -t proc proc '$root/proc'
  mount --rbind /dev '$root/dev'
  exec chroot --userspec=$user:$user '$root' $command" > "$work/output" 2>&1 &
outer=$!
inner=""
for _ in $(seq 200); do
  inner=$(pgrep -P "$outer" | head -1 || true)
  [ -n "$inner" ] && [ "$(nsenter -t "$inner" -n curl -s --max-time 2 http://127.0.0.1:8000/ 2>/dev/null)" = "Hello, World!" ] && break
  kill -0 "$outer" 2>/dev/null || break
  sleep 0.1
done
[ "$(nsenter -t "$inner" -n curl -s --max-time 2 http://127.0.0.1:8000/)" = "Hello, World!" ] || { cat "$work/output"; exit 1; }
ok "the unit's command serves the example"
nsenter -t "$inner" -m chroot "$root" tierce ctl -s unix:///run/tierce/tierce.sock status
reload=$(sed -n 's/^ExecReload=//p' "$root/lib/systemd/system/tierce.service")
nsenter -t "$inner" -m chroot --userspec=$user:$user "$root" $reload
[ "$(nsenter -t "$inner" -n curl -s --max-time 5 http://127.0.0.1:8000/)" = "Hello, World!" ]
ok "the unit's reload keeps it answering"
kill -TERM "$inner"
wait "$outer"
ok "TERM ends it with 0"
chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq tierce > /dev/null
[ ! -e "$root/usr/bin/tierce" ] && [ ! -e "$root/etc/tierce" ] && [ ! -e "$root/usr/lib/tierce" ] || { find "$root/usr/lib/tierce" "$root/etc/tierce"; exit 1; }
ok "purged, nothing is left"
ls -l "$package"
echo "$passed passed, 0 failed"
