#!/usr/bin/env python3
"""seed.py DIR - the seed of the apply bench, as cloud-init's NoCloud and as natal's blobs: one content for both."""
import json, os, subprocess, sys

os.makedirs(sys.argv[1], exist_ok=True)
os.chdir(sys.argv[1])
for kind in ("ed25519", "ecdsa"):
    if not os.path.exists(kind):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", kind, "-C", "bench"], check=True)
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tls.key",
                "-out", "tls.crt", "-subj", "/CN=bench-1", "-days", "30"], check=True, stderr=subprocess.DEVNULL)


def text(name):
    with open(name) as f:
        return f.read()


files = [{"path": f"/srv/app/f{i}.conf", "permissions": "0640", "owner": "root:root", "content": f"line {i}\n" * 20} for i in range(5)]
files += [{"path": "/etc/natal/tls/key.pem", "permissions": "0600", "content": text("tls.key")},
          {"path": "/etc/natal/tls/cert.pem", "permissions": "0644", "content": text("tls.crt")}]
user_data = {
    "hostname": "bench-1",
    "users": [{"name": "alice", "gecos": "Alice", "groups": "sudo", "shell": "/bin/bash", "lock_passwd": True,
               "sudo": "ALL=(ALL) NOPASSWD:ALL", "ssh_authorized_keys": [text("ed25519.pub").strip()]}],
    "ssh_keys": {"ed25519_private": text("ed25519"), "ed25519_public": text("ed25519.pub").strip(),
                 "ecdsa_private": text("ecdsa"), "ecdsa_public": text("ecdsa.pub").strip()},
    "write_files": files,
}
network = {"version": 2, "ethernets": {"eth0": {
    "match": {"macaddress": "52:54:00:12:34:56"}, "dhcp4": False, "addresses": ["192.0.2.10/24"],
    "routes": [{"to": "0.0.0.0/0", "via": "192.0.2.1"}], "nameservers": {"addresses": ["192.0.2.53"]}}}}
with open("user-data", "w") as f:
    f.write("#cloud-config\n" + json.dumps(user_data) + "\n")
with open("network-config", "w") as f:
    f.write(json.dumps(network) + "\n")
with open("meta-data", "w") as f:
    f.write("instance-id: i-bench-1\n")
with open("report-key", "wb") as f:
    f.write(os.urandom(32))
