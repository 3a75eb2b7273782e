#!/bin/sh
# Starts a Sentinel. It continues with its saved state; without one it asks the other Sentinels, and then the servers.
# If each Sentinel took the next best server for the master, there would be several masters.

. "${0%/*}/lib.sh"
find_group

ME=$(own $SENTINELS)
STATE=$DATA/sentinel.conf

# saved LINE…: prints these lines of the last run's configuration.
saved() {
  [ -s "$STATE" ] && awk -v kinds=" $* " '$1 == "sentinel" && index(kinds, " " $2 " ")' "$STATE"
}

# Prints the master that the last run watched, if it is still one of the servers.
remembered_master() {
  saved monitor | awk -v nodes=" $NODES " 'index(nodes, " " $4 " ") { print $4; exit }'
}

configuration() {
  listener "$SENTINEL_PORT"
  echo "dir $DATA"
  echo "aclfile $SECRETS/users.acl"
  echo "sentinel announce-ip $ME"
  echo "sentinel announce-port $SENTINEL_PORT"
  echo "sentinel sentinel-user peer"
  echo "sentinel sentinel-pass $(cat "$SECRETS/peer-password")"
  echo "sentinel monitor $MASTER_NAME $MASTER $PORT $QUORUM"
  echo "sentinel auth-user $MASTER_NAME sentinel"
  echo "sentinel auth-pass $MASTER_NAME $(cat "$SECRETS/sentinel-password")"
  cat "$CONFIGURATION/sentinel.conf"
  [ -z "$REMEMBERED" ] || saved myid current-epoch config-epoch leader-epoch known-replica known-sentinel
}

REMEMBERED=$(remembered_master)
MASTER=$REMEMBERED
[ -n "$MASTER" ] || MASTER=$(named_master 1)
[ -n "$MASTER" ] || MASTER=$(acting_master)
[ -n "$MASTER" ] || MASTER=${NODES%% *}
log "watching $MASTER"

umask 077
reload_changes sentinel
configuration >"$STATE.new"
mv "$STATE.new" "$STATE"
exec "$SERVER" "$STATE" --sentinel
