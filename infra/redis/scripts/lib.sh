# Functions that the scripts of the pods share. POSIX sh; needs timeout, awk, sort, uniq, cksum, getent and the engine's programs.
#
# ENGINE         Redis or Valkey: selects the programs; Valkey >= 9 has coordinated failover
# MASTER_NAME    the name of the master at the Sentinels
# NODES          the Services of the servers by ordinal, separated by spaces; their addresses are announced
# SENTINELS      the Services of the Sentinels by ordinal, separated by spaces
# QUORUM         how many Sentinels must name the same master
# PORT           the port of the servers
# SENTINEL_PORT  the port of the Sentinels
# POD_NAME       the name of this pod, which ends with its ordinal
# CONFIGURATION  the folder of redis.conf and limits, or sentinel.conf
# SECRETS        the folder of users.acl and the passwords
# TLS            the folder of tls.crt, tls.key and ca.crt; empty without TLS
# DATA           the folder of the pod's volume
# RUN            a folder in memory
# RELOAD_SECONDS how long until a changed file is noticed
# LISTEN         the address to listen at; empty or absent: all addresses

case $ENGINE in
  Valkey) SERVER=valkey-server CLI=valkey-cli ;;
  *) SERVER=redis-server CLI=redis-cli ;;
esac
SELF=${LISTEN:-localhost}

# The command line clients read the password from the environment, so that process lists do not show it.
REDISCLI_AUTH=$(cat "$SECRETS/operator-password")
VALKEYCLI_AUTH=$REDISCLI_AUTH
export REDISCLI_AUTH VALKEYCLI_AUTH

log() { echo "$(date -u +%FT%TZ) ${POD_NAME}: $*" >&2; }

# address_of NAME: prints its address, or NAME itself if it is one; nothing if it cannot be resolved.
address_of() {
  case $1 in
    *:*) echo "$1" ;;
    *[!0-9.]*) getent hosts "$1" | awk 'NR == 1 { print $1 }' ;;
    *) echo "$1" ;;
  esac
}

# addresses NAME…: prints the address of each. Waits for names that cannot be resolved yet.
addresses() {
  for name; do
    until address=$(address_of "$name") && [ -n "$address" ]; do
      log "waiting for the address of $name"
      sleep 1
    done
    echo "$address"
  done
}

# Resolves the addresses of all servers and Sentinels once. Services keep their addresses, so from here on neither these
# scripts nor a Sentinel waits for DNS when pods are lost.
find_group() {
  NODES=$(addresses $NODES | awk '{ printf "%s%s", (NR > 1 ? " " : ""), $1 }')
  SENTINELS=$(addresses $SENTINELS | awk '{ printf "%s%s", (NR > 1 ? " " : ""), $1 }')
  printf 'NODES="%s"\nSENTINELS="%s"\n' "$NODES" "$SENTINELS" >"$RUN/group"
}

# own ADDRESS…: prints the address of this pod among those of its kind.
own() {
  shift "${POD_NAME##*-}"
  echo "$1"
}

# ask HOST PORT COMMAND…: prints the answer of a server; nothing if there is none within 2 s.
ask() {
  host=$1 port=$2
  shift 2
  if [ -z "$TLS" ]; then
    :
  elif [ "$host" = "$SELF" ]; then
    # This connection does not leave the pod, and the process may still have the certificate of another authority.
    set -- --tls --insecure "$@"
  else
    set -- --tls --cacert "$TLS/ca.crt" "$@"
  fi
  timeout 2 "$CLI" -h "$host" -p "$port" --user operator "$@" 2>/dev/null
}

# info HOST SECTION FIELD…: prints fields of a server's INFO in one line; "-" for a missing one.
info() {
  host=$1 section=$2
  shift 2
  ask "$host" "$PORT" info "$section" | awk -F : -v fields="$*" '
    { sub(/\r$/, ""); found[$1] = $2 }
    END {
      count = split(fields, names, " ")
      for (at = 1; at <= count; at++) {
        printf "%s%s", names[at] in found ? found[names[at]] : "-", at < count ? " " : "\n"
      }
    }'
}

# named_master MIN: prints the master that at least MIN Sentinels name; or nothing.
named_master() {
  for sentinel in $SENTINELS; do
    ask "$sentinel" "$SENTINEL_PORT" sentinel get-master-addr-by-name "$MASTER_NAME" |
      awk 'NR == 1 && /^[0-9A-Fa-f.:]+$/' &
  done | sort | uniq -c | sort -rn | awk -v min="$1" '$1 >= min { print $2; exit }'
}

# other_master MASTER: waits up to 10 s until a quorum names another master, and prints that; or nothing.
other_master() {
  # Measured by the clock, because each attempt may itself wait for Sentinels that are stopping.
  end=$(($(date +%s) + 10))
  while [ "$(date +%s)" -lt "$end" ]; do
    now=$(named_master "$QUORUM")
    if [ -n "$now" ] && [ "$now" != "$1" ]; then
      echo "$now"
      return
    fi
    sleep 0.2
  done
}

# Prints the other servers.
peers() {
  for node in $NODES; do [ "$node" = "$ME" ] || echo "$node"; done
}

# Prints the peer that is a master; of several, the one with the most replicas; or nothing.
acting_master() {
  for node in $(peers); do
    echo "$(info "$node" replication role connected_slaves) $node"
  done | sort -k 2,2rn | awk '$1 == "master" { print $3; exit }'
}

# fail_over [coordinated]: makes one Sentinel start a failover. Fails if none does.
fail_over() {
  for sentinel in $SENTINELS; do
    reply=$(ask "$sentinel" "$SENTINEL_PORT" sentinel failover "$MASTER_NAME" "$@")
    case $reply in OK* | INPROG*) return 0 ;; esac
  done
  log "no Sentinel fails over: ${reply:-no answer}"
  return 1
}

# listener PORT: prints the configuration of address, port and TLS.
listener() {
  echo "bind ${LISTEN:-* -::*}"
  if [ -z "$TLS" ]; then
    echo "port $1"
    return
  fi
  echo "port 0"
  echo "tls-port $1"
  echo "tls-replication yes"
  echo "tls-auth-clients optional"
  echo "tls-cert-file $TLS/tls.crt"
  echo "tls-key-file $TLS/tls.key"
  echo "tls-ca-cert-file $TLS/ca.crt"
}

# fingerprint FILE…: prints what changes with their content.
fingerprint() { cat "$@" 2>/dev/null | cksum; }
users_fingerprint() { fingerprint "$SECRETS/users.acl"; }
certificate_fingerprint() { [ -z "$TLS" ] || fingerprint "$TLS/tls.crt" "$TLS/tls.key" "$TLS/ca.crt"; }
limits_fingerprint() { fingerprint "$CONFIGURATION/limits"; }

# reload_changes node|sentinel: from here on, changed files are applied to the process that this shell becomes.
reload_changes() {
  sh "${0%/*}/reload.sh" "$1" "$$" "$(users_fingerprint)" "$(certificate_fingerprint)" "$(limits_fingerprint)" &
}
