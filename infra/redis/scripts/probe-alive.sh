#!/bin/sh
# probe-alive.sh node|sentinel: whether the process answers at all. What it says of its state is no reason to kill it.

. "${0%/*}/lib.sh"

[ "$1" = sentinel ] && PORT=$SENTINEL_PORT
case $(ask "$SELF" "$PORT" ping) in
  PONG | LOADING* | MASTERDOWN* | BUSY* | NOAUTH* | NOPERM*) exit 0 ;;
esac
exit 1
