#!/bin/sh
# Before a data pod stops, a master hands over to a replica, so that no confirmed write is lost and
# clients wait about a second instead of down-after-milliseconds. Always succeeds: the pod stops in any case.

. "${0%/*}/lib.sh"
# Without this file the server has not started.
[ -r "$RUN/group" ] || exit 0
. "$RUN/group"

ME=$(own $NODES)

is_master() { [ "$(info "$SELF" replication role)" = master ]; }

has_replica() { case $(info "$SELF" replication connected_slaves) in [1-9]*) true ;; *) false ;; esac; }

# With Valkey's Sentinel, the master itself waits for the replica that takes over.
hand_over_coordinated() {
  fail_over coordinated || return 1
  tries=75
  while is_master && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.2
  done
  ! is_master
}

# Writes are paused until clients are disconnected from this server: the replicas receive what it confirmed,
# and clients send what it did not confirm to the new master.
hand_over_paused() {
  ask "$SELF" "$PORT" client pause 15000 write >/dev/null
  fail_over
  new=$(other_master "$ME")
  if [ -n "$new" ]; then
    ask "$SELF" "$PORT" replicaof "$new" "$PORT" >/dev/null
    ask "$SELF" "$PORT" client kill type normal skipme yes >/dev/null
  fi
  ask "$SELF" "$PORT" client unpause >/dev/null
  log "handed over to ${new:-nobody}"
}

hand_over() {
  if ! has_replica; then
    log "there is no replica to hand over to"
  elif [ "$ENGINE" = Valkey ] && hand_over_coordinated; then
    log "handed over"
  else
    hand_over_paused
  fi
}

# Waits up to 15 s until the server can be stopped with SIGTERM. It ignores the signal while it writes its first file
# after a synchronization, which a handover can cause. There is nothing to wait for if it does not answer.
settle() {
  tries=75
  while [ "$tries" -gt 0 ]; do
    state=$(info "$SELF" replication role master_link_status)
    case "$state $(info "$SELF" persistence aof_rewrite_scheduled aof_rewrite_in_progress)" in
      "master - 0 0" | "slave up 0 0" | "- - "*) return ;;
    esac
    tries=$((tries - 1))
    sleep 0.2
  done
}

! is_master || hand_over
settle
exit 0
