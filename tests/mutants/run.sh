#!/bin/sh
# run.sh - removes each verification check in turn and expects a failing test: `make check-mutants`.
#
# A mutant is one source file of a library with one place changed (LIST).  Only that file is compiled; its object is linked in front of
# the library, so that it takes the place of the library's own.  The tree is not touched.
#
# usage: run.sh [-v] LIST... ; environment: builddir srcdir MUTANT_CC (compiler and all flags), and libraries in order: MUTANT_LIBS of the tests of
#   common/, AGENT_MUTANT_LIBS and CONTROLLER_MUTANT_LIBS of the tests of those, NATAL_VERIFY_LIBS, NATAL_AGENT_LIBS and NATALD_LIBS of the programs.
# A LIST has lines: "% TEST..." the tests for what follows (unit tests' paths, or a script that is run with the mutated program: natal-verify for
#   tests/verify, natal-agent for tests/agent, natald for tests/controller);
#   "* NAME", "@ FILE", "- TEXT" (stands once in FILE), "+ TEXT" (instead); "& FLAGS" for the compiler from here, "&" none.
# As many processes as there are CPUs (or MUTANT_JOBS) share the list: SHARD is the number of one of them.
# MUTANT_SAMPLE=N runs one of N, beginning with the one that MUTANT_SEED says; that each stands where it says is looked at for all.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
jobs=${MUTANT_JOBS:-$(nproc)}
if [ -z "${SHARD:-}" ]; then
  i=0
  while [ $i -lt "$jobs" ]; do
    SHARD=$i MUTANT_JOBS=$jobs "$0" "$@" > "$tmp/out.$i" 2>&1 &
    i=$((i + 1))
  done
  wait
  cat "$tmp"/out.* | grep -v '^COUNT '
  cat "$tmp"/out.* | awk -v jobs="$jobs" '/^COUNT / { killed += $2; survived += $3; wrong += $4; done++ }
    END { printf "%d killed, %d survived\n", killed, survived; exit !(done == jobs && killed && !survived && !wrong) }'
  exit $?
fi
verbose=
[ "${1:-}" = -v ] && { verbose=1; shift; }
killed=0 survived=0 wrong=0 number=0 flags=
export ASAN_OPTIONS=detect_leaks=0
cd "$builddir" || exit 1

change() { # change FILE: $old (once) becomes $new
  OLD=$old NEW=$new awk '
    { line = $0; out = ""
      while ((at = index(line, ENVIRON["OLD"]))) { out = out substr(line, 1, at - 1) ENVIRON["NEW"]; line = substr(line, at + length(ENVIRON["OLD"])); n++ }
      print out line }
    END { exit n != 1 }' "$1"
}

object() { # object SOURCE-OR-TEST: the object that automake made of it, whatever it is called
  ls "$(dirname "$1")"/*"-$(basename "$1")".o 2> /dev/null | head -n 1
}

# The programs that a script runs are looked for in one folder: there, all are the build's own but the mutated one.
farm() { # farm PROGRAM OBJECT-OR-LIBRARY...
  rm -rf "$tmp/bin"
  mkdir -p "$tmp/bin/tests/vectors"
  for p in natalctl natald natal-hostd natal-agent natal-guestd natal-verify; do [ "$p" = "$1" ] || ln -s "$builddir/$p" "$tmp/bin/"; done
  ln -s "$builddir/tests/tools" "$tmp/bin/tests/"
  ln -s "$builddir/tests/vectors/test_vectors" "$tmp/bin/tests/vectors/"
  program=$1; shift
  $MUTANT_CC $flags -o "$tmp/bin/$program" "$@"
}

link_test() { # link_test TEST OBJECT: the mutated program
  case $1 in
  tests/verify/*.sh)
    others=
    for o in common/verify/natal_verify-*.o; do [ "$o" = "common/verify/natal_verify-$(basename "$file" .c).o" ] || others="$others $o"; done
    farm natal-verify "$2" $others $NATAL_VERIFY_LIBS ;;
  tests/agent/*.sh | tests/agent/*.py) farm natal-agent agent/main.o "$2" $NATAL_AGENT_LIBS ;;
  tests/controller/*.sh) farm natald controller/natald/natald-*.o "$2" $NATALD_LIBS ;;
  tests/unit/agent/*) $MUTANT_CC $flags -o "$tmp/test" "$(object "$1")" "$2" $AGENT_MUTANT_LIBS ;;
  tests/unit/controller/*) $MUTANT_CC $flags -o "$tmp/test" "$(object "$1")" "$2" $CONTROLLER_MUTANT_LIBS ;;
  *) $MUTANT_CC $flags -o "$tmp/test" "$(object "$1")" "$2" $MUTANT_LIBS ;;
  esac
}

run_script() { builddir=$tmp/bin NATALD=$tmp/bin/natald timeout 120 "$srcdir/$1" > "$tmp/log" 2>&1 < /dev/null; }

dies() { # dies TEST: does the mutated program fail it?  Tests that wait for something have two tries to notice.
  case $1 in
  *.sh | *.py) ! run_script "$1" || ! run_script "$1" ;;
  *) ! NATAL_TEST_SAMPLES=1 timeout 120 "$tmp/test" > "$tmp/log" 2>&1 < /dev/null || ! timeout 120 "$tmp/test" > "$tmp/log" 2>&1 < /dev/null ;;
  esac
}

unchanged() { # unchanged TEST: passes as it is, or its failures say nothing
  case $1 in
  *.sh | *.py) "$srcdir/$1" > "$tmp/log" 2>&1 < /dev/null ;;
  *) NATAL_TEST_SAMPLES=1 "./$1" > "$tmp/log" 2>&1 < /dev/null ;;
  esac || { echo "WRONG: $1 fails without any mutant"; cat "$tmp/log"; wrong=$((wrong + 1)); }
}

one() { # one: the mutant $name, when it is this shard's
  number=$((number + 1))
  [ $((number % jobs)) = "$SHARD" ] || return
  mkdir -p "$tmp/$(dirname "$file")"
  if ! change "$srcdir/$file" > "$tmp/$file"; then
    echo "WRONG: $name: '$old' does not stand once in $file"; wrong=$((wrong + 1)); return
  fi
  [ $(((number / jobs + ${MUTANT_SEED:-0}) % ${MUTANT_SAMPLE:-1})) = 0 ] || return
  if ! $MUTANT_CC $flags -c -o "$tmp/mutant.o" "$tmp/$file" 2> "$tmp/log"; then
    echo "WRONG: $name: does not compile"; cat "$tmp/log"; wrong=$((wrong + 1)); return
  fi
  for t in $tests; do
    if ! link_test "$t" "$tmp/mutant.o" > "$tmp/log" 2>&1; then
      echo "WRONG: $name: $t does not link"; cat "$tmp/log"; wrong=$((wrong + 1)); return
    fi
    if dies "$t"; then
      killed=$((killed + 1))
      [ -z "$verbose" ] || echo "killed: $name ($(basename "$t"))"
      return
    fi
  done
  echo "SURVIVED: $name ($file)"; survived=$((survived + 1))
}

for list; do
  tests= name= file= old=
  while IFS= read -r line; do
    case $line in
    '% '*) tests=${line#% }; [ "$SHARD" != 0 ] || for t in $tests; do unchanged "$t"; done ;;
    '* '*) name=${line#\* } ;;
    '@ '*) file=${line#@ } ;;
    '- '*) old=${line#- } ;;
    '+ '* | '+') new=${line#+}; new=${new# }; one ;;
    '& '* | '&') flags=${line#&} ;;
    '' | '#'*) ;;
    *) echo "WRONG: $list: '$line'"; wrong=$((wrong + 1)) ;;
    esac
  done < "$list"
done
echo "COUNT $killed $survived $wrong"
