#!/bin/sh
# Starts the server of a data pod: as a replica of the master, or as the master where that cannot lose data.
#
# A server that has just started may have less data than its peers: what it lost with its memory or its volume would
# be lost everywhere as soon as the others follow it. So a restarted master yields to a peer that has the data.

. "${0%/*}/lib.sh"
trap 'exit 0' TERM
find_group

ME=$(own $NODES)
FIRST=${NODES%% *}
STARTED=$(date +%s)

# How long to wait for Sentinels at the first start, and after everything has been down.
SENTINELS_SECONDS=10
# How long a master with its data tries to yield, and one without data waits for peers that do not answer.
YIELD_SECONDS=25

waited() { [ $(($(date +%s) - STARTED)) -ge "$1" ]; }

persists() { awk '$1 == "appendonly" { kept = $2 } END { exit kept != "yes" }' "$CONFIGURATION/redis.conf"; }

has_data() {
  persists || return 1
  set -- "$DATA"/appendonlydir/*.aof
  [ -e "$1" ]
}

# Prints what each peer holds: "data", "nothing", or "unknown" if it does not answer.
holdings() {
  for node in $(peers); do
    case $(ask "$node" "$PORT" dbsize) in
      0) echo nothing ;;
      [1-9]* | LOADING*) echo data ;;
      *) echo unknown ;;
    esac
  done
}

# Succeeds if a peer followed this server until it stopped. A peer that was disconnected before, or has just started itself, may
# have less data than the volume here.
has_follower() {
  for node in $(peers); do
    info "$node" replication role master_link_status master_link_down_since_seconds
  done | awk '$1 == "slave" && ($2 == "up" || ($3 ~ /^[0-9]+$/ && $3 < 60)) { found = 1 } END { exit !found }'
}

# Prints what a server does that others take for the master: it may "lead", must "yield" to a peer that has the
# data, or must "wait" for answers of its peers.
standing() {
  if has_data; then
    if has_follower && ! waited "$YIELD_SECONDS"; then echo yield; else echo lead; fi
    return
  fi
  case $(holdings) in
    *data*) echo yield ;;
    *unknown*) if waited "$YIELD_SECONDS"; then echo lead; else echo wait; fi ;;
    *) echo lead ;;
  esac
}

# Prints the address of the master, which may be this server; nothing while it is not known.
choose_master() {
  named=$(named_master "$QUORUM")
  case $named in
    "") choose_without_sentinels ;;
    "$ME") choose_as_named ;;
    *) echo "$named" ;;
  esac
}

choose_as_named() {
  case $(standing) in
    lead) echo "$ME" ;;
    yield)
      log "the Sentinels name this server, which has just started, and a peer has the data: failing over"
      fail_over && other_master "$ME"
      ;;
  esac
}

choose_without_sentinels() {
  acting=$(acting_master)
  if [ -n "$acting" ]; then
    echo "$acting"
  elif waited "$SENTINELS_SECONDS"; then
    if [ "$ME" != "$FIRST" ]; then echo "$FIRST"; elif [ "$(standing)" = lead ]; then echo "$ME"; fi
  fi
}

configuration() {
  cat "$CONFIGURATION/redis.conf"
  listener "$PORT"
  echo "dir $DATA"
  echo "aclfile $SECRETS/users.acl"
  echo "masterauth $(cat "$SECRETS/replica-password")"
  echo "replica-announce-ip $ME"
  echo "replica-announce-port $PORT"
  [ "$MASTER" = "$ME" ] || echo "replicaof $MASTER $PORT"
}

# A copy that a full synchronization left behind would restore sessions that have ended since.
persists || rm -f "$DATA"/*.rdb

MASTER=$(choose_master)
while [ -z "$MASTER" ]; do
  sleep 1
  MASTER=$(choose_master)
done
if [ "$MASTER" = "$ME" ]; then log "starting as master"; else log "starting as replica of $MASTER"; fi

umask 077
reload_changes node
configuration >"$RUN/node.conf"
exec "$SERVER" "$RUN/node.conf"
