#!/usr/bin/env bash
# Builds the image from a static binary and runs it: the daemon in one container, whoever talks to
# it in others, a name server and a sink beside them. Nothing is fetched. It needs buildah, iproute2,
# python3 and root; all of it happens in a network of its own.
#
#   deploy/build && deploy/test/image.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly binary=target/static/dosd limit=25000000

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
# All that was started is in a process namespace of its own, of which this is the first process.
trap '((BASHPID != 1)) || kill -KILL -1 2>&- || true; rm -rf "$dir"' EXIT

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
mkdir "$dir/workspace" "$dir/secrets"
echo 'a token of the test' > "$dir/secrets/token"
echo 'another one that may read' > "$dir/secrets/read_token"
chown -R 65532:65532 "$dir/workspace" "$dir/secrets"
# Containers have a root and a user of their own, and share the network of this test.
new_container() { buildah from --dns 127.0.0.1 --dns-search fleet.internal "$1"; }
in_container() {
  local container=$1
  shift
  buildah run --isolation chroot --volume "$dir/workspace:/workspace" \
    --volume "$dir/secrets:/run/secrets:ro" "$container" -- "$@"
}
daemon=$(new_container dosd)
other=$(new_container dosd)
in_container "$daemon" /dosd --version

note 'the configurations of compose and Kubernetes are well'
for configuration in deploy/compose/dos.toml deploy/kubernetes/base/dos.toml; do
  sed 's#/run/secrets/dosd/#/run/secrets/#' "$configuration" > "$dir/workspace/dos.toml"
  in_container "$daemon" /dosd doctor > "$dir/doctor" || { cat "$dir/doctor"; fail "$configuration"; }
done

note 'the daemon supervises and judges, and finds its sink by name'
cat > "$dir/workspace/dos.toml" <<'TOML'
[lanes]
concurrent = ["orders", "free"]
autopick = ["free"]

[lanes.trees]
orders = ["orders/**"]
free = ["free/**"]

[supervise]
target = 1

[dosd]
listen = "0.0.0.0:7717"
on_shutdown = "stop"

[dosd.http]
token_file = "/run/secrets/token"
read_token_file = "/run/secrets/read_token"

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
# A host of the search list: `sink.fleet.internal`.
url = "http://sink:8080/"
TOML
echo '{}' > "$dir/workspace/orders.json"
python3 deploy/test/neighbours.py fleet.internal "$dir/sunk" > "$dir/neighbours.log" 2>&1 &
disown
until_so 'the neighbours are there' grep -q ready "$dir/neighbours.log"
in_container "$daemon" /dosd run --log-format json > "$dir/daemon.log" 2>&1 &
running=$!
until_so 'a claim is refuted, and the sink hears of it' grep -qs REFUTED "$dir/sunk"
grep -q 'git.*cannot be started' "$dir/daemon.log" || fail 'it does not say that there is no git'

note 'its health is asked from inside and from another container'
in_container "$daemon" /dosd health
in_container "$other" /dosd health --server http://daemon:7717
in_container "$other" /dosd health --server http://nobody.elsewhere:7717 && fail 'nobody is well'

note 'a worker in a container of its own takes a lane over the network and gives it back'
mkdir -p "$dir/worker/bin"
cp "$(command -v busybox)" "$dir/worker/bin/busybox"
readelf --program-headers "$dir/worker/bin/busybox" | grep -q INTERP && fail 'busybox is not static'
for applet in cat hostname sed sh sleep wget; do ln -s busybox "$dir/worker/bin/$applet"; done
cp deploy/kubernetes/workers/worker.sh "$dir/worker/"
printf 'FROM scratch\nCOPY . /\nUSER 65532:65532\n' > "$dir/worker/Containerfile"
buildah bud --quiet --isolation chroot --tag worker "$dir/worker" > "$dir/image"
worker=$(new_container worker)
buildah config --env DOSD_SERVER=http://daemon:7717 --env WORKER=w1 \
  --env DOSD_TOKEN_FILE=/run/secrets/token --env PAUSE_SECONDS=1 "$worker"
in_container "$worker" /worker.sh /bin/sh -c 'echo "at work on $LANE, run $RUN_ID"; sleep 1' \
  > "$dir/worker.log" 2>&1 &
working=$!
granted() { (($(grep -c '^lane free is ours' "$dir/worker.log") >= 2)); }
until_so 'the worker got the lane, and got it again' granted
fences=$(sed -n 's/^lane free is ours, fence //p' "$dir/worker.log")
[[ $fences == "$(sort -nu <<< "$fences")" ]] || fail "fences do not rise: $fences"
grep -q 'at work on free, run RID-' "$dir/worker.log" || fail 'the worker knows no run'
kill -TERM "$(pgrep -f -o '^/bin/sh /worker.sh')"
wait "$working" || fail "the worker ended with $?"
in_container "$other" /dosd lease-lane live > "$dir/live"
grep -q w1 "$dir/live" && fail 'the worker left and kept its lane'

note 'told to stop, it stops'
kill -TERM "$(pgrep -x -o dosd)"
wait "$running" || fail "it ended with $?"
grep -q '"stopped"' "$dir/daemon.log" || fail 'it was killed'

echo 'The image is well.'
