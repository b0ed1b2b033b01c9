# Faults: clocks that jump, disks that are full, databases that are damaged.
noinst_PROGRAMS += tests/tools/clock.so
tests_tools_clock_so_SOURCES = tests/tools/clock.c
tests_tools_clock_so_CFLAGS = -fPIC -Wall
tests_tools_clock_so_LDFLAGS = -shared
dist_check_SCRIPTS += tests/controller/idle.sh tests/controller/left.sh tests/controller/restored_keys.sh tests/controller/clock.sh tests/controller/disk.sh tests/controller/flips.sh tests/controller/peers.sh tests/controller/resumed.sh
EXTRA_DIST += tests/tools/stale.py tests/controller/peers.py tests/controller/flips.py tests/tools/clock.sh tests/integration/clocks.sh
