#!/usr/bin/env python3
"""compare.py CLOUD_TREE NATAL_TREE - fails where the two differ on an item of the bench's seed."""
import os, re, stat, sys

trees = sys.argv[1:3]
bad = []


def read(root, path):
    with open(root + path) as f:
        return f.read()


def same(what, of):
    try:
        a, b = (of(t) for t in trees)
    except OSError as err:
        bad.append(f"{what}: {err}")
        return
    if a != b:
        bad.append(f"{what}: cloud-init {a!r}, natal {b!r}")


def entry(root, db, name):
    return [line.split(":") for line in read(root, db).splitlines() if line.startswith(name + ":")]


def file_facts(path):
    def of(root):
        s = os.lstat(root + path)
        return stat.filemode(s.st_mode), s.st_uid, s.st_gid, read(root, path)
    return of


def members(root, group):
    return entry(root, "/etc/group", group)[0][3]


def network(root):
    text = ""
    for d in ("/etc/systemd/network", "/run/systemd/network"):
        if os.path.isdir(root + d):
            for name in sorted(os.listdir(root + d)):
                text += read(root, f"{d}/{name}")
    return sorted(set(re.findall(r"^(?:Address|Gateway|DNS|MACAddress)=(\S+)", text, re.M)))


same("hostname", lambda t: read(t, "/etc/hostname").strip())
same("passwd", lambda t: [f[:1] + f[2:] for f in entry(t, "/etc/passwd", "alice")])
same("locked password", lambda t: entry(t, "/etc/shadow", "alice")[0][1][:1])
same("group sudo", lambda t: "alice" in members(t, "sudo"))
same("home", lambda t: (oct(os.stat(t + "/home/alice").st_mode), sorted(os.listdir(t + "/home/alice"))))
same("authorized_keys", lambda t: [line for line in read(t, "/home/alice/.ssh/authorized_keys").splitlines() if line])
same("sudo rule", lambda t: any("alice ALL=(ALL) NOPASSWD:ALL" in read(t, "/etc/sudoers.d/" + f) for f in os.listdir(t + "/etc/sudoers.d")))
for key in ("ed25519", "ecdsa"):
    for path in (f"/etc/ssh/ssh_host_{key}_key", f"/etc/ssh/ssh_host_{key}_key.pub"):
        # cloud-init 22.4 writes public halves 0600, later ones 0644 as natal does: their mode is no item of the seed.
        same(path, lambda t, p=path: (p.endswith(".pub") or file_facts(p)(t)[0], read(t, p).strip()))
same("host keys", lambda t: sorted(f for f in os.listdir(t + "/etc/ssh") if f.startswith("ssh_host_")))
for i in range(5):
    same(f"/srv/app/f{i}.conf", file_facts(f"/srv/app/f{i}.conf"))
for path in ("/etc/natal/tls/key.pem", "/etc/natal/tls/cert.pem"):
    same(path, file_facts(path))
same("network", network)
for line in bad:
    print("differs: " + line, file=sys.stderr)
sys.exit(1 if bad else 0)
