#!/usr/bin/env bash
# Lets libFuzzer look for inputs that break a law of one target: the stable toolchain and a C++
# compiler are all it takes. Everything after the target's name is libFuzzer's.
#
#   fuzz/guided.sh TARGET                        until something is found or Ctrl-C
#   fuzz/guided.sh TARGET -max_total_time=300    for five minutes
#
# Inputs that reach something new gather in target/fuzz/TARGET; one that breaks a law is written to
# target/fuzz/findings, and `cargo run -p dosd-fuzz -- TARGET FILE` shows it again.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:?give the name of a target: cargo run -p dosd-fuzz lists them}
shift
coverage=(
  -Cpasses=sancov-module
  -Cllvm-args=-sanitizer-coverage-level=4
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table
  -Cllvm-args=-sanitizer-coverage-trace-compares
)
# Naming the platform keeps these flags away from build scripts, which cannot link with them.
host=$(rustc --print host-tuple)
RUSTFLAGS="${coverage[*]} ${RUSTFLAGS:-}" cargo build --locked --profile fuzz --target "$host" \
  -p dosd-fuzz --features guided --bin guided
mkdir -p "target/fuzz/$target" target/fuzz/findings
exec "target/$host/fuzz/guided" "--target=$target" -artifact_prefix="target/fuzz/findings/$target-" \
  -timeout=10 -rss_limit_mb=2048 "$@" "target/fuzz/$target" "fuzz/corpus/$target"
