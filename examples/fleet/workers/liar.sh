# The one that lies: says that it did something, and never does. Its argument is where.
. workers/store.sh
open_stores
n=0
while :; do
  n=$((n + 1))
  claim "$1-$$-$n" "done, all tests green"
  sleep 5
done
