#!/bin/sh
# A worker in a container of its own: takes a lane that is free, beats while a command works on
# it, gives it back, and begins again. It needs a shell and wget, as busybox has them.
#
#   DOSD_SERVER=http://dosd:7717 DOSD_TOKEN_FILE=/run/secrets/token worker.sh COMMAND [ARGUMENT]...
#
# The command finds LANE, FENCE and RUN_ID in its environment: with RUN_ID it claims what it did
# (POST /v1/claims), and what it writes to may refuse an old FENCE. It is ended when the lane was
# given to somebody else meanwhile. Told to stop (TERM), the worker ends it and gives the lane back.
set -u

: "${DOSD_SERVER:?where is the daemon? DOSD_SERVER=http://HOST:7717}"
: "${1:?which command does the work?}"
token=${DOSD_TOKEN-$(cat "${DOSD_TOKEN_FILE:-/run/secrets/token}")} || exit
owner=${WORKER:-$(hostname)}
beat_seconds=${BEAT_SECONDS:-60}
pause_seconds=${PAUSE_SECONDS:-5}

# What the daemon answers to a POST; anything but a success is an error.
post() {
  wget -q -O - --header "Authorization: Bearer $token" \
    --header 'Content-Type: application/json' --post-data "$2" "$DOSD_SERVER/v1/leases$1" 2>&1
}

field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p"; }

# Beats, and ends the work when the lane is somebody else's. A daemon that does not answer is
# waited for: the lease stays as it is.
beat() {
  while sleep "$beat_seconds"; do
    answer=$(post "/$lane/heartbeat" "$holder") && continue
    case $answer in
      *' 404 '* | *' 409 '*)
        echo "lane $lane is not ours any more: $answer" >&2
        kill "$work"
        return
        ;;
      *) echo "no beat for lane $lane: $answer" >&2 ;;
    esac
  done
}

stopping=
work=
pause=
stop() {
  stopping=yes
  kill $work $pause 2>/dev/null
}
trap stop TERM INT

# Waits for a child to its end, signals or not.
ended() {
  while kill -0 "$1" 2>/dev/null; do wait "$1"; done
  wait "$1"
}

while [ -z "$stopping" ]; do
  if granted=$(post '' "{\"owner\":\"$owner\"}"); then
    lane=$(echo "$granted" | field lane)
    fence=$(echo "$granted" | field fence)
    holder="{\"owner\":\"$owner\",\"fence\":$fence}"
    echo "lane $lane is ours, fence $fence"
    LANE=$lane FENCE=$fence RUN_ID=$(echo "$granted" | field run_id) "$@" &
    work=$!
    beat &
    beater=$!
    ended "$work"
    echo "work on lane $lane ended with $?"
    work=
    kill "$beater"
    released=$(post "/$lane/release" "$holder") || echo "lane $lane was not given back: $released" >&2
  else
    echo "no lane: $granted" >&2
  fi
  [ -n "$stopping" ] && break
  sleep "$pause_seconds" &
  pause=$!
  wait "$pause"
  pause=
done
