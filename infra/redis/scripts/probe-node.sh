#!/bin/sh
# Whether the server can serve: a master, or a replica that is up with its master.

. "${0%/*}/lib.sh"

[ "$(ask "$SELF" "$PORT" ping)" = PONG ] || exit 1
case $(info "$SELF" replication role master_link_status master_sync_in_progress) in
  master* | "slave up 0") exit 0 ;;
esac
exit 1
