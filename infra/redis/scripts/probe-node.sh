#!/bin/sh
# Succeeds if the server can serve: it is a master, or a replica with a link to its master.

. "${0%/*}/lib.sh"

[ "$(ask "$SELF" "$PORT" ping)" = PONG ] || exit 1
case $(info "$SELF" replication role master_link_status master_sync_in_progress) in
  master* | "slave up 0") exit 0 ;;
esac
exit 1
