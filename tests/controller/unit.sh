#!/bin/bash
# unit - natald.service: systemd finds nothing wrong with it, guests outlive it, and natald takes the options that it gives.
src=${srcdir:-.} B=$(realpath "${builddir:-build}") bad=0
command -v systemd-analyze > /dev/null || { echo "no systemd-analyze here"; exit 77; }
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
unit=$src/controller/natald/natald.service
ok() { echo "ok: $1"; }
fail() { echo "FAIL: $1"; bad=1; }
verify() { SYSTEMD_UNIT_PATH=$T:/usr/lib/systemd/system:/lib/systemd/system systemd-analyze verify --man=no --generators=no "$T/natald.service" 2>&1 | grep natald; }

sed "s,^ExecStart=/usr/sbin/natald,ExecStart=$B/natald," "$unit" > "$T/natald.service"
said=$(verify); [ -z "$said" ] && ok "systemd-analyze verify has nothing to say" || fail "systemd-analyze verify: $said"
sed -i 's/^KillMode=process/KillMod=process/' "$T/natald.service"
said=$(verify); [[ $said == *"Unknown key"*"'KillMod'"* ]] && ok "it would have" || fail "a wrong key is not seen: $said"
for line in KillMode=process Type=notify Restart=on-failure StateDirectory=natal; do grep -qx "$line" "$unit" && ok "$line" || fail "no $line"; done
# shellcheck disable=SC2046
set -- $(sed -n 's,^ExecStart=/usr/sbin/natald ,,p' "$unit")
"$B/natald" "$@" --help > "$T/help" && grep -q "^usage: natald" "$T/help" && ok "natald takes '$*'" || fail "natald does not take '$*'"
exit $bad
