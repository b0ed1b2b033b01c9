#!/usr/bin/env python3
"""bigconfig.py SIZE yaml|json - a cloud-config of SIZE bytes or a little less: files with block scalars, users with keys, commands, packages; the
same content as one line of JSON, which is as dense as a cloud-config gets."""
import json, sys

size, style = int(sys.argv[1]), sys.argv[2]


def option(n, k):
    return f"option_{k} = \"value {k} of {n}: a typical line\"\n"


def file_of(n):
    head = f"# written for application {n}\n[server-{n}]\n"
    return {"path": f"/etc/app/conf.d/{n:05}.conf", "owner": "root:root", "permissions": "0644",
            "content": head + "".join(option(n, k) for k in range(6 + n % 23))}


def user_of(i):
    return {"name": f"user{i}", "gecos": f"User {i}", "groups": ["adm", "sudo"], "shell": "/bin/bash", "lock_passwd": True,
            "ssh_authorized_keys": [f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f user{i}@example.com"]}


def yaml_of(c):
    out = ["#cloud-config", f"hostname: {c['hostname']}", "manage_etc_hosts: true", "packages:"] + [f"- {p}" for p in c["packages"]]
    out += ["users:", "- default"]
    for u in c["users"][1:]:
        out += [f"- name: {u['name']}", f"  gecos: {u['gecos']}", f"  groups: [{', '.join(u['groups'])}]", f"  shell: {u['shell']}",
                "  lock_passwd: true", "  ssh_authorized_keys:", f"  - {u['ssh_authorized_keys'][0]}"]
    out += ["runcmd:"] + [f"- [{', '.join(r)}]" if isinstance(r, list) else f"- {r}  # made once" for r in c["runcmd"]]
    out += ["write_files:"]
    for f in c["write_files"]:
        out += [f"- path: {f['path']}", f"  owner: {f['owner']}", f"  permissions: '{f['permissions']}'", "  content: |"]
        out += ["    " + line for line in f["content"].splitlines()]
    return "\n".join(out) + "\n"


def json_of(c):
    return "#cloud-config\n" + json.dumps(c) + "\n"


write = yaml_of if style == "yaml" else json_of
config = {"hostname": "web-1", "manage_etc_hosts": True, "packages": [f"package-{i}" for i in range(200)],
          "users": ["default"] + [user_of(i) for i in range(60)], "runcmd": [], "write_files": []}
for i in range(400):
    config["runcmd"] += [["systemctl", "restart", f"app-{i}.service"], f"test -e /srv/app/{i} || install -d -m 0755 /srv/app/{i}"]
left = size - len(write(config))
while True:
    one = file_of(len(config["write_files"]))
    left -= len(write({**config, "write_files": [one]})) - len(write({**config, "write_files": []})) + len(", ")
    if left < 100:
        break
    config["write_files"].append(one)
text = write(config)
sys.stdout.write(text + "#" * max(0, size - len(text) - 1) + "\n")
