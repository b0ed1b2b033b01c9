#!/bin/bash
# sanitizers - everything in make check again, under AddressSanitizer and UndefinedBehaviorSanitizer.
. "$(dirname "$0")/lib.sh"
san=$shared/build-san; mkdir -p "$san"; cd "$san"
[ -e Makefile ] || "$here/configure" -q --prefix=/usr --enable-sanitizers CFLAGS='-O1 -g' > "$work/configure.log" 2>&1 || { tail "$work/configure.log"; fail configure; }
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
make -s -j"$(nproc)" > "$work/make.log" 2>&1 || { tail -n 20 "$work/make.log"; fail "the build"; }
NATAL_KILLS=10 make -s -j"$(nproc)" check > "$work/check.log" 2>&1 || { grep -E '^(FAIL|ERROR)' "$work/check.log"; tail -n 60 test-suite.log; fail "make check under sanitizers"; }
ok "make check under ASan and UBSan"
