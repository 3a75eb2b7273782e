#!/bin/sh
# reload.sh node|sentinel PID USERS CERTIFICATE LIMITS: applies files that have changed to the process of this pod, without a
# restart where that is possible, and ends with the process. The last three are the fingerprints of what it was started with.

. "${0%/*}/lib.sh"
KIND=$1 PID=$2 USERS=$3 CERTIFICATE=$4 LIMITS=$5
[ "$KIND" = node ] || PORT=$SENTINEL_PORT

# apply WHAT COMMAND…: succeeds if the process does it.
apply() {
  what=$1
  shift
  reply=$(ask "$SELF" "$PORT" "$@")
  case $reply in
    OK) log "changed $what are in use" ;;
    *) log "changed $what are not in use: ${reply:-no answer}" && return 1 ;;
  esac
}

load_users() { apply users acl load; }

set_limits() { apply limits config set $(cat "$CONFIGURATION/limits"); }

# A server takes a new certificate for new connections and keeps the others. A Sentinel only reads it when it starts, so that the
# kubelet has to start it again: one after the other, for a quorum to be there at any time.
take_certificate() {
  if [ "$KIND" = node ]; then
    apply certificates config set tls-cert-file "$TLS/tls.crt" tls-key-file "$TLS/tls.key" tls-ca-cert-file "$TLS/ca.crt"
  else
    sleep $((${POD_NAME##*-} * 2 * RELOAD_SECONDS))
    log "restarting with a changed certificate"
    kill "$PID"
  fi
}

while sleep "$RELOAD_SECONDS" && kill -0 "$PID" 2>/dev/null; do
  now=$(users_fingerprint)
  [ "$now" = "$USERS" ] || ! load_users || USERS=$now
  now=$(limits_fingerprint)
  [ "$now" = "$LIMITS" ] || ! set_limits || LIMITS=$now
  now=$(certificate_fingerprint)
  [ "$now" = "$CERTIFICATE" ] || ! take_certificate || CERTIFICATE=$now
done
