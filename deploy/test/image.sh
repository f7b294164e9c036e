#!/usr/bin/env bash
# Builds the image from a static binary and runs it: the daemon in one container, whoever talks to
# it in others, a name server and a sink beside them. Nothing is fetched. It needs buildah, iproute2,
# python3 and root; all of it happens in a network of its own.
#
#   deploy/build && deploy/test/image.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly binary=target/image/dosd limit=25000000

fail() { printf 'FAILED: %s\n' "$1" >&2; exit 1; }
note() { printf -- '-- %s\n' "$1"; }

[[ -x $binary ]] || fail "there is no $binary: deploy/build makes it"
if [[ ${DOSD_OWN_NETWORK-} != yes ]]; then
  DOSD_OWN_NETWORK=yes exec unshare --net --mount --pid --fork --kill-child "$0" "$@"
fi
ip link set lo up
mount -t proc proc /proc

dir=$(mktemp -d)
buildah() {
  command buildah --root "$dir/storage" --runroot "$dir/run" --storage-driver vfs "$@"
}
# All that was started is in a process namespace of its own, and ends with it.
trap 'rm -rf "$dir"' EXIT

# Waits until a command succeeds; a minute is longer than anything takes here.
until_so() {
  local what=$1 end=$((SECONDS + 60))
  shift
  until "$@"; do
    ((SECONDS < end)) || { cat "$dir"/*.log >&2; fail "$what"; }
    sleep 0.1
  done
}

note 'the binary is static and the image small'
readelf --program-headers "$binary" | grep -q INTERP && fail "$binary asks for a loader"
buildah bud --quiet --isolation chroot --format docker --build-arg BINARY=given \
  --file deploy/Containerfile --tag dosd . > "$dir/image"
size=$(stat -c %s "$binary")
((size < limit)) || fail "the image has $size bytes, the limit is $limit"
printf 'image: %s bytes\n' "$size"

note 'what the image says about itself'
buildah inspect --type image dosd > "$dir/inspect.json"
python3 - "$dir/inspect.json" <<'PYTHON'
import json, sys
image = json.load(open(sys.argv[1]))["Docker"]
said = image["config"]
assert said["User"] == "65532:65532", said
assert said["Entrypoint"] == ["/dosd"], said
assert said["WorkingDir"] == "/workspace", said
assert said["ExposedPorts"] == {"7717/tcp": {}}, said
assert said["Healthcheck"]["Test"] == ["CMD", "/dosd", "health"], said
assert said["Volumes"] == {"/workspace": {}}, said
PYTHON

note 'it runs without anything around it'
container=$(buildah from --dns 127.0.0.1 --dns-search fleet.internal dosd)
in_container() { buildah run --isolation chroot --volume "$dir/workspace:/workspace" "$container" -- "$@"; }
mkdir "$dir/workspace"
chown 65532:65532 "$dir/workspace"
in_container /dosd --version

note 'the daemon in one container supervises, judges, and finds its sink by name'
cat > "$dir/workspace/dos.toml" <<'TOML'
[lanes]
concurrent = ["orders"]

[dosd]
on_shutdown = "stop"

[dosd.worker]
# There is no other program in the image.
command = ["/dosd", "claim", "orders:42", "--narrated", "placed order 42"]
lease = "supervisor"

[[dosd.witness]]
name = "orders"
kind = "json"
path = "orders.json"

[[dosd.exporter]]
name = "sink"
kind = "webhook"
# A name of the search list: `sink.fleet.internal`.
url = "http://sink:8080/"
TOML
echo '{}' > "$dir/workspace/orders.json"
python3 deploy/test/neighbours.py sink.fleet.internal "$dir/sunk" > "$dir/neighbours.log" 2>&1 &
until_so 'the neighbours are there' grep -q ready "$dir/neighbours.log"
in_container /dosd doctor
in_container /dosd run --log-format json > "$dir/daemon.log" 2>&1 &
daemon=$!
until_so 'a claim is refuted, and the sink hears of it' grep -qs REFUTED "$dir/sunk"

note 'another container asks it'
in_container /dosd ps | tee "$dir/ps"
grep -q orders "$dir/ps" || fail 'nobody works on the lane'
in_container /dosd exporters test sink
grep -q 'cannot be started' "$dir/daemon.log" || fail 'it does not say that there is no git'

note 'told to stop, it stops'
kill -TERM "$(pgrep -x -o dosd)"
wait "$daemon" || fail "it ended with $?"
grep -q '"stopped"' "$dir/daemon.log" || fail 'it was killed'

echo 'The image is well.'
