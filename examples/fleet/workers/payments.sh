# An honest one: takes a payment in the SQLite database, then claims it.
. workers/store.sh
open_stores
n=0
while :; do
  n=$((n + 1))
  payment="payment-$$-$n"
  sql "INSERT INTO payments VALUES ('$payment', $((n * 10)))"
  claim "payments:$payment" "took $payment"
  sleep 4
done
