#!/usr/bin/env bash
# Builds the images of Dockerfile and examples/seed/Dockerfile with buildah and runs them: tools/image_proof.sh WORK_DIRECTORY
# The bases are made by debootstrap under the names that the files give, so that no registry is asked. Needs root.
# Ends with the images' sizes, and one line that counts what held.
set -euo pipefail
work=$(realpath -m "$1")
mkdir -p "$work"
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=${STORAGE_DRIVER:-overlay}
buildah="buildah --root $work/storage --runroot $work/run"
# Building seed leaves a container mounted, and buildah the folder it works in; `make clean` could remove neither.
trap '$buildah rm -a > /dev/null 2>&1 || true; umount "$work/storage/overlay" 2> /dev/null || true' EXIT
passed=0
ok() { passed=$((passed + 1)); echo "ok: $*"; }

# The first of this machine's own package sources that is Debian's.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v '^#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 | tr -d ' ' || true)
if [ ! -e "$work/base/etc/debian_version" ]; then
  debootstrap --variant=minbase bookworm "$work/base" "$mirror" > "$work/debootstrap.log"
  rm -rf "$work"/base/var/cache/apt/* "$work"/base/var/lib/apt/lists/*
  # As in the images that registries have: what was downloaded is not kept, or the sizes below are not theirs.
  cat > "$work/base/etc/apt/apt.conf.d/docker-clean" <<'EOF'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
APT::Update::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
EOF
fi
if ! $buildah inspect --type image docker.io/library/debian:bookworm-slim > /dev/null 2>&1; then
  container=$($buildah from scratch)
  $buildah add -q "$container" "$work/base" / > /dev/null
  $buildah commit -q --rm "$container" docker.io/library/debian:bookworm-slim > /dev/null
  container=$($buildah from --pull-never docker.io/library/debian:bookworm-slim)
  $buildah run "$container" -- sh -c "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-pip > /dev/null && rm -rf /var/lib/apt/lists/* /usr/lib/python3*/EXTERNALLY-MANAGED && ln -sf /usr/bin/python3 /usr/local/bin/python3"
  # Who this machine trusts, on the way to its package sources.
  $buildah copy -q "$container" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt > /dev/null
  $buildah commit -q --rm "$container" docker.io/library/python:3.11-slim-bookworm > /dev/null
fi
$buildah build -q --layers --format docker --pull-never -t docker.io/library/tierce -f Dockerfile . > "$work/tierce.log" 2>&1 || { tail -30 "$work/tierce.log"; exit 1; }
ok "the image tierce was built"
$buildah build -q --layers --format docker --pull-never -t docker.io/library/seed examples/seed > "$work/seed.log" 2>&1 || { tail -30 "$work/seed.log"; exit 1; }
ok "the image seed was built, from the tutorial's files"

# The words of the image's HEALTHCHECK, each ended by a zero byte.
health_of() {
  $buildah inspect --type image "$1" | python3 -c '
import json, sys
test = json.load(sys.stdin)["Docker"]["config"]["Healthcheck"]["Test"]
assert test[0] == "CMD", test
sys.stdout.write("".join(word + "\0" for word in test[1:]))'
}

# As a container runs it: its own process and network namespaces, the image's user, tierce the first process.
try_image() {
  local image=$1 user=$2 command=$3 directory=$4 expected=$5 container root
  container=$($buildah from --pull-never "$image")
  root=$($buildah mount "$container")
  # The first line of the script is the process that the namespaces begin with.
  unshare --mount --pid --net --fork --kill-child bash -c "
    set -e
    mount --make-rprivate /
    python3 -c \"import fcntl, socket, struct; s = socket.socket(); fcntl.ioctl(s, 0x8914, struct.pack('16sh', b'lo', 0x49))\"
    mount -t proc proc '$root/proc'
    mount --rbind /dev '$root/dev'
    exec chroot --userspec=$user '$root' /bin/sh -c 'cd $directory && exec $command'" > "$work/$user.out" 2>&1 &
  local outer=$! inner=""
  for _ in $(seq 300); do
    inner=$(pgrep -P "$outer" | head -1 || true)
    if [ -n "$inner" ] && [ "$(nsenter -t "$inner" -n curl -s --max-time 2 http://127.0.0.1:8000/ 2>/dev/null)" = "$expected" ]; then break; fi
    kill -0 "$outer" 2>/dev/null || break
    sleep 0.1
  done
  [ "$(nsenter -t "$inner" -n curl -s --max-time 2 http://127.0.0.1:8000/)" = "$expected" ] || { cat "$work/$user.out"; exit 1; }
  ok "$image answers"
  nsenter -t "$inner" -m -p chroot "$root" sh -c 'for each in /proc/[0-9]*; do [ "$(stat -c %u "$each")" = 0 ] && [ -s "$each/cmdline" ] && tr "\0" " " < "$each/cmdline"; done; true' | grep tierce && { echo "a process of $image is root's"; exit 1; }
  ok "no process of $image is root's"
  health_of "$image" | xargs -0 nsenter -t "$inner" -m -p -n chroot --userspec="$user" "$root" || { echo "$image is not healthy"; exit 1; }
  health_of "$image" | xargs -0 nsenter -t "$inner" -m -p unshare --net chroot --userspec="$user" "$root" 2> "$work/$user.health" && { echo "$image is healthy where nobody serves"; exit 1; }
  # It must be the check that failed, not the way into the container.
  grep -q 'urllib.error.URLError' "$work/$user.health" || { cat "$work/$user.health"; exit 1; }
  ok "$image is healthy by its HEALTHCHECK, and not where nobody serves"
  local begun
  begun=$(date +%s%N)
  kill -TERM "$inner"
  wait "$outer" || { echo "$image ended with $?"; cat "$work/$user.out"; exit 1; }
  ok "$image ended with 0, $((($(date +%s%N) - begun) / 1000000)) ms after TERM"
  $buildah umount "$container" > /dev/null
  $buildah rm "$container" > /dev/null
}
try_image docker.io/library/tierce tierce "tierce up -c /etc/tierce/tierce.conf" / "Hello, World!"
try_image docker.io/library/seed www-data "/usr/bin/supervisord -c /etc/supervisor/conf.d/supervisor.ini" /app '{"name":"misha"}'
$buildah images --format '{{.Name}} {{.Size}}' | sort -u
container=$($buildah from --pull-never docker.io/library/tierce)
root=$($buildah mount "$container")
echo "what tierce adds to its base:"
(cd "$root" && du -ch usr/local/bin/* usr/local/lib/tierce/tierce_wsgi/*.so usr/local/share/tierce etc/tierce 2>/dev/null | tail -12)
$buildah umount "$container" > /dev/null
$buildah rm "$container" > /dev/null
echo "$passed passed, 0 failed"
