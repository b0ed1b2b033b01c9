#!/bin/bash
# completion - in bash, zsh and fish as they are: nouns, verbs, options, words of options, names that natald holds, files; and no natald is started by it.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || { echo "python3 is needed"; exit 77; }
export PATH=$B:$PATH NATAL_STATE=$S HOME=$T
n key init >/dev/null; for v in web-1 web-2 db-1; do n vm create $v --host none >/dev/null || fail "no $v"; done
mkdir "$T/image"; for f in r k i; do echo x > "$T/image/$f"; done; echo '{"kernel":"k","initrd":"i","root":"r","os":"debian-12","built_at":1,"agent_version":"0"}' > "$T/image/image.json"
n image register golden --from "$T/image" >/dev/null || fail "no image"
n access grant operator alice >/dev/null || fail "no access"
mkdir "$T/files"; touch "$T/files/chain.pem"; cd "$T/files" || exit 1; mkdir inner

# What each shell makes of a line that the cursor stands at the end of.
in_bash() { bash --norc -c 'eval "$(natalctl completion bash)"; line=$1; read -ra COMP_WORDS <<<"${line//=/ = }"; [[ $line == *" " ]] && COMP_WORDS+=(""); [[ $line == *= ]] && COMP_WORDS+=("")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$line COMP_POINT=${#line}; _natalctl; printf "%s\n" "${COMPREPLY[@]}"' - "$1" 2>&1 | sort; }
in_fish() { fish --no-config -c 'natalctl completion fish | source; complete -C "$argv[1]"' "$1" 2>&1 | cut -f1 | sort; }
# WORD: what is waited for, however long this machine takes
in_zsh() { python3 - "$1" "${2:-}" <<'P'
import os, pty, re, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM="vt100", COLUMNS="200", LINES="60", PS1="READY> ")
    os.execvp("zsh", ["zsh", "-f", "-i"])
def until(mark, seconds=20):
    seen, end = "", time.time() + seconds
    while time.time() < end and not re.search(mark, seen):
        if select.select([fd], [], [], 0.1)[0]:
            try: seen += os.read(fd, 65536).decode(errors="replace")
            except OSError: break
    return seen
until("READY> ")
os.write(fd, b"autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' verbose no; setopt no_beep auto_list no_auto_menu; eval \"$(natalctl completion zsh)\"; print SET\"\"UP\n")
until(r"SETUP[\s\S]*READY> ")
os.write(fd, sys.argv[1].encode() + b"\t"); 
word = sys.argv[2]
out = until(r"\b" + re.escape(word) + r"\b", 30) + until("\x00", 0.7) if word and word != "!" else until("\x00", 3)
os.write(fd, b"\x15exit\n"); until("\x00", 0.3); os.close(fd); os.waitpid(pid, 0)
out = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r|\x07", " ", out).replace("\0", "")
print("\n".join(sorted(set(out.split()))))
P
}
# knows SHELL LINE WORD… [! WORD…]: these are offered; those after ! are not
knows() {
  local shell=$1 line=$2 out w wrong= not=; shift 2
  out=$(in_$shell "$line" "${1#--}")
  for w in "$@"; do
    [ "$w" = ! ] && { not=1; continue; }
    if grep -qxF -- "$w" <<<"$out"; then [ -z "$not" ] || wrong+=" has $w"; else [ -n "$not" ] || wrong+=" lacks $w"; fi
  done
  [ -z "$wrong" ] && ok "$shell: '$line' → $*" || fail "$shell: '$line':$wrong: $(tr '\n' ' ' <<<"$out")"
}
for shell in bash fish zsh; do
  command -v $shell >/dev/null || { untried "$shell is not here: its completion"; continue; }
  knows $shell "natalctl " vm image audit completion ! web-1
  knows $shell "natalctl vm " create list show wait ! bake
  knows $shell "natalctl vm show " web-1 web-2 db-1 ! golden
  knows $shell "natalctl vm show web-" web-1 web-2 ! db-1
  knows $shell "natalctl vm list --" --in-state --host --image --no-headers --project ! --sudo
  knows $shell "natalctl vm list --in-state " failed provisioned ready ! web-1
  knows $shell "natalctl image show " golden ! web-1
  knows $shell "natalctl --project blue vm show " ! web-1
  knows $shell "natalctl access revoke " alice ! web-1
  knows $shell "natalctl ca install " chain.pem
done
# One that is the only one is written out.
[ "$(in_bash 'natalctl vm list --image=')" = golden ] && ok "bash: --image= → golden" || fail "bash: --image=: $(in_bash 'natalctl vm list --image=')"
command -v fish >/dev/null && { [ "$(in_fish 'natalctl vm list --image=')" = --image=golden ] && ok "fish: --image= → golden" || fail "fish: --image=: $(in_fish 'natalctl vm list --image=')"; }
# Every state that completion offers is one that the API knows.
for s in $(natalctl __complete vm list --in-state "" | cut -f1); do n vm list --in-state "$s" >/dev/null || fail "there is no state $s"; done; ok "the states are the API's"

n daemon stop >/dev/null
[ -z "$(in_bash 'natalctl vm show ')" ] && [ ! -S "$S/natald.sock" ] && ok "a natald that does not run is not started" || fail "completion started natald"
want 9 "NATAL_START says not to start it" env NATAL_START=no "$B/natalctl" vm list

# ---- what the lists print
n vm list -o name > "$T/names"; [ "$(tr '\n' ' ' < "$T/names")" = "db-1 web-1 web-2 " ] && ok "-o name prints names" || fail "$(cat "$T/names")"
n vm list | head -n 1 | grep -q '^NAME *STATE *HOST *IMAGE *RUNS *FORWARDS$' && ok "a table has its heads" || fail "$(n vm list)"
n vm list --no-headers | head -n 1 | grep -q '^db-1 ' && ok "--no-headers" || fail "$(n vm list --no-headers)"
n vm list -o wide | head -n 1 | grep -q 'FORWARDS *UUID *ID *REASON$' && ok "-o wide has more columns" || fail "$(n vm list -o wide)"
[ "$(n vm list --prefix web- --host none --in-state ready --no-headers | wc -l)" = 2 ] && ok "filters" || fail "$(n vm list --prefix web-)"
want 2 "there is no state 'faild'" n vm list --in-state faild
want 2 "-o name goes with lists only" n vm show web-1 -o name
for list in "key list" "image list" "pool status" "audit list"; do
  # shellcheck disable=SC2086
  [ -n "$(n $list -o name | head -n 1)" ] && [ "$(n $list | wc -l)" = $(($(n $list --no-headers | wc -l) + 1)) ] && ok "$list: -o name, --no-headers" || fail "$list: $(n $list)"
done
# Colours: on a terminal, unless NO_COLOR.
if command -v script >/dev/null; then
  tty() { script -qec "$*" /dev/null; }
  sql() { n daemon stop >/dev/null; sqlite3 "$S/natal.db" "$1"; n status >/dev/null; }
  command -v sqlite3 >/dev/null && sql "UPDATE vm SET state = 6 WHERE name = 'web-1'"
  tty TERM=xterm natalctl vm list | grep -q $'\033\\[31mfailed\033\\[0m' && ok "a failed machine is red on a terminal" || fail "$(TERM=xterm tty natalctl vm list | cat -v)"
  [ "$(tty NO_COLOR=1 TERM=xterm natalctl vm list | grep -c $'\033')" = 0 ] && [ "$(tty TERM=dumb natalctl vm list | grep -c $'\033')" = 0 ] && [ "$(natalctl vm list | grep -c $'\033')" = 0 ] && ok "no colours with NO_COLOR, on a dumb terminal, in a pipe" || fail "colours where none are wanted"
fi
exit $bad
