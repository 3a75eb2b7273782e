# What the scripts of the pods share. POSIX sh; they need timeout, awk, sort, uniq and getent, and the engine's programs.
#
# ENGINE         Redis or Valkey: names the programs; Valkey >= 9 hands over by itself
# MASTER_NAME    what the Sentinels call the master
# NODES          the Services before the servers, by ordinal, separated by blanks: their addresses are announced
# SENTINELS      those before the Sentinels
# QUORUM         how many Sentinels have to name the same master before it is believed
# PORT           of the servers
# SENTINEL_PORT  of the Sentinels
# POD_NAME       of this pod: what follows its last dash is its ordinal
# CONFIGURATION  the folder of redis.conf or sentinel.conf
# SECRETS        the folder of users.acl and the passwords
# TLS            the folder of tls.crt, tls.key and ca.crt; empty where connections are plain
# DATA           the folder that lasts as long as the pod's volume
# RUN            a folder in memory
# LISTEN         the one address to listen at; empty or absent: all of them

case $ENGINE in
  Valkey) SERVER=valkey-server CLI=valkey-cli ;;
  *) SERVER=redis-server CLI=redis-cli ;;
esac
SELF=${LISTEN:-localhost}

# The clients read the password from here, so that no list of processes shows it.
REDISCLI_AUTH=$(cat "$SECRETS/operator-password")
VALKEYCLI_AUTH=$REDISCLI_AUTH
export REDISCLI_AUTH VALKEYCLI_AUTH

log() { echo "$(date -u +%FT%TZ) ${POD_NAME}: $*" >&2; }

# address_of NAME: its address, itself where it is one; nothing where it is not known.
address_of() {
  case $1 in
    *:*) echo "$1" ;;
    *[!0-9.]*) getent hosts "$1" | awk 'NR == 1 { print $1 }' ;;
    *) echo "$1" ;;
  esac
}

# addresses NAME…: the address of each. A name that is not known yet is waited for.
addresses() {
  for name; do
    until address=$(address_of "$name") && [ -n "$address" ]; do
      log "waiting for the address of $name"
      sleep 1
    done
    echo "$address"
  done
}

# Finds the addresses of all servers and Sentinels, once: the Services keep theirs, and from here on neither these
# scripts nor a Sentinel waits for DNS when pods are lost.
find_group() {
  NODES=$(addresses $NODES | awk '{ printf "%s%s", (NR > 1 ? " " : ""), $1 }')
  SENTINELS=$(addresses $SENTINELS | awk '{ printf "%s%s", (NR > 1 ? " " : ""), $1 }')
  printf 'NODES="%s"\nSENTINELS="%s"\n' "$NODES" "$SENTINELS" >"$RUN/group"
}

# own ADDRESS…: the address of this pod among those of its kind.
own() {
  shift "${POD_NAME##*-}"
  echo "$1"
}

# ask HOST PORT COMMAND…: what a server answers; nothing where it does not within 2 s.
ask() {
  host=$1 port=$2
  shift 2
  if [ -n "$TLS" ]; then
    set -- --tls --cacert "$TLS/ca.crt" --cert "$TLS/tls.crt" --key "$TLS/tls.key" "$@"
  fi
  timeout 2 "$CLI" -h "$host" -p "$port" --user operator "$@" 2>/dev/null
}

# info HOST SECTION FIELD…: fields of what INFO says of a server, in one line; "-" for one that is not there.
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

# named_master LEAST: the master that at least so many Sentinels name, each asked for itself; or nothing.
named_master() {
  for sentinel in $SENTINELS; do
    ask "$sentinel" "$SENTINEL_PORT" sentinel get-master-addr-by-name "$MASTER_NAME" |
      awk 'NR == 1 && /^[0-9A-Fa-f.:]+$/' &
  done | sort | uniq -c | sort -rn | awk -v least="$1" '$1 >= least { print $2; exit }'
}

# other_master MASTER: waits up to 10 s until a quorum names another one, and prints that; or nothing.
other_master() {
  # By the clock: where all Sentinels end, too, each try waits for them.
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

# The servers but this one.
peers() {
  for node in $NODES; do [ "$node" = "$ME" ] || echo "$node"; done
}

# The peer that is a master, the one with the most replicas of several; or nothing.
acting_master() {
  for node in $(peers); do
    echo "$(info "$node" replication role connected_slaves) $node"
  done | sort -k 2,2rn | awk '$1 == "master" { print $3; exit }'
}

# fail_over [coordinated]: has one Sentinel begin to replace the master. Fails where none does.
fail_over() {
  for sentinel in $SENTINELS; do
    reply=$(ask "$sentinel" "$SENTINEL_PORT" sentinel failover "$MASTER_NAME" "$@")
    case $reply in OK* | INPROG*) return 0 ;; esac
  done
  log "no Sentinel fails over: ${reply:-no answer}"
  return 1
}

# listener PORT: the lines of a configuration that say where and how to listen.
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
