# An honest one: places an order in the JSON store, then claims it.
. workers/store.sh
open_stores
n=0
while :; do
  n=$((n + 1))
  order="order-$$-$n"
  put_order "$order" $((n * 10))
  claim "orders:$order" "placed $order"
  sleep 4
done
