#!/bin/bash
# distcheck - the tree that `make dist` packs builds, checks, installs and uninstalls out of tree.
. "$(dirname "$0")/lib.sh"
# The suite runs once more in there; the long kill test has had its run.
NATAL_KILLS=10 make -s -j"$(nproc)" -C "$build" distcheck DISTCHECK_CONFIGURE_FLAGS=CFLAGS=-O1 > "$work/distcheck.log" 2>&1 || { tail -n 40 "$work/distcheck.log"; fail distcheck; }
ok "make distcheck"
