# clock.sh - sourced by tests of clocks that jump: `at NAME SECONDS` sets by how much the wall clock of what runs behind `clocked NAME COMMAND…` is off, while it runs.
clock_there() { [ -z "${ASAN_OPTIONS:-}" ] || { echo "a sanitizer wants to be loaded first"; return 1; }; [ -e "$B/tests/tools/clock.so" ]; }
at() { python3 -c 'import os,struct,sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644); os.pwrite(fd, struct.pack("<q", int(sys.argv[2])), 0)' "$T/$1.clock" "$2"; }
clocked() { CLOCK_FILE=$T/$1.clock LD_PRELOAD=$B/tests/tools/clock.so exec "${@:2}"; }
DAY=86400
