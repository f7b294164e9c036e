# The one that lies: says that it refunded an order, and never did.
. workers/store.sh
open_store
n=0
while :; do
  n=$((n + 1))
  sleep 5
  "$DOSD_BIN" claim "orders:refund-$$-$n" --narrated "refunded, all tests green"
done
