#!/usr/bin/env python3
"""Each key of network configuration with each network service: either it changes a file, or stderr says that it has no effect."""
import os
import subprocess
import sys
import tempfile

AGENT = os.path.join(os.environ.get("builddir", "."), "natal-agent")
TARGETS = ["networkd", "network-manager", "eni", "netplan", "sysconfig"]
DHCP = "dhcp4: true, dhcp6: true"
ROUTE = "addresses: [10.0.0.5/24], routes: [{to: 10.1.0.0/16, via: 10.0.0.9%s}]"
OVERRIDES = ["use-dns: false", "use-domains: true", "use-hostname: false", "use-ntp: false", "use-mtu: false", "use-routes: false",
             "send-hostname: false", "hostname: x", "route-metric: 5"]
BOND = ["mode: active-backup", "lacp-rate: fast", "mii-monitor-interval: 100", "min-links: 1", "transmit-hash-policy: layer2", "ad-select: count",
        "all-members-active: true", "arp-interval: 7", "arp-ip-targets: [10.0.0.1]", "arp-validate: all", "arp-all-targets: all", "up-delay: 1",
        "down-delay: 1", "fail-over-mac-policy: active", "gratuitous-arp: 2", "packets-per-member: 2", "primary-reselect-policy: always",
        "resend-igmp: 2", "learn-packet-interval: 3", "primary: e0"]
BRIDGE = ["ageing-time: 5", "priority: 9", "port-priority: {e0: 4}", "forward-delay: 7", "hello-time: 3", "max-age: 8", "path-cost: {e0: 5}", "stp: true"]


# Those that version 2 has no name for: the others are above.
BOND1 = ["bond-active-slave: e0", "bond-ad-actor-sys-prio: 5", "bond-ad-actor-system: '52:54:00:00:00:01'", "bond-ad-user-port-key: 5", "bond-arp-missed-max: 3",
         "bond-lacp-active: 'on'", "bond-lp-interval: 3", "bond-ns-ip6-target: '2001:db8::1'", "bond-num-unsol-na: 3", "bond-peer-notif-delay: 100",
         "bond-tlb-dynamic-lb: 0", "bond-use-carrier: 0"]
BRIDGE1 = ["bridge_gcint: 5", "bridge_hw: '52:54:00:00:00:01'", "bridge_maxwait: 5", "bridge_waitport: 5"]


def ethernet(base, key):
    """Without the key, and with it, between what else an ethernet says."""
    text = "{version: 2, ethernets: {e0: {%s}}}"
    return text % base, text % ", ".join(t for t in (base, key) if t)


def other(kind, base, key):
    text = "{version: 2, ethernets: {e0: {}}, %s}" % kind
    return text % base, text % (base + ", " + key)


def version1(link, base, key):
    text = "{version: 1, config: [{type: physical, name: e0%s, subnets: [{%s}]}]}"
    return (text % ("", base), text % (link, base + key)) if link else (text % ("", base), text % ("", base + ", " + key))


def cases():
    """name, document without, document with it"""
    for key in ["wakeonlan: true", "optional: true", "critical: true", "accept-ra: false", "accept-ra: true", "dhcp-identifier: mac", "mtu: 1400",
                "nameservers: {addresses: [9.9.9.9]}", "nameservers: {addresses: ['2001:db8::9']}", "nameservers: {search: [a.b]}",
                "macaddress: '52:54:00:00:00:01'", "ipv6-privacy: true", "ipv6-mtu: 1300", "ipv6-address-generation: eui64", "ipv6-address-token: '::5'",
                "link-local: []", "receive-checksum-offload: true", "optional-addresses: [dhcp4]", "ra-overrides: {use-dns: false}",
                "routing-policy: [{from: 10.0.0.5, table: 7}]", "gateway4: 10.0.0.1", "match: {driver: virtio_net}", "match: {name: 'en*'}",
                "match: {macaddress: '52:54:00:00:00:02'}"]:
        for base in ["", "dhcp4: true", DHCP, "addresses: [10.0.0.5/24]", "addresses: ['2001:db8::5/64']", "addresses: [10.0.0.5/24, '2001:db8::5/64']"]:
            yield ("ethernet", base, key, *ethernet(base, key))
    yield ("ethernet", "", "set-name", *ethernet("match: {macaddress: '52:54:00:00:00:02'}", "set-name: lan0"))
    for key in OVERRIDES:
        for four in "46":
            override = "dhcp%s-overrides: {%s}" % (four, key)
            yield ("ethernet", DHCP, override, *ethernet(DHCP, override))
            yield ("ethernet", "one family", override, *ethernet("dhcp%s: true" % four, override))
            yield ("ethernet", "static", override, *ethernet("addresses: [10.0.0.5/24]", override))
    for domain in ["true", "route"]:
        for four in "46":
            yield ("ethernet", DHCP, "dhcp%sdomain" % four, *ethernet(DHCP, "dhcp%sdomain: %s" % (four, domain)))
    for key in ["metric: 7", "table: 7", "mtu: 1300", "on-link: true", "type: blackhole", "scope: link", "from: 10.0.0.5", "advertised-mss: 1200"]:
        yield ("route", "", key, *(ethernet(ROUTE % t, "")[0] for t in ("", ", " + key)))
        six = "addresses: ['2001:db8::5/64'], routes: [{to: '2001:db8:1::/48', via: '2001:db8::9'%s}]"
        yield ("route of IPv6", "", key.replace("10.0.0.5", "'2001:db8::5'"), *(ethernet(six % t, "")[0] for t in ("", ", " + key.replace("10.0.0.5", "'2001:db8::5'"))))
        default = "addresses: [10.0.0.5/24], routes: [{to: default, via: 10.0.0.9%s}]"
        yield ("default route", "", key, *(ethernet(default % t, "")[0] for t in ("", ", " + key)))
    for key in ["to: 10.2.0.0/16", "priority: 5", "mark: 3", "type-of-service: 8"]:
        policy = "addresses: [10.0.0.5/24], routing-policy: [{from: 10.0.0.5, table: 7%s}]"
        yield ("policy", "", key, *(ethernet(policy % t, "")[0] for t in ("", ", " + key)))
    yield ("address", "", "label", *(ethernet("addresses: [%s]" % t, "")[0] for t in ("10.0.0.6/24", "{'10.0.0.6/24': {label: 'x:1'}}")))
    yield ("address", "", "lifetime", *(ethernet("addresses: [%s]" % t, "")[0] for t in ("10.0.0.6/24", "{'10.0.0.6/24': {lifetime: 0}}")))
    for kind in ["bonds: {b0: {interfaces: [e0], %s}}", "bridges: {b0: {interfaces: [e0], %s}}", "vlans: {b0: {id: 5, link: e0, %s}}",
                 "vrfs: {b0: {table: 9, interfaces: [e0], %s}}", "dummy-devices: {b0: {%s}}"]:
        for key in ["optional: true", "accept-ra: false", "mtu: 1400", "macaddress: '52:54:00:00:00:01'", "nameservers: {addresses: [9.9.9.9]}",
                    "dhcp4-overrides: {use-dns: false}", "dhcp6-overrides: {use-ntp: false}"]:
            for base in [DHCP, "addresses: [10.0.0.5/24]"]:
                yield (kind.split(":")[0], base, key, *other(kind, base, key))
    for key in BOND:
        yield ("bond", "", key, *(d.replace(", x:", "") for d in (
            "{version: 2, ethernets: {e0: {}}, bonds: {b0: {interfaces: [e0], dhcp4: true}}}",
            "{version: 2, ethernets: {e0: {}}, bonds: {b0: {interfaces: [e0], dhcp4: true, parameters: {%s}}}}" % key)))
    for key in BRIDGE:
        yield ("bridge", "", key, "{version: 2, ethernets: {e0: {}}, bridges: {b0: {interfaces: [e0], dhcp4: true}}}",
               "{version: 2, ethernets: {e0: {}}, bridges: {b0: {interfaces: [e0], dhcp4: true, parameters: {%s}}}}" % key)
    for kind, keys in [("bond", BOND1), ("bridge", BRIDGE1)]:
        for key in keys:
            text = "{version: 1, config: [{type: physical, name: e0}, {type: %s, name: b0, %s_interfaces: [e0], params: {%s}}]}"
            yield (kind + " of version 1", "", key, text % (kind, kind, ""), text % (kind, kind, key))
    for base in ["type: static, address: 10.0.0.2/24", "type: static6, address: '2001:db8::2/64'", "type: dhcp4", "type: dhcp6"]:
        six = "6" in base.split(",")[0]
        for key in ["gateway: " + ("'2001:db8::1'" if six else "10.0.0.1"), "dns_nameservers: [9.9.9.9]", "dns_search: [a]", "metric: 5",
                    "pointopoint: 10.0.0.9", "scope: link", "broadcast: 10.0.0.255", "mtu: 1300", "control: manual",
                    "routes: [{network: %s, gateway: %s}]" % (("'2001:db8:1::/48'", "'2001:db8::9'") if six else ("10.1.0.0/16", "10.0.0.9"))]:
            yield ("subnet", base, key, *version1("", base, key))
        for key in ["mtu: 1300", "accept-ra: true", "wakeonlan: true", "optional: true", "keep_configuration: true", "mac_address: '52:54:00:00:00:01'",
                    "params: {driver: virtio_net}"]:
            yield ("version 1", base, key, *version1(", " + key, base, ""))
    for command in ["{type: nameserver, address: [9.9.9.9]}", "{type: nameserver, address: [9.9.9.9], interface: e0}", "{type: nameserver, search: [a]}",
                    "{type: route, destination: 10.1.0.0/16, gateway: 10.0.0.9}", "{type: loopback, name: lo, subnets: [{type: static, address: 10.9.0.1/32}]}"]:
        for base in ["type: static, address: 10.0.0.2/24", "type: dhcp4"]:
            text = "{version: 1, config: [{type: physical, name: e0, subnets: [{%s}]}%s]}"
            yield ("version 1", base, command, text % (base, ""), text % (base, ", " + command))


def render(folder, target, document):
    """What the files hold, and what is said; None where the document is refused."""
    root = tempfile.mkdtemp(dir=folder)
    done = subprocess.run([AGENT, "net", "render", "--to", target, "--root", root, "-"], input=document, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    files = {}
    for top, _, names in os.walk(root):
        for name in names:
            with open(os.path.join(top, name), encoding="utf-8") as f:
                files[os.path.relpath(os.path.join(top, name), root)] = f.read()
    return (files, [l for l in done.stderr.splitlines() if "[" in l.split(":")[0]]) if done.returncode == 0 else (None, [done.stderr])


def main():
    silent, known, count = [], {}, 0
    with tempfile.TemporaryDirectory() as folder:
        for name, base, key, without, having in cases():
            for target in TARGETS:
                for document in (without, having):
                    if (target, document) not in known:
                        known[target, document] = render(folder, target, document)
                before, after = known[target, without], known[target, having]
                assert before[0] is not None, (without, before[1])
                count += 1
                # A service without such devices says so of the whole device; sysconfig's static IPv6 does not listen to routers anyway.
                whole = any(" vrf has no effect" in l or " dummy has no effect" in l for l in before[1])
                so = target == "sysconfig" and key == "accept-ra: false" and "2001:db8::5" in base
                new = [l for l in after[1] if l not in before[1] and "has no effect with" in l]
                if before[0] == after[0] and len(after[1]) <= len(before[1]) and not whole and not so:
                    silent.append("%s: %s of %s (%s) neither changes a file nor is told" % (target, key, name, base))
                if os.environ.get("NOISE") and before[0] != after[0] and new:
                    print("both: %s: %s of %s (%s): %s" % (target, key, name, base, new))
    for line in silent:
        print("FAIL: " + line)
    assert count > 1500, count
    print("%d keys with a service, %d of them silent" % (count, len(silent)))
    return bool(silent)


sys.exit(main())
