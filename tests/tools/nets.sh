# nets.sh - sourced by tests that want machines on a network: a network namespace for each, all on one bridge, 10.77.0.0/24.
#
# nets_there || skip; nets_up NAME…; `net_ip NAME`; net_in NAME COMMAND… (in a subshell `exec net_in` keeps the process id); net_cut A B, net_heal A B:
# what they say to each other is lost without a word; nets_clean.
NETS= NETS_PREFIX=natal-$$
nets_why() { echo "network namespaces cannot be made here: $(ip netns add "$NETS_PREFIX-x" 2>&1 | tail -1; ip netns del "$NETS_PREFIX-x" 2>/dev/null)"; }
nets_there() {
  command -v ip > /dev/null && [ "$(id -u)" = 0 ] && ip netns add "$NETS_PREFIX-x" 2> /dev/null || return 1
  ip -n "$NETS_PREFIX-x" link add br0 type bridge 2> /dev/null && ip -n "$NETS_PREFIX-x" link add v0 type veth peer name v1 2> /dev/null
  local there=$?
  ip netns del "$NETS_PREFIX-x"
  return $there
}
net_ip() { local i=1 n; for n in $NETS; do [ "$n" = "$1" ] && break; i=$((i + 1)); done; echo "10.77.0.$i"; }
net_in() { local n=$1; shift; ip netns exec "$NETS_PREFIX-$n" "$@"; }
nets_up() {
  local n
  NETS=$*
  ip netns add "$NETS_PREFIX-switch" && ip -n "$NETS_PREFIX-switch" link add br0 type bridge && ip -n "$NETS_PREFIX-switch" link set br0 up || return 1
  for n in $NETS; do
    ip netns add "$NETS_PREFIX-$n" && ip -n "$NETS_PREFIX-$n" link add eth0 type veth peer name "to-$n" netns "$NETS_PREFIX-switch" &&
      ip -n "$NETS_PREFIX-switch" link set "to-$n" master br0 up && ip -n "$NETS_PREFIX-$n" addr add "$(net_ip "$n")/24" dev eth0 &&
      ip -n "$NETS_PREFIX-$n" link set eth0 up && ip -n "$NETS_PREFIX-$n" link set lo up || return 1
  done
}
# Each sends to a card that nobody has.
net_cut() {
  ip -n "$NETS_PREFIX-$1" neigh replace "$(net_ip "$2")" lladdr 02:00:00:00:00:01 nud permanent dev eth0
  ip -n "$NETS_PREFIX-$2" neigh replace "$(net_ip "$1")" lladdr 02:00:00:00:00:01 nud permanent dev eth0
}
net_heal() {
  ip -n "$NETS_PREFIX-$1" neigh del "$(net_ip "$2")" dev eth0
  ip -n "$NETS_PREFIX-$2" neigh del "$(net_ip "$1")" dev eth0
}
nets_clean() { local n; for n in $NETS switch; do ip netns del "$NETS_PREFIX-$n" 2> /dev/null; done; NETS=; }
# One PostgreSQL on machine db and a natald on each of a and b, in $S and $T/sb, for a test that has sourced lib.sh and pg.sh and made the three
# machines: $url, $A, $D.
natald_start() { # a|b STATE
  touch "$T/$1.log"
  (exec ip netns exec "$NETS_PREFIX-$1" "$B/natald" --state "$2" --store "$url" --listen "$(net_ip "$1"):8443" 2>> "$T/$1.log") &
  within 30 grep -q 'ready$' "$T/$1.log" || { fail "natald $1: $(tail -3 "$T/$1.log")"; exit 1; }
}
two_natald() {
  PG_WITHIN="ip netns exec $NETS_PREFIX-db" pg_start one -c fsync=off -c listen_addresses="$(net_ip db)" -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 \
    -c tcp_keepalives_count=3 || exit 1
  echo 'host all all 10.77.0.0/24 trust' | pg_as tee -a "$PG/one/data/pg_hba.conf" > /dev/null; pg_sql one "SELECT pg_reload_conf()" > /dev/null
  url="postgresql://natal@$(net_ip db)/natal?connect_timeout=2&tcp_user_timeout=4000"
  mkdir -p "$S" "$T/sb"
  natald_start a "$S"; A=$!
  cp "$S/store.key" "$T/sb/"
  natald_start b "$T/sb"; D=$!
}
