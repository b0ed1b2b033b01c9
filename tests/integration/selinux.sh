#!/bin/bash
# selinux - an enforcing Debian guest (selinux-policy-default): no AVC denial, and every file that natal made has the label that the policy gives it.
# level: full
# timeout: 1200
. "$(dirname "$0")/lib.sh"
. "$here/tests/integration/collected.sh"
dir=$here/tests/selinux
[ "$(id -u)" = 0 ] || skip "labels can be written by root alone"
image=$shared/selinux overlay=$work/overlay

make -s -C "$build" deb > "$work/deb.log" 2>&1 || { tail "$work/deb.log"; fail "make deb"; }
deb=$(ls -t "$build"/deb/natal-agent_*.deb | head -n 1)
stamp=$(cat "$deb" "$here/packaging/bake/natal-bake" "$dir/collect.py" "$0" "$here/tests/integration/collected.sh" | sha256sum | cut -c1-32)
if [ "$(cat "$image/stamp" 2> /dev/null)" != "$stamp" ]; then
  rm -rf "$image"; mkdir -p "$image" "$overlay"/{etc/selinux,etc/systemd/system/multi-user.target.wants,usr/local/sbin}
  image_trust "$image/trust"
  printf '%s\n' SELINUX=enforcing SELINUXTYPE=default > "$overlay/etc/selinux/config"
  install -m 755 "$dir/collect.py" "$overlay/usr/local/sbin/collect"
  printf '%s\n' '[Unit]' 'Description=what SELinux says' '[Service]' 'Type=simple' 'StandardError=journal+console' 'ExecStart=/usr/local/sbin/collect' > "$overlay/etc/systemd/system/collect.service"
  ln -s ../collect.service "$overlay/etc/systemd/system/multi-user.target.wants/collect.service"
  "$NATAL_BAKE" --out "$image" --trust "$image/trust" --policy-json '{"waive":{"sources":["nocloud"]}}' --package "$deb" --overlay "$overlay" --size 2048 \
    --extra selinux-policy-default,selinux-utils,policycoreutils,python3,sudo,locales,systemd-timesyncd > "$work/bake.log" 2>&1 || { tail -n 20 "$work/bake.log"; fail "bake"; }
  echo "$stamp" > "$image/stamp"
fi

guest_seed "$dir/seed" "$work/seed.iso"
guest_collected "$image" "$work/guest" "$work/seed.iso" "security=selinux selinux=1 enforcing=1"
"$dir/check.py" "$work/guest.json" "$dir/others" || fail "see above"
ok "nothing was denied, and nothing that natal made has another label than the policy's"
# The check sees what it is there for.
sed 's/"denied": \[/"denied": ["avc: denied { write } comm=\\"natal-agent\\"", /' "$work/guest.json" > "$work/denied.json"
! "$dir/check.py" "$work/denied.json" "$dir/others" > /dev/null || fail "a denial is not seen"
sed 's,"would_relabel": \[,"would_relabel": ["Would relabel /srv/made/here from a to b"\, ,' "$work/guest.json" > "$work/label.json"
! "$dir/check.py" "$work/label.json" "$dir/others" > /dev/null || fail "a wrong label is not seen"
ok "a denial and a wrong label would be seen"
