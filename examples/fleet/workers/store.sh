# The stores: orders in a JSON file, payments in a SQLite database, releases in a git repository.
# Sourced by the workers.
store=.dos/store

# Empty stores, made by whoever comes first. What was there before a run began is its
# baseline, so a worker that had to make the stores ends here; its next run starts with
# something to compare against.
open_stores() {
  [ -e "$store" ] && return
  final=$store
  store=$final.$$
  mkdir -p "$store/releases"
  printf '{\n}\n' >"$store/orders.json"
  sql "CREATE TABLE payments (id TEXT PRIMARY KEY, amount)"
  in_releases init --quiet
  mv -T "$store" "$final" 2>/dev/null || rm -rf "$store"
  echo "opened the stores"
  exit 0
}

# Has the daemon judge a claim. Nobody can tell (3) when the stores were not there yet as the
# run began: the next one knows better.
claim() {
  "$DOSD_BIN" claim "$1" --narrated "$2"
  [ $? -ne 3 ] || exit 0
}

# Adds an order: a new file under a temporary name, then a rename, so that a
# reader never sees half of it.
put_order() {
  comma=,
  [ "$(wc -l <"$store/orders.json")" -le 2 ] && comma=
  { sed '$d' "$store/orders.json"; printf '%s"%s": {"amount": %s}\n}\n' "$comma" "$1" "$2"; } >"$store/orders.new" &&
    mv "$store/orders.new" "$store/orders.json"
}

# Runs SQL on the payments, by whichever program is there.
sql() {
  if command -v sqlite3 >/dev/null; then
    sqlite3 -cmd ".timeout 10000" "$store/payments.db" "$1"
  else
    python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])' \
      "$store/payments.db" "$1"
  fi
}

# Runs git in the releases, as nobody in particular.
in_releases() {
  git -C "$store/releases" -c user.name=fleet -c user.email=fleet@localhost -c commit.gpgSign=false "$@"
}
