# pg.sh - sourced by tests that want a PostgreSQL of their own: in a temporary folder, on a unix socket, ended by its process id.
#
# pg_start NAME [OPTION…]: a new server, $PG/NAME/data, port from pg_port; its address is `pg_url NAME [DATABASE]`. pg_end NAME [SIGNAL].
# PG_WITHIN: what the server is started by, "ip netns exec NAME". pg_clean ends all and removes everything. pg_there: are the server's programs installed? As root it runs as the user postgres.
PG= PG_BIN=
pg_there() {
  PG_BIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
  [ -x "$PG_BIN/initdb" ] || PG_BIN=$(dirname "$(command -v initdb 2>/dev/null || echo /nonexistent/initdb)")
  [ -x "$PG_BIN/initdb" ] && [ -x "$PG_BIN/postgres" ] && command -v psql >/dev/null || return 1
  [ "$(id -u)" != 0 ] || id postgres >/dev/null 2>&1
}
pg_as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/nonexistent LC_ALL=C "$@"; else env LC_ALL=C "$@"; fi; }
# In the place of a subshell, so that its process id is the program's.
pg_exec() { if [ "$(id -u)" = 0 ]; then exec ${PG_WITHIN:-} setpriv --reuid=postgres --regid=postgres --init-groups env HOME=/nonexistent LC_ALL=C "$@"; else exec env LC_ALL=C "$@"; fi; }
# A private folder: who cannot enter it cannot connect.
pg_folder() {
  [ -z "$PG" ] || return 0
  PG=$(mktemp -d /tmp/natal-pg.XXXXXX) && { [ "$(id -u)" != 0 ] || chown postgres: "$PG"; }
}
pg_run() { # NAME OPTION…: the server on a data folder that is there
  local name=$1; shift
  # A redirection of ours, not the server's: it is another user.
  pg_exec "$PG_BIN/postgres" -D "$PG/$name/data" -k "$PG/$name" -c listen_addresses= -c max_connections=100 -c shared_buffers=64MB "$@" \
    >>"/tmp/${PG##*/}.$name.log" 2>&1 </dev/null &
  eval "PG_PID_$name=$!"
  local until=$((SECONDS + 30))
  until "$PG_BIN/pg_isready" -q -h "$PG/$name" -U natal -d postgres; do
    kill -0 $! 2>/dev/null && [ $SECONDS -lt $until ] || { cat "/tmp/${PG##*/}.$name.log" >&2; return 1; }
    sleep 0.1
  done
}
pg_start() {
  local name=$1; shift
  { [ -n "$PG_BIN" ] || pg_there; } && pg_folder && pg_as mkdir -m 700 "$PG/$name" &&
  pg_as "$PG_BIN/initdb" -D "$PG/$name/data" -U natal -A trust -E UTF8 --locale=C --no-sync >"/tmp/${PG##*/}.$name.log" 2>&1 || return 1
  pg_run "$name" "$@" && psql -q -h "$PG/$name" -U natal -d postgres -c 'CREATE DATABASE natal' >/dev/null
}
pg_url() { printf 'postgresql://natal@/%s?host=%s' "${2:-natal}" "$PG/$1"; }
pg_pid() { eval "echo \${PG_PID_$1:-}"; }
pg_sql() { psql -X -q -A -t -h "$PG/$1" -U natal -d "${3:-natal}" -c "$2"; }
pg_end() { # NAME [SIGNAL]
  local pid; pid=$(pg_pid "$1")
  [ -n "$pid" ] || return 0
  kill -"${2:-INT}" "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  eval "PG_PID_$1="
}
pg_clean() {
  local name
  [ -n "$PG" ] || return 0
  for name in "$PG"/*/; do pg_end "$(basename "$name")" QUIT; done
  rm -rf "$PG" "/tmp/${PG##*/}."*.log
}
