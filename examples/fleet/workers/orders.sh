# The honest one: places an order, then claims it.
. workers/store.sh
open_store
n=0
while :; do
  n=$((n + 1))
  order="order-$$-$n"
  put_order "$order" $((n * 10))
  "$DOSD_BIN" claim "orders:$order" --narrated "placed $order"
  sleep 4
done
