#!/bin/bash
# manuals.sh - each program's help and its manual page name the same verbs and options; pages are clean mdoc; bash's completion knows every verb.
cd "${srcdir:-.}" || exit 1
B=${builddir:-build} bad=0
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
fail() { echo "FAIL: $*"; bad=1; }

# PROGRAM, PAGE, and whether each verb has a help of its own.
programs='natalctl controller/cli/natalctl.1 each
natald controller/natald/natald.8 -
natal-agent agent/natal-agent.8 -
natal-guestd agent/guestd/natal-guestd.8 -
natal-hostd controller/hostd/natal-hostd.8 -
natal-verify common/verify/natal-verify.1 -'

# Of a page's DESCRIPTION: "V VERB" and "O VERB OPTION" a line; VERB is "-" for options that go with all.
of_page() {
  awk '
    /^\.Sh/ { inside = /DESCRIPTION/ }
    !inside { next }
    /^\.Bl/ { level++ }
    /^\.El/ { level--; if (level < at) verb = "-" }
    BEGIN { verb = "-" }
    /^\.It/ {
      gsub(/\\&/, ""); n = split($0, w, " "); word = ""; i = 2
      if (w[2] == "Cm") {
        for (i = 3; i <= n && w[i] !~ /^(Ar|Op|Fl)$/; i++) word = word (word == "" ? "" : " ") w[i]
        verb = word; at = level + 1; print "V " verb
      }
      for (; i <= n; i++) if (w[i] == "Fl") {
        dash = "-"; i++
        if (w[i] == "Fl") { dash = "--"; i++ } else if (w[i] ~ /^-/) dash = "-"
        print "O " (level >= at && at ? verb : w[2] == "Cm" ? verb : "-") " " dash w[i]
      }
    }' "$1" | sort -u
}
# The same of the help.
words() { sed -n 's/^  \(-[^ ].*\)$/\1/p' | sed 's/  .*//' | grep -oE -- '(^|[ ,])--?[a-zA-Z][a-z-]*' | tr -d ' ,'; }
verbs() { sed -n 's/^  \([a-z][a-z -]*[a-z]\)\( *\[\{0,1\}[A-Z].*\|  .*\| *\)$/\1/p' | sed 's/  .*//'; }
of_help() {   # PROGRAM each|-
  local v o
  "$B/$1" --help > "$T/top" 2>&1 || fail "$1 --help"
  verbs < "$T/top" > "$T/verbs"
  sed 's/^/V /' "$T/verbs"
  words < "$T/top" | sed 's/^/O - /'
  [ "$2" = each ] && while read -r v; do
    # shellcheck disable=SC2086
    for o in $("$B/$1" $v --help < /dev/null | words); do
      grep -qxF -- "O - $o" <(words < "$T/top" | sed 's/^/O - /') || echo "O $v $o"
    done
  done < "$T/verbs"
}
while read -r program page each; do
  of_page "$page" > "$T/page"
  of_help "$program" "$each" | sort -u > "$T/help"
  [ "$(wc -l < "$T/help")" -ge 4 ] || fail "$program: the help was not read"
  diff "$T/help" "$T/page" > "$T/diff" && echo "ok: $program: $(grep -c ^V "$T/help") verbs and $(grep -c ^O "$T/help") options, in help and page" ||
    { fail "$program: help (<) and $page (>) differ"; cat "$T/diff"; }
  if command -v mandoc > /dev/null; then
    mandoc -T lint -W warning "$page" > "$T/lint" 2>&1 && echo "ok: $page is clean" || { fail "$page"; cat "$T/lint"; }
  else
    echo "mandoc is not here: $page is not checked"
  fi
done <<<"$programs"

for page in */*.5; do
  command -v mandoc > /dev/null || break
  mandoc -T lint -W warning "$page" > "$T/lint" 2>&1 && echo "ok: $page is clean" || { fail "$page"; cat "$T/lint"; }
done

# Completion, driven as bash does.
PATH=$(cd "$B" && pwd):$PATH NATAL_STATE=$T/state
export NATAL_STATE
eval "$("$B/natalctl" completion bash)"
complete_at() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _natalctl; printf '%s\n' "${COMPREPLY[@]}"; }
"$B/natalctl" help | verbs > "$T/verbs"
while read -r noun verb; do
  complete_at natalctl "" | grep -qxF "$noun" || fail "completion does not know $noun"
  [ -z "$verb" ] && continue
  complete_at natalctl "$noun" "" | grep -qxF "$verb" || fail "completion does not know $noun $verb"
  # shellcheck disable=SC2086
  for o in $("$B/natalctl" $noun $verb --help < /dev/null | words); do
    complete_at natalctl "$noun" "$verb" - | grep -qxF -- "$o" || fail "completion of $noun $verb does not know $o"
  done
done < "$T/verbs"
[ "$(wc -l < "$T/verbs")" -ge 25 ] || fail "natalctl's verbs were not read"

# Every module and key of the agent's tables is in its page, or in that of the documents.
page='agent/natal-agent.8 agent/cloud-config.5'
named() { cat $page | tr ' ,' '\n\n' | sed 's/[.;:()]*$//; s/^[(]*//' | grep -qxF -- "$1"; }
count=0
need() { count=$((count + 1)); named "$1" || fail "$2 '$1' is not in $page"; }
for module in $(sed -n 's/^	{ "\([a-z_]*\)", *STAGE_.*/\1/p' agent/module/modules.c); do need "$module" module; done
for key in $(grep -ohE '(KEY|USER)\((struct [a-z_]+, )?[a-z_0-9]+, WANT' agent/config/*.c | sed -E 's/.*[(, ]([a-z_0-9]+), WANT/\1/') \
           $(grep -ohE '(NIC|KEY_AS)\("[a-z_0-9-]+"' agent/config/*.c | sed 's/.*"\(.*\)"/\1/'); do
  case $key in network|version|ethernets|bonds|bridges|vlans|wifis|renderer|config|to|via|metric|on-link|name|addresses|search) continue;; esac
  need "$key" key
done
[ $count -ge 47 ] || fail "the agent's tables were not read: $count modules and keys"

# Every key of network configuration is in its page.
page=agent/network-config.5 count=0
for key in $(sed -n '/^static const char \*const [a-z_]*\(keys\|types\)\[/,/};/p; /^#define [A-Z]*_KEYS/,/[^\\]$/p; /^} sections\[\]/,/};/p' \
      common/network/v1.c common/network/v2.c common/network/v2_addresses.c common/network/openstack.c common/network/subnet.c | grep -oE '"[a-z0-9_-]+"' | tr -d '"' | sort -u) \
    $(sed -n '/^const struct net_param/,/^};/p' common/network/links.c | grep -oE '"[a-z0-9_-]+"' | tr -d '"' | sort -u); do
  case $key in bgpovs|cascading|dvs|ethernet|hostdev*|hw_veb|hyperv|ovs|phy|tap|vhostuser|vif|802.1*|agilio_ovs|tap_ovs|ib_hostdev|bond-*) continue;; esac
  need "$key" key
done
[ $count -ge 150 ] || fail "the keys of network configuration were not read: $count"
if command -v mandoc > /dev/null; then mandoc -T lint -W warning $page > "$T/lint" 2>&1 || { fail "$page"; cat "$T/lint"; }; fi
exit $bad
