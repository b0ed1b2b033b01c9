#!/bin/sh
# run.sh - removes each verification check in turn and expects a failing test: `make check-mutants`.
#
# A mutant is one source file of a library with one place changed (LIST).  Only that file is compiled; its object is linked in front of
# the library, so that it takes the place of the library's own.  The tree is not touched.
#
# usage: run.sh [-v] LIST... ; environment: builddir srcdir MUTANT_CC (compiler and all flags) MUTANT_LIBS (libraries, in order)
#   NATAL_VERIFY_LIBS (of natal-verify).
# A LIST has lines: "% TEST..." the tests for what follows (unit tests' paths, or a script run with the mutated natal-verify);
#   "* NAME", "@ FILE", "- TEXT" (stands once in FILE), "+ TEXT" (instead); "& FLAGS" for the compiler from here, "&" none.
# As many processes as there are CPUs (or MUTANT_JOBS) share the list: SHARD is the number of one of them.
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

link_test() { # link_test TEST OBJECT: the mutated program
  case $1 in
  *.sh)
    mkdir -p "$tmp/bin/tests/vectors"
    ln -sf "$builddir/tests/vectors/test_vectors" "$tmp/bin/tests/vectors/"
    set -- "$2" "$(basename "$file" .c)"
    others=
    for o in common/verify/natal_verify-*.o; do [ "$o" = "common/verify/natal_verify-$2.o" ] || others="$others $o"; done
    $MUTANT_CC $flags -o "$tmp/bin/natal-verify" "$1" $others $NATAL_VERIFY_LIBS ;;
  *) $MUTANT_CC $flags -o "$tmp/test" "$(dirname "$1")/$(basename "$1")-$(basename "$1").o" "$2" $MUTANT_LIBS ;;
  esac
}

dies() { # dies TEST: does the mutated program fail it?
  case $1 in
  *.sh) ! builddir=$tmp/bin timeout 120 "$srcdir/$1" > "$tmp/log" 2>&1 < /dev/null ;;
  *) ! NATAL_TEST_SAMPLES=1 timeout 120 "$tmp/test" > "$tmp/log" 2>&1 < /dev/null || ! timeout 120 "$tmp/test" > "$tmp/log" 2>&1 < /dev/null ;;
  esac
}

unchanged() { # unchanged TEST: passes as it is, or its failures say nothing
  case $1 in
  *.sh) "$srcdir/$1" > "$tmp/log" 2>&1 < /dev/null ;;
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
