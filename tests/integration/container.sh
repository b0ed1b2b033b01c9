#!/bin/bash
# container - whole boots without a guest: systemd as PID 1 of a container whose /usr is this machine's, with natal's over it, beside this machine's own cloud-init
# and in its stead. What user-data in MIME comes to, a failing one, no medium, mode provision; natal-cloud-init-compat; what is fetched. Skipped where cloud-init is not installed.
# level: default
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "a container wants root"
for program in systemd-nspawn nsenter pgrep; do command -v $program > /dev/null || skip "$program is not here"; done
[ -f /usr/bin/cloud-init ] && [ -d /etc/cloud/cloud.cfg.d ] && [ -e /lib/systemd/system/cloud-init-local.service ] || skip "cloud-init is not installed here"
make -s -C "$build" all install DESTDIR="$work/install" > "$work/install.log" 2>&1 || { tail "$work/install.log"; fail "make install"; }
[ -x "$work/install/usr/sbin/natal-agent" ] || skip "this build is not for /usr"
uuid=11111111-2222-3333-4444-555555555555
mk=$build/tests/tools/mkbundle
"$mk" key ed25519 "$work/key.pem" "$work/key.pub"

# container NAME POLICY USER-DATA: one boot to its last word, in $tree. USER-DATA "": no medium, but a NoCloud seed that nobody signed.
container() {
  local name=$1 policy=$2 user_data=$3 u medium=
  tree=$work/tree-$name; local usr=$work/usr-$name
  mkdir -p "$tree"/{etc/{default,ssh,natal/trust.d,systemd/system/{natal-early.service.d,{sysinit,multi-user,cloud-init}.target.wants}},var/{lib,log},proc,sys,dev,run,tmp,root,usr,srv,home} "$usr"
  for u in bin sbin lib lib64; do ln -s usr/$u "$tree/$u"; done
  cp -L /etc/os-release "$tree/etc/os-release"; : > "$tree/etc/machine-id"
  cp -a /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/login.defs /etc/ld.so.cache /etc/alternatives /etc/cloud "$tree/etc/"
  rm -f "$tree"/etc/cloud/cloud-init.disabled "$tree"/etc/cloud/cloud.cfg.d/9*
  echo 'locale: C.UTF-8' > "$tree/etc/cloud/cloud.cfg.d/50-image.cfg"
  cp -a "$work/install/usr/." "$usr/"
  # As a package and a bake leave it.
  ln -s /lib/systemd/system/natal-early.service "$tree/etc/systemd/system/sysinit.target.wants/"
  ln -s /lib/systemd/system/natal-late.service "$tree/etc/systemd/system/multi-user.target.wants/"
  for u in cloud-init-local cloud-init cloud-config cloud-final; do ln -s /lib/systemd/system/$u.service "$tree/etc/systemd/system/cloud-init.target.wants/"; done
  [[ $policy != *delegate* ]] || sed -n '/<<.CFG.$/,/^CFG$/p' "$here/packaging/bake/natal-bake" | sed '1d;$d' > "$tree/etc/cloud/cloud.cfg.d/99-natal.cfg"
  cp "$work/key.pub" "$tree/etc/natal/trust.d/"; echo "$policy" > "$tree/etc/natal/policy.json"
  if [ -n "$user_data" ]; then
    "$mk" bundle "$tree/etc/natal/medium" "$work/key.pem" $uuid 1 user-data="$user_data"; medium="--medium /etc/natal/medium"
  else
    mkdir -p "$tree/var/lib/cloud/seed/nocloud"; echo 'instance-id: seed' > "$tree/var/lib/cloud/seed/nocloud/meta-data"
    printf '#!/bin/sh\necho once >> /srv/seed\n' > "$tree/var/lib/cloud/seed/nocloud/user-data"
  fi
  printf '[Service]\nExecStart=\nExecStart=/usr/sbin/natal-agent boot early --uuid %s --wait 1 %s\n' $uuid "$medium" > "$tree/etc/systemd/system/natal-early.service.d/50.conf"
  ! type "with_$name" > /dev/null 2>&1 || "with_$name" "$usr"
  systemd-nspawn -q -D "$tree" --register=no --keep-unit --private-network --overlay-ro=/usr:"$usr":/usr --boot --console=pipe systemd.unit=multi-user.target > "$work/$name.log" 2>&1 < /dev/null &
  nspawn=$!; pids+=("$nspawn")
  leader() { pgrep -P "$nspawn" | head -n 1; }
  inside() { nsenter -t "$(leader)" -a "$@"; }
  ended() { inside natal-agent status -o json > "$work/$name.status" 2> /dev/null || true; grep -q '"ended": *true' "$work/$name.status"; }
  within 30 inside true || skip "systemd-nspawn does not run here: $(tail -n 1 "$work/$name.log")"
  ! type "meanwhile_$name" > /dev/null 2>&1 || "meanwhile_$name"
  within 120 ended || { inside systemctl --no-pager list-jobs; tail "$work/$name.log"; fail "$name: the boot has not ended: $(cat "$work/$name.status")"; }
}
off() { local first; first=$(leader); inside systemctl --no-block poweroff; within 60 test ! -e "/proc/$first" || kill "$nspawn"; wait "$nspawn" 2> /dev/null || true; }
said() { grep -qE -- "$2" "$work/$1.status" || fail "$1: '$2' was wanted: $(cat "$work/$1.status")"; }
active() { [ "$(inside systemctl is-active "$1")" = "$2" ] || fail "$1 is $(inside systemctl is-active "$1"), wanted $2"; }

printf '%s\n' 'Content-Type: multipart/mixed; boundary="b"' 'MIME-Version: 1.0' '' --b 'Content-Type: text/cloud-config' '' '#cloud-config' \
  'users: [{name: alice}]' 'write_files: [{path: /srv/config, content: "by config\n"}]' 'runcmd: [[sh, -c, "echo by runcmd > /srv/runcmd"]]' \
  --b 'Content-Type: text/x-shellscript' '' '#!/bin/sh' 'echo by script > /srv/script' --b-- > "$work/mime"
container mime '{"mode": "delegate", "cloud_init_wait_s": 100}' "$work/mime"
said mime '"state": *"provisioned"'
[ "$(cat "$tree/srv/config" "$tree/srv/runcmd" "$tree/srv/script")" = $'by config\nby runcmd\nby script' ] && grep -q '^alice:' "$tree/etc/passwd" || fail "user-data was not done: $(ls "$tree/srv")"
inside cloud-init status --long > "$work/said"; grep -qx 'status: done' "$work/said" && grep -qF 'DataSourceNoCloud [seed=/var/lib/cloud/seed/nocloud]' "$work/said" || fail "$(cat "$work/said")"
! grep 'Invalid cloud-config' "$tree/var/log/cloud-init.log" || fail "the configuration is not cloud-init's schema"
for u in natal-early natal-delegate cloud-init-local cloud-final multi-user.target; do active "$u" active; done; active natal-late inactive
inside natal-agent plan --uuid $uuid | grep -q '^cloud-init does: boothooks, ' || fail "plan"
ok "MIME is done by cloud-init, from the verified seed, under a real systemd; natal-agent says provisioned"
off

printf '#!/bin/sh\nexit 3\n' > "$work/failing"
container failing '{"mode": "delegate", "cloud_init_wait_s": 100}' "$work/failing"
said failing '"state": *"failed"'; said failing 'Runparts: 1 failures'; active natal-delegate failed; active multi-user.target active
ok "a failing script is a failed guest, in cloud-init's words"
off

container none '{"mode": "delegate"}' ""
said none '"boot": *"failed"'
[ ! -e "$tree/srv/seed" ] && [ ! -e "$tree/var/lib/cloud/instance" ] || fail "cloud-init ran"
inside timeout 30 cloud-init status --wait > "$work/said" || fail "somebody waits for cloud-init: $(cat "$work/said")"
grep -qx 'status: disabled' "$work/said" || fail "$(cat "$work/said")"
for u in natal-delegate cloud-init-local cloud-init cloud-config cloud-final; do active "$u" inactive; done
ok "without a medium cloud-init does not run, whatever seed there is, and nobody waits for it"
off

container once '{"waive": {"sources": ["nocloud"]}}' ""
said once '"state": *"provisioned"'
[ "$(cat "$tree/srv/seed")" = once ] && [ ! -e "$tree/var/lib/cloud/instance" ] || fail "provisioned by whom: $(cat "$tree/srv/seed"), $(ls "$tree/var/lib/cloud")"
inside timeout 30 cloud-init status --wait | grep -qx 'status: disabled' || fail "cloud-init's status"
for u in cloud-init-local cloud-init cloud-config cloud-final natal-delegate; do active "$u" inactive; done; active natal-late active
ok "a waived NoCloud guest is provisioned once, by natal-agent, though cloud-init is installed"
off

# What the package natal-cloud-init-compat has, where cloud-init is not: its link. Somebody waits from the beginning on.
with_compat() { ln -sf ../sbin/natal-agent "$1/bin/cloud-init" 2> /dev/null || { mkdir -p "$1/bin"; ln -s ../sbin/natal-agent "$1/bin/cloud-init"; }; }
meanwhile_compat() { inside timeout 100 cloud-init status --wait > "$work/waited" 2>&1 & waiter=$!; }
printf '#cloud-config\nwrite_files: [{path: /srv/done, content: x}]\nruncmd: [[sleep, "1"]]\n' > "$work/plain"
container compat '{}' "$work/plain"
said compat '"state": *"provisioned"'
wait "$waiter" || fail "cloud-init status --wait: $(cat "$work/waited")"
grep -qx 'status: done' "$work/waited" && [ -e "$tree/srv/done" ] || fail "waited for: $(cat "$work/waited")"
inside cat /run/cloud-init/result.json > "$work/result"; python3 -c 'import json,sys; assert json.load(open(sys.argv[1]))["v1"]["errors"] == []' "$work/result" || fail "$(cat "$work/result")"
[ "$(inside cloud-init query v1.instance_id)" = "$(inside natal-agent query v1.instance_id)" ] && [ -e "$tree/var/lib/cloud/instance/boot-finished" ] || fail "query, boot-finished"
ok "natal-cloud-init-compat: who waits on cloud-init in a boot waits for natal-agent"
off

# From a server in the container's own network, by digest: the early stage leaves it to the late one.
mkdir -p "$work/web"; printf '#cloud-config\nwrite_files: [{path: /srv/included, content: "by include\\n"}]\n' > "$work/web/one"
printf '#include\nhttp://127.0.0.1:8080/one#sha256=%s\n' "$(sha256sum < "$work/web/one" | cut -d' ' -f1)" > "$work/include"
with_fetch() {
  mkdir -p "$tree/etc/systemd/system/natal-late.service.d"
  printf '[Service]\nExecStartPre=/bin/sh -c "until [ -e /srv/ready ]; do sleep 0.1; done"\nExecStart=\nExecStart=/usr/sbin/natal-agent boot late --uuid %s --medium /etc/natal/medium\n' $uuid \
    > "$tree/etc/systemd/system/natal-late.service.d/50.conf"
}
meanwhile_fetch() {
  nsenter -t "$(leader)" -n python3 -m http.server 8080 --bind 127.0.0.1 --directory "$work/web" > "$work/web.log" 2>&1 & web=$!; pids+=("$web")
  within 30 nsenter -t "$(leader)" -n bash -c ': < /dev/tcp/127.0.0.1/8080' || fail "no server: $(cat "$work/web.log")"
  : > "$tree/srv/ready"
}
container fetch '{"fetch": {"hash": true}}' "$work/include"
said fetch '"state": *"provisioned"'
[ "$(cat "$tree/srv/included")" = "by include" ] || fail "not included: $(ls "$tree/srv"); $(cat "$work/web.log")"
ok "what the policy lets be fetched is fetched when there is a network, and provisions the guest"
off
kill "$web"; wait "$web" 2> /dev/null || true
