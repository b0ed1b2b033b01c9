#!/bin/bash
# delegate - beside cloud-init: an image with both, in mode delegate. cloud-init does what natal-agent verified, its end is the guest's, its failure too.
# level: full
# timeout: 3600
. "$(dirname "$0")/lib.sh"
. "$here/tests/integration/collected.sh"
image=$shared/delegate
# One image with both, baked once for a package of the agent.
bake() {
  local deb; mkdir -p "$image"
  make -s -C "$build" deb > "$work/deb.log" 2>&1 || { tail "$work/deb.log"; fail "make deb"; }
  deb=$(ls -t "$build"/deb/natal-agent_*.deb | head -n 1)
  local stamp; stamp=$({ cat "$deb" "$here/packaging/bake/natal-bake"; declare -f bake; } | sha256sum | cut -c1-32)
  [ "$(cat "$image/stamp" 2> /dev/null)" != "$stamp" ] || return 0
  rm -rf "$image"; mkdir -p "$image"
  NATAL_STATE=$image/state natalctl key init > /dev/null
  want "mode delegate: cloud-init is not in the image: --extra cloud-init" env NATAL_STATE="$image/state" natalctl image bake without --mode delegate --package "$deb" --extra nginx-light --out "$image/without"
  # The differential image's packages: the same layer below.
  # The image's own: cloud-init sets a locale of its choice where nothing names one, and fails where that is not made.
  local o=$work/overlay; mkdir -p "$o"/etc/{cloud/cloud.cfg.d,natal/trust.d,systemd/system/multi-user.target.wants} "$o/usr/local/sbin"
  echo 'locale: C.UTF-8' > "$o/etc/cloud/cloud.cfg.d/50-image.cfg"
  # A media key of the test's own, for user-data that natalctl does not make; and what the guest says at its end, for those guests.
  "$build/tests/tools/mkbundle" key ed25519 "$image/test.pem" "$o/etc/natal/trust.d/test.pub"
  printf '%s\n' '[Unit]' DefaultDependencies=no ConditionKernelCommandLine=delegate-said 'After=natal-early.service natal-late.service natal-delegate.service cloud-final.service' \
    '[Service]' Type=oneshot ExecStart=/usr/local/sbin/said > "$o/etc/systemd/system/said.service"
  ln -s ../said.service "$o/etc/systemd/system/multi-user.target.wants/"
  cat > "$o/usr/local/sbin/said" <<'SAID'
#!/bin/sh
{ natal-agent status -o json; natal-agent plan; timeout 60 cloud-init status --wait --long; echo "cloud-init left $?"
  ls -d /var/lib/cloud/instance /var/lib/cloud/seed/nocloud/* /srv/*; cat /srv/*; } > /dev/disk/by-id/virtio-collect 2>&1
sync
systemctl --no-block poweroff
SAID
  chmod 755 "$o/usr/local/sbin/said"
  NATAL_STATE=$image/state natalctl image bake delegate --mode delegate --overlay "$o" --cloud-init-wait 900 --package "$deb" --size 2048 \
    --extra cloud-init,sudo,fdisk,locales,console-setup,systemd-timesyncd,gdisk,apt --out "$image/image"
  NATAL_STATE=$image/state natalctl daemon stop > /dev/null
  echo "$stamp" > "$image/stamp"
}
bake
compat=$(ls "$build"/deb/natal-cloud-init-compat_*_all.deb)
dpkg-deb -c "$compat" > "$work/files"; dpkg-deb -f "$compat" > "$work/control"
grep -q ' ./usr/bin/cloud-init -> ../sbin/natal-agent$' "$work/files" && grep -q ' ./usr/share/man/man1/cloud-init.1.gz$' "$work/files" && grep -qx 'Conflicts: cloud-init' "$work/control" && grep -qx 'Provides: cloud-init' "$work/control" ||
  fail "natal-cloud-init-compat: $(cat "$work/files" "$work/control")"
ok "make deb makes natal-cloud-init-compat too"
cp -a "$image/state" "$NATAL_STATE"; rm -f "$NATAL_STATE/natald.sock"
natalctl image list > /dev/null
ssh-keygen -q -t ed25519 -N '' -f "$work/id"

natalctl vm create both-1 --image delegate --memory 768 --user alice --ssh-key "$work/id.pub" --sudo --address dhcp --forward 22 \
  --file "$here/COPYING:/srv/copying" --run 'echo ran >> /var/lib/ran' --timezone Europe/Berlin
natalctl vm start both-1
natalctl vm wait both-1 --timeout 900 | tee "$work/wait.txt"
[ "$(vm_field both-1 state)" = provisioned ] || fail "state $(vm_field both-1 state)"
ok "a guest whose user-data is cloud-init's is provisioned"
grep -q 'cloud_init/modules-' "$work/wait.txt" || fail "wait shows no stage of cloud-init's: $(cat "$work/wait.txt")"
ok "cloud-init's stages are progress"
port=$(forward_of both-1 22)
within 60 ssh_as both-1 "$port" true || fail "ssh, with the pinned host key"
[ "$(ssh_as both-1 "$port" hostname)" = both-1 ] || fail "the host name is $(ssh_as both-1 "$port" hostname)"
ok "ssh without a question, strict: the host key is the pinned one"
ssh_as both-1 "$port" 'cmp /srv/copying -; cat /var/lib/ran; readlink -f /etc/localtime; sudo cat /var/log/cloud-init.log; cloud-init status --long; ls /etc/ssh/ssh_host_*_key' < "$here/COPYING" > "$work/seen"
grep -qx ran "$work/seen" && grep -qx /usr/share/zoneinfo/Europe/Berlin "$work/seen" || fail "user-data was not done: $(tail -n 20 "$work/seen")"
grep -q 'DataSourceNoCloud.*seed=/var/lib/cloud/seed/nocloud\]' "$work/seen" && grep -q 'finish: modules-final/config-scripts-user: SUCCESS' "$work/seen" && grep -qx 'status: done' "$work/seen" && ! grep 'WARNING' "$work/seen" ||
  fail "cloud-init's log does not say that it did it: $(tail -n 20 "$work/seen")"
ok "cloud-init did the user-data, from the verified seed alone, by its own log"
ssh_as both-1 "$port" 'sudo natal-agent plan; sudo natal-agent plan -o json; sudo cat /var/lib/natal/journal' > "$work/plan"
grep -qx 'natal-agent does: report_key, machine_id, ssh_host_keys, tls_identity, cloud_init' "$work/plan" && grep -q '^cloud-init does: boothooks, .*runcmd' "$work/plan" &&
  grep -q '"users": *"cloud-init"' "$work/plan" || fail "$(cat "$work/plan")"
! grep -q '"key":"users' "$work/plan" || fail "natal-agent did users too"
ok "natal-agent plan says whose each module is"

natalctl vm stop both-1; natalctl vm start both-1
natalctl vm wait both-1 --timeout 900 | tail -n 2
[ "$(vm_field both-1 report.phase)" = unchanged ] || fail "phase after reboot: $(vm_field both-1 report.phase)"
within 60 ssh_as both-1 "$port" true || fail "ssh after the reboot"
ssh_as both-1 "$port" 'wc -l < /var/lib/ran; cloud-init status; systemctl is-active cloud-init-local cloud-final' > "$work/seen"
[ "$(xargs < "$work/seen")" = "1 status: done active active" ] || fail "$(cat "$work/seen")"
ok "the second boot: cloud-init runs again on the same instance, natal-agent says unchanged"
natalctl vm delete both-1

natalctl vm create both-2 --image delegate --memory 768 --user alice --ssh-key "$work/id.pub" --address dhcp --run 'echo "no way" >&2; exit 3'
natalctl vm start both-2
! natalctl vm wait both-2 --timeout 900 > "$work/wait.txt" 2>&1 || fail "a guest whose cloud-init fails is waited for without an error: $(cat "$work/wait.txt")"
[ "$(vm_field both-2 state)" = failed ] || fail "state $(vm_field both-2 state)"
natalctl vm show both-2 > "$work/show"
grep -q 'Runparts: 1 failures' "$work/show" && grep -q 'cloud-init' "$work/show" || fail "$(cat "$work/show")"
ok "a failing cloud-init is a failed guest, with cloud-init's own words in vm show"
natalctl vm delete both-2

# Two guests without a controller: user-data in MIME, and a volume that cloud-init by itself would take user-data from.
evil=$work/evil; mkdir -p "$evil"; printf '#!/bin/sh\necho taken > /srv/evil\n' > "$evil/user-data"; printf 'instance-id: evil\nlocal-hostname: evil\n' > "$evil/meta-data"
guest_seed "$evil" "$work/evil.iso"
with_evil=(-drive "if=none,id=evil,file=$work/evil.iso,format=raw,readonly=on" -device virtio-blk-pci,drive=evil,serial=evil)
mkdir -p "$work/medium"
printf '%s\n' 'Content-Type: multipart/mixed; boundary="b"' 'MIME-Version: 1.0' '' --b 'Content-Type: text/cloud-config' '' '#cloud-config' 'write_files: [{path: /srv/config, content: "by config\n"}]' \
  --b 'Content-Type: text/x-shellscript' '' '#!/bin/sh' 'echo by script > /srv/script' --b-- > "$work/user-data"
"$build/tests/tools/mkbundle" bundle "$work/medium/natal.bundle" "$image/test.pem" 11111111-2222-3333-4444-555555555555 1 user-data="$work/user-data"
genisoimage -quiet -R -V NATAL -o "$work/medium.iso" "$work/medium"
truncate -s 1M "$work/blank.iso"
guest_collected "$image/image" "$work/mime" "$work/medium.iso" delegate-said "${with_evil[@]}" & mime=$!
guest_collected "$image/image" "$work/none" "$work/blank.iso" delegate-said "${with_evil[@]}"
wait "$mime" || fail "the guest mime"
said() { grep -qE -- "$2" "$work/$1.json" || fail "$1: '$2' was wanted: $(cat "$work/$1.json")"; }
said mime '"state": *"provisioned"'; said mime '^by config$'; said mime '^by script$'; said mime '^status: done$'; said mime '^cloud-init does: '
! grep -q 'evil\|^taken' "$work/mime.json" || fail "$(cat "$work/mime.json")"
ok "MIME is cloud-init's business, and a volume labelled cidata is not looked at"
said none '"boot": *"failed"'; said none '^status: disabled$'; said none '^cloud-init left 0$'; said none "No such file or directory"
! grep -q '^/var/lib/cloud/instance\|^/srv/\|^taken' "$work/none.json" || fail "$(cat "$work/none.json")"
ok "without a medium cloud-init does not run, takes nothing from a volume labelled cidata, and nobody waits for it"
