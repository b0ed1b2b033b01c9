#!/bin/bash
# sources.sh - sources that nobody signs: which the image's policy lets in, what they say, what they may not ask for, and that a signed medium stays first.
. "$(dirname "$0")/lib.sh"
root=$work/root
key='ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKxBUIe57bHYLxjcwoEYbOi62TtbI45pAW0GrR+vMNMJ meta@data'
waive() { echo "{\"waive\": {\"sources\": [$1]${2:+, \"refuse\": [$2]}}}" > "$root/etc/natal/policy.json"; }
plan() { run_agent plan --root "$root" --wait 0 "$@"; }
# gives NAME TEXT [plan's options]: the plan, or what is said beside it, has the text.
gives() { local name=$1 text=$2 out; shift 2
  out=$(plan "$@" 2>&1) || fail "$name: $out"
  grep -qF -- "$text" <<<"$out" || fail "$name: '$text' was wanted: $out"
  ok "$name"; }
# Degraded (10) is well: this root has no /bin/sh to run anything.
apply() { run_agent apply --root "$root" --wait 0 "$@" >"$work/out" 2>&1 || [ $? = 10 ] || { cat "$work/out"; return 1; }; }

seed=$work/seed; mkdir -p "$seed"
printf '#cloud-config\nfqdn: from.user-data\nruncmd: [[echo, hi]]\n' > "$seed/user-data"
printf 'instance-id: i-1\nlocal-hostname: from-meta-data\npublic-keys:\n- %s\n' "$key" > "$seed/meta-data"
printf '#cloud-config\ntimezone: Europe/Berlin\n' > "$seed/vendor-data"

# A folder.
fresh() { make_root "$root"; mkdir -p "$root/var/lib/cloud/seed"; }
fresh; cp -r "$seed" "$root/var/lib/cloud/seed/nocloud"
refused "nocloud (/var/lib/cloud/seed/nocloud) is here: nobody signed it" plan
{ plan 2>&1 || true; } > "$work/out"; grep -qF '"waive" in /etc/natal/policy.json' "$work/out" || fail "no hint"
waive '"configdrive", "smbios"'
refused "nocloud (/var/lib/cloud/seed/nocloud) is here: nobody signed it" plan
waive '"noclod"'
refused "did you mean 'nocloud'?" plan
waive '"nocloud"' '"runcmd", "bootcmd"'
refused "user-data:3:9: runcmd of a source that nobody signed is refused by the image's policy" plan
waive '"nocloud"'
gives "a seed folder, waived" "exec     /bin/sh"
gives "is said to be unsigned" "source=nocloud origin=/var/lib/cloud/seed/nocloud signed=no"
apply || fail "apply"
grep -qx from "$root/etc/hostname" || fail "the host name is $(cat "$root/etc/hostname")"
ok "user-data goes before meta-data"
grep -qF "$key" "$root/home/debian/.ssh/authorized_keys" || fail "no key of meta-data"
ok "meta-data's keys are the default user's"
[ "$(readlink "$root/etc/localtime")" = /usr/share/zoneinfo/Europe/Berlin ] || fail "vendor-data has no effect"
ok "vendor-data lies below user-data"
printf '#!/bin/sh\nexit 0\n' > "$root/var/lib/cloud/seed/nocloud/user-data"
waive '"nocloud"' '"scripts"'
refused "scripts of a source that nobody signed are refused" plan

# Whatever runs a program of its choice is a command; the network configuration is refused by its name, or is not allowed.
may() { echo "{\"waive\": {\"sources\": [\"nocloud\"], $1}}" > "$root/etc/natal/policy.json"; }
fresh; cp -r "$seed" "$root/var/lib/cloud/seed/nocloud"; may '"refuse": ["commands"]'
refused "user-data:3:9: runcmd of a source that nobody signed is refused by the image's policy" plan
printf '#cloud-config\nrandom_seed: {data: x, command: [sh, -c, "id > /pwned"]}\n' > "$root/var/lib/cloud/seed/nocloud/user-data"
refused "user-data:2:33: random_seed.command of a source that nobody signed is refused by the image's policy" plan
printf '#cloud-config\ntimezone: Europe/Berlin\n' > "$root/var/lib/cloud/seed/nocloud/user-data"
printf 'version: 2\nethernets: {e: {dhcp4: true}}\n' > "$root/var/lib/cloud/seed/nocloud/network-config"
gives "neither time zone nor network is a command" "Europe/Berlin"
may '"refuse": ["network-config"]'
refused "network-config:1:1: network-config of a source that nobody signed is refused by the image's policy" plan
may '"refuse": ["network"]'
refused "network-config is the source's network configuration" plan
may '"allow": ["timezone", "network-config"]'
gives "what is allowed, beside meta-data" "Europe/Berlin"
may '"allow": ["timezone"]'
refused "network-config of a source that nobody signed is not allowed by the image's policy" plan
may '"allow": ["locale", "network-config"]'
refused "timezone of a source that nobody signed is not allowed by the image's policy" plan

# What meta-data may not say.
fresh; waive '"nocloud"'; cp -r "$seed" "$root/var/lib/cloud/seed/nocloud"
printf 'instance-id: i\nnetwork-interfaces: |\n  auto eth0\n' > "$root/var/lib/cloud/seed/nocloud/meta-data"
refused "source nocloud: network-interfaces in meta-data is a form that natal does not read" plan
printf 'seedfrom: http://169.254.169.254/\n' > "$root/var/lib/cloud/seed/nocloud/meta-data"
refused "natal follows no seed to another place" plan
printf 'instance-idd: i\nlocal-hostname: h\n' > "$root/var/lib/cloud/seed/nocloud/meta-data"
gives "a key of meta-data that nobody knows" "did you mean 'instance-id'?"
printf -- '- a\n' > "$root/var/lib/cloud/seed/nocloud/meta-data"
refused "meta-data is a map, not a list" plan
rm "$root"/var/lib/cloud/seed/nocloud/{meta,user}-data
refused "has neither meta-data nor user-data" plan

# What the kernel's command line and the firmware's serial number say.
fresh; waive '"nocloud"'; mkdir -p "$root/proc" "$root/seeds" "$root/sys/class/dmi/id"; cp -r "$seed" "$root/seeds/one"
echo 'root=/dev/vda ds=nocloud;s=file:///seeds/one/;h=from-the-line quiet' > "$root/proc/cmdline"
gives "ds=nocloud on the kernel's command line" "exec     /bin/sh"
echo 'ds=nocloud-net;s=http://10.0.0.1/seed/' > "$root/proc/cmdline"
refused "the seed http://10.0.0.1/seed/ is not of this machine: natal fetches none" plan
echo 'quiet' > "$root/proc/cmdline"; echo 'ds=nocloud;s=/seeds/one' > "$root/sys/class/dmi/id/product_serial"
gives "ds=nocloud in the serial number" "exec     /bin/sh"
waive '"smbios"'
refused "nocloud (ds=nocloud;s=/seeds/one) is here: nobody signed it" plan
echo 'ds=nocloud;s=../../etc' > "$root/sys/class/dmi/id/product_serial"; waive '"nocloud"'
refused "is not of this machine" plan

# Credentials of the firmware.
fresh; d=$root/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials; mkdir -p "$d"/{ssh.authorized_keys.root,system.hostname,tmpfiles.extra}
printf '%s\n' "$key" > "$d/ssh.authorized_keys.root/raw"; printf 'from-fw-cfg' > "$d/system.hostname/raw"; printf 'f /x\n' > "$d/tmpfiles.extra/raw"
refused "fw_cfg (/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials) is here: nobody signed it" plan
waive '"fw_cfg"'
gives "fw_cfg" "/root/.ssh/authorized_keys"
gives "a credential that is not applied is named" "the credential tmpfiles.extra is not applied by natal"
apply || fail "apply"
grep -qx from-fw-cfg "$root/etc/hostname" && grep -qF "$key" "$root/root/.ssh/authorized_keys" || fail "credentials have no effect"
ok "fw_cfg's credentials are applied"
fresh; waive '"smbios"'; d=$root/sys/firmware/dmi/entries/11-0; mkdir -p "$d"
printf '\x0b\x05\x00\x01\x03io.systemd.credential:system.hostname=from-smbios\0%s\0%s\0\0' "io.systemd.credential.binary:ssh.authorized_keys.root=$(printf '%s' "$key" | base64 -w0)" \
  'something=else' > "$d/raw"
apply || fail "apply"
grep -qx from-smbios "$root/etc/hostname" && grep -qF "$key" "$root/root/.ssh/authorized_keys" || fail "credentials have no effect"
ok "SMBIOS's credentials are applied"
id=0123456789ABCDEF0123456789abcdef
fresh; waive '"smbios"'; mkdir -p "$d"
machine_id() { printf '\x0b\x05\x00\x01\x03io.systemd.credential:system.machine_id=%s\0%s\0\0' "$1" "${2:-}" > "$d/raw"; apply || fail "apply"; cat "$root/etc/machine-id"; }
[ "$(machine_id $id)" = "${id,,}" ] && ! grep -q 'system.machine_id' "$work/out" || fail "machine-id: $(cat "$root/etc/machine-id" "$work/out")"
other=fedcba9876543210fedcba9876543210
[ "$(machine_id $other)" = $other ] || fail "another one: $(cat "$root/etc/machine-id")"
for wrong in "" ${id}0 ${id%?} "${id%?}g" 00000000000000000000000000000000; do
  [ "$(machine_id "$wrong" io.systemd.credential:system.hostname=named)" = "${uuid//-/}" ] || fail "'$wrong': $(cat "$root/etc/machine-id")"
  grep -q 'the credential system.machine_id is not applied: it is not 32 hex digits, or all are 0' "$work/out" || fail "'$wrong': $(cat "$work/out")"
done
ok "system.machine_id is the machine id; what is none is named, and the UUID's stands"
fresh; waive '"smbios"'; mkdir -p "$d"
printf '\x0b\xff\x00\x01\x03io.systemd.credential:x' > "$d/raw"
refused "no medium labelled NATAL appeared" plan

# Volumes.
fresh; waive '"nocloud"'
iso() { local label=$1 out=$2; shift 2; genisoimage -quiet -output "$out" -volid "$label" -joliet -rock "$@" 2>/dev/null; }
if command -v genisoimage >/dev/null; then
  iso cidata "$work/cidata.iso" "$seed"/*
  gives "a NoCloud volume, ISO 9660" "exec     /bin/sh" --medium "$work/cidata.iso"
  iso OTHER "$work/other.iso" "$seed"/*
  refused "the volume label is" plan --medium "$work/other.iso"
  waive '"configdrive"'
  refused "nobody signed it, and the image's policy does not waive the source nocloud" plan --medium "$work/cidata.iso"
  mkdir -p "$work/cd/openstack/latest"; cp "$seed/user-data" "$work/cd/openstack/latest/user_data"
  echo '{"uuid": "u-1", "hostname": "from-openstack", "public_keys": {"k": "'"$key"'"}, "launch_index": 0}' > "$work/cd/openstack/latest/meta_data.json"
  echo '{"cloud-init": "#cloud-config\ntimezone: Europe/Berlin\n"}' > "$work/cd/openstack/latest/vendor_data.json"
  iso config-2 "$work/config-2.iso" "$work/cd"
  gives "a ConfigDrive" "signed=no" --medium "$work/config-2.iso"
  apply --medium "$work/config-2.iso" || fail "apply"
  grep -qF "$key" "$root/home/debian/.ssh/authorized_keys" && [ -L "$root/etc/localtime" ] || fail "ConfigDrive has no effect"
  ok "ConfigDrive's keys and vendor-data are applied"
  # Its network: links by MAC address, one that is not here, one that is broken.
  mkdir -p "$root/sys/class/net/ens9"; echo 52:54:00:AA:00:09 > "$root/sys/class/net/ens9/address"
  network_data() { cat > "$work/cd/openstack/latest/network_data.json"; iso config-2 "$work/config-2.iso" "$work/cd"; }
  network_data <<'EOF'
{"links": [{"id": "tap1", "type": "ovs", "ethernet_mac_address": "52:54:00:aa:00:09", "mtu": 1450}],
 "networks": [{"id": "n0", "type": "ipv4", "link": "tap1", "ip_address": "192.0.2.9", "netmask": "255.255.255.0",
   "routes": [{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "192.0.2.1"}]}],
 "services": [{"type": "dns", "address": "192.0.2.53"}]}
EOF
  apply --medium "$work/config-2.iso" || fail "apply"
  file=$root/etc/systemd/network/10-cloud-init-ens9.network
  grep -qx 'Address=192.0.2.9/24' "$file" && grep -qx 'Gateway=192.0.2.1' "$file" && grep -qx 'DNS=192.0.2.53' "$file" || { cat "$file"; fail "network_data.json has no effect"; }
  ok "ConfigDrive's network_data.json is the guest's network"
  kept=$(sha256sum "$file")
  network_data <<<'{"links": [{"id": "tap1", "type": "ovs", "ethernet_mac_address": "52:54:00:aa:00:10"}]}'
  gives "a link that this machine does not have" "cannot be: no interface has the MAC address '52:54:00:aa:00:10' of the link 'tap1'" --medium "$work/config-2.iso"
  apply --medium "$work/config-2.iso" || true
  [ "$(sha256sum "$file")" = "$kept" ] || fail "the network that was there has changed"
  ok "a network_data.json that does not fit leaves the network as it was"
  network_data <<<'{"links": [}'
  refused "network_data.json:1:12: " plan --medium "$work/config-2.iso"
else
  echo "genisoimage is not here: ISO volumes are not tried"
fi
fresh; waive '"nocloud"'
if command -v mformat >/dev/null; then
  mformat -C -i "$work/cidata.vfat" -v CIDATA -h 2 -s 16 -T 2880 :: && mcopy -i "$work/cidata.vfat" "$seed"/* ::
  gives "a NoCloud volume, vfat" "exec     /bin/sh" --medium "$work/cidata.vfat"
else
  echo "mtools is not here: vfat volumes are not tried"
fi

# A signed medium goes first, and for good.
fresh; waive '"nocloud"'; cp -r "$seed" "$root/var/lib/cloud/seed/nocloud"
user_data "$work/signed" <<<'{"hostname": "signed"}'
seal "$work/signed.natal" 1 "$work/signed"
apply --medium "$work/signed.natal" || fail "apply"
grep -qx signed "$root/etc/hostname" || fail "not signed"
if command -v genisoimage >/dev/null; then
  refused "nobody signed it, and this guest was provisioned by a signed medium" plan --medium "$work/cidata.iso"
fi
run_agent boot early --root "$root" --wait 0 >"$work/out" 2>&1 || { cat "$work/out"; fail "boot"; }
grep -qx signed "$root/etc/hostname" || fail "the unsigned seed was taken"
ok "an unsigned seed is nothing to a guest that a signed medium has provisioned"
