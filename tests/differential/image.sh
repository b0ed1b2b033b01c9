# image.sh - sourced by the tests that boot one Debian image by cloud-init or by natal-agent: both are in it.
image=$shared/differential
NATAL_ASLEEP="systemd.mask=natal-early.service systemd.mask=natal-late.service"
CLOUD_ASLEEP="cloud-init=disabled"

# One image with both; the kernel's command line says which of them is asleep.
differential_image() {
  local deb overlay=$work/overlay
  make -s -C "$build" deb > "$work/deb.log" 2>&1 || { tail "$work/deb.log"; fail "make deb"; }
  deb=$(ls -t "$build"/deb/natal-agent_*.deb | head -n 1)
  local stamp; stamp=$(cat "$deb" "$here/packaging/bake/natal-bake" "$here/tests/differential/collect.py" "$here/tests/differential/image.sh" "$here/tests/integration/collected.sh" | sha256sum | cut -c1-32)
  [ "$(cat "$image/stamp" 2> /dev/null)" != "$stamp" ] || return 0
  rm -rf "$image"; mkdir -p "$image" "$overlay"/{etc/cloud/cloud.cfg.d,etc/systemd/system/multi-user.target.wants,usr/local/sbin,srv/repo} "$work/pkg/DEBIAN" "$work/pkg/usr/share/natal-example"
  image_trust "$image/trust"
  echo 'datasource_list: [ NoCloud, None ]' > "$overlay/etc/cloud/cloud.cfg.d/90_differential.cfg"
  # Beside natal-agent cloud-init runs where natal says so; here the kernel's command line does.
  local unit
  for unit in cloud-init-local cloud-init cloud-config cloud-final; do
    mkdir -p "$overlay/etc/systemd/system/$unit.service.d"; printf '%s\n' '[Unit]' 'ConditionPathExists=' > "$overlay/etc/systemd/system/$unit.service.d/99-differential.conf"
  done
  install -m 755 "$here/tests/differential/collect.py" "$overlay/usr/local/sbin/collect"
  printf '%s\n' '[Unit]' 'Description=what the guest looks like' '[Service]' 'Type=simple' 'ExecStart=/usr/local/sbin/collect' > "$overlay/etc/systemd/system/collect.service"
  ln -s ../collect.service "$overlay/etc/systemd/system/multi-user.target.wants/collect.service"
  # Where the kernel's command line has the word, the guest has host keys before anybody gives it some; and sshd's start leaves what the processor had done by then.
  mkdir -p "$overlay/usr/share/differential" "$overlay"/etc/systemd/system/{sysinit.target.wants,ssh.service.d}
  ssh-keygen -q -t ed25519 -N '' -C '' -f "$overlay/usr/share/differential/ssh_host_ed25519_key"
  printf '%s\n' '[Unit]' 'DefaultDependencies=no' 'ConditionKernelCommandLine=given-keys' 'After=local-fs.target systemd-remount-fs.service' 'Before=natal-early.service sysinit.target ssh.service' \
    '[Service]' 'Type=oneshot' 'ExecStart=/bin/cp -p /usr/share/differential/ssh_host_ed25519_key /usr/share/differential/ssh_host_ed25519_key.pub /etc/ssh/' > "$overlay/etc/systemd/system/given-keys.service"
  ln -s ../given-keys.service "$overlay/etc/systemd/system/sysinit.target.wants/given-keys.service"
  printf '%s\n' '[Service]' 'ExecStartPost=/bin/cp /proc/stat /run/ssh-up' > "$overlay/etc/systemd/system/ssh.service.d/20-up.conf"
  echo baked > "$overlay/etc/differential-baked"
  printf 'Package: natal-example\nVersion: 1.0\nArchitecture: all\nMaintainer: natal <natal@example.test>\nDescription: a package of the tests\n' > "$work/pkg/DEBIAN/control"
  echo here > "$work/pkg/usr/share/natal-example/here"
  dpkg-deb --root-owner-group -b "$work/pkg" "$overlay/srv/repo/natal-example_1.0_all.deb" > /dev/null
  (cd "$overlay/srv/repo" && { dpkg-deb -f natal-example_1.0_all.deb; printf 'Filename: ./natal-example_1.0_all.deb\nSize: %s\nSHA256: %s\n\n' "$(stat -c %s natal-example_1.0_all.deb)" "$(sha256sum < natal-example_1.0_all.deb | cut -d' ' -f1)"; } > Packages)
  "$NATAL_BAKE" --out "$image" --trust "$image/trust" --policy-json '{"waive":{"sources":["nocloud"]}}' --package "$deb" --overlay "$overlay" --size 2048 \
    --extra cloud-init,sudo,fdisk,locales,console-setup,systemd-timesyncd,gdisk,apt > "$work/bake.log" 2>&1 || { tail -n 20 "$work/bake.log"; fail "bake"; }
  echo "$stamp" > "$image/stamp"
}
