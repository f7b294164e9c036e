# The store: one JSON object, order id to order. Sourced by the workers.
store=.dos/store/orders.json

# An empty store, made by whoever comes first. What was there before a run began is
# its baseline, so a worker that had to make the store ends here; its next run
# starts with something to compare against.
open_store() {
  [ -e "$store" ] && return
  mkdir -p "${store%/*}"
  printf '{\n}\n' >"$store.$$"
  ln "$store.$$" "$store" 2>/dev/null
  rm -f "$store.$$"
  echo "opened the store"
  exit 0
}

# Adds an order: a new file under a temporary name, then a rename, so that a
# reader never sees half of it.
put_order() {
  comma=,
  [ "$(wc -l <"$store")" -le 2 ] && comma=
  { sed '$d' "$store"; printf '%s"%s": {"amount": %s}\n}\n' "$comma" "$1" "$2"; } >"$store.new" &&
    mv "$store.new" "$store"
}
