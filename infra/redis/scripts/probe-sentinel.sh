#!/bin/sh
# Whether the Sentinel watches the master. Whether enough of them do is for an alert: one that is lost would make
# all of them unready.

. "${0%/*}/lib.sh"

case $(ask "$SELF" "$SENTINEL_PORT" sentinel master "$MASTER_NAME") in
  name*) exit 0 ;;
esac
exit 1
