#!/bin/sh
# Succeeds if the Sentinel watches the master. Too few Sentinels are a matter for an alert: if this probe checked them, a lost
# one would make all of them unready.

. "${0%/*}/lib.sh"

case $(ask "$SELF" "$SENTINEL_PORT" sentinel master "$MASTER_NAME") in
  name*) exit 0 ;;
esac
exit 1
