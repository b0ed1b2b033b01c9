#!/bin/bash
# packages - apt and dnf install from repositories in a folder, as user-data says; programs are run in a chroot of Debian.
# level: full
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export srcdir=$here builddir=${NATAL_TEST_BUILD:-$here/out/tests/build}
. "$here/tests/agent/lib.sh"
[ "$(id -u)" = 0 ] || skip "a chroot needs root"
for p in mmdebstrap dpkg-deb dpkg-scanpackages; do command -v $p > /dev/null || skip "$p is missing (mmdebstrap, dpkg-dev)"; done
cache=${XDG_CACHE_HOME:-$HOME/.cache}/natal/packages packages=debconf,dnf,rpm,createrepo-c
mkdir -p "$cache"
for sources in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do [ ! -s "$sources" ] || break; done
tar=$cache/tree-$(echo "$packages" | sha256sum | cut -c1-12).tar
[ -s "$tar" ] || { mmdebstrap --quiet --variant=minbase --include="$packages" --aptopt='Apt::Install-Recommends "false"' bookworm "$cache/new.tar" "$sources" &&
  mv "$cache/new.tar" "$tar"; } || fail "no tree: mmdebstrap"

fresh() { # the guest's root, with our anchor
  root=$work/root
  rm -rf "$root"; mkdir "$root"
  tar -C "$root" -xf "$tar" --exclude='./dev/*'
  mknod -m 666 "$root/dev/null" c 1 3
  rm -rf "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*
  mkdir -p "$root/etc/natal/trust.d" "$root/srv/repo"
  cp "$work/key.pub" "$root/etc/natal/trust.d/"
}
# SEQUENCE: a new medium; without one the last is applied again.
provision() { [ -z "${1:-}" ] || seal "$work/medium" "$1" "$work/seed" issued_at=1700000000; run_agent apply --root "$root" --medium "$work/medium" > "$work/said" 2>&1 || fail "apply: $(cat "$work/said"; tail -n 20 "$root/var/log/natal/output.log" 2>/dev/null)"; }

# ---- apt
fresh
mkdir -p "$work/deb/DEBIAN" "$work/deb/usr/share/tool"
printf 'Package: tool\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.net>\nDescription: a tool\n' > "$work/deb/DEBIAN/control"
echo one > "$work/deb/usr/share/tool/word"
dpkg-deb --root-owner-group -b "$work/deb" "$root/srv/repo/tool_1.0_all.deb" > /dev/null
sed -i 's/1\.0/2.0/' "$work/deb/DEBIAN/control"; echo two > "$work/deb/usr/share/tool/word"
dpkg-deb --root-owner-group -b "$work/deb" "$root/srv/repo/tool_2.0_all.deb" > /dev/null
(cd "$root/srv/repo" && dpkg-scanpackages -m . > Packages 2> /dev/null)
user_data "$work/seed" <<'U'
apt:
  sources_list: "deb [trusted=yes] file:/srv/repo ./\n"
  conf: 'APT::Sandbox::User "root";'
  debconf_selections: {tool: "tool tool/word password planted-secret"}
packages: [[tool, '1.0']]
U
provision 1
[ "$(cat "$root/usr/share/tool/word")" = one ] || fail "apt: $(cat "$work/said" "$root/var/log/natal/output.log")"
ok "apt installs the version that is named, from a repository of the document's own"
grep -rq planted-secret "$root/var/log/natal/output.log" "$work/said" && fail "an answer was shown"
chroot "$root" /bin/sh -c 'echo "GET tool/word" | debconf-communicate 2>/dev/null' | grep -q planted-secret || chroot "$root" grep -rq planted-secret /var/cache/debconf || fail "debconf was not told"
ok "debconf has its answer, and nothing else shows it"
rm "$root/usr/share/tool/word"
provision
[ ! -e "$root/usr/share/tool/word" ] || fail "installed again"
ok "once an instance: not again"
sed -i "s/, '1.0'/, '2.0'/" "$work/seed/user-data"
provision 2
[ "$(cat "$root/usr/share/tool/word")" = two ] || fail "apt: $(cat "$root/var/log/natal/output.log")"
ok "another list of packages is installed on the same instance"

# ---- dnf
fresh
rm "$root/usr/bin/apt-get"
printf 'ID=fedora\n' > "$root/etc/os-release"
mkdir -p "$root/spec"
printf 'Name: tool\nVersion: 1.0\nRelease: 1\nSummary: a tool\nLicense: none\nBuildArch: noarch\n%%description\na tool\n%%install\nmkdir -p %%{buildroot}/srv\necho three > %%{buildroot}/srv/word\n%%files\n/srv/word\n' > "$root/spec/tool.spec"
chroot "$root" rpmbuild -bb --quiet --define '_rpmdir /srv/repo' /spec/tool.spec > "$work/rpmbuild" 2>&1 || fail "rpmbuild: $(cat "$work/rpmbuild")"
chroot "$root" createrepo_c -q /srv/repo
user_data "$work/seed" <<'U'
yum_repos: {local: {name: local, baseurl: 'file:///srv/repo', gpgcheck: false}}
packages: [tool]
U
provision 1
[ "$(cat "$root/srv/word" 2>/dev/null)" = three ] || fail "dnf: $(cat "$work/said" "$root/var/log/natal/output.log")"
ok "dnf installs from a repository of the document's own"
