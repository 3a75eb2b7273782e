#!/bin/sh
# probe-alive.sh node|sentinel: succeeds if the process answers at all, whatever state it reports.

. "${0%/*}/lib.sh"

[ "$1" = sentinel ] && PORT=$SENTINEL_PORT
case $(ask "$SELF" "$PORT" ping) in
  PONG | LOADING* | MASTERDOWN* | BUSY* | NOAUTH* | NOPERM*) exit 0 ;;
esac
exit 1
