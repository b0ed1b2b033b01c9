/* What network configuration is refused or warned about, where, and what is written for what cloud-init's vectors do not have. */
#include "tests/unit/unit.h"
#include <stdio.h>
#include "common/data/yaml.h"
#include "common/network/render.h"

struct doc { struct arena arena; struct notes notes; struct netconf *conf; };

static const struct netconf_nic nics[] = { { "52:54:00:00:00:01", "ens1" } };
static const struct netconf_host host = { 1, nics };

static int read_doc(struct doc *d, const char *text, struct err *e)
{
	const struct node *inner;
	enum netconf_kind kind;
	struct node *root;
	int r;

	*d = (struct doc){ 0 };
	d->notes.arena = &d->arena;
	*e = ERR_NONE;
	if ((r = yaml_read(&d->arena, "net", text, strlen(text), &d->notes, &root, e)) || (r = netconf_kind(root, &kind, &inner, e)))
		return r;
	return netconf_read(&d->arena, kind, inner, &host, &d->notes, &d->conf, e);
}

static void refuses_with_the_place(void **s)
{
	static const struct { const char *text; enum err_code code; const char *where, *msg, *hint; } cases[] = {
		{ "[]", ERR_FORMAT, "net:1:1", "network configuration is a map, this is a list", "" },
		{ "version: 3\n", ERR_FORMAT, "net:1:10", "of version 1 or 2", "version: 1 with" },
		{ "ethernets: {}\n", ERR_FORMAT, "net:1:1", "has no 'version'", "" },
		{ "network: 3\n", ERR_FORMAT, "net:1:10", "a map is wanted, this is a whole number", "" },
		{ "version: 1\n", ERR_FORMAT, "net:1:1", "version 1 has no 'config'", "" },
		{ "version: 1\nconfig:\n- {type: physicl, name: eth0}\n", ERR_FORMAT, "net:3:10", "unknown type 'physicl'", "'physical'" },
		{ "version: 1\nconfig:\n- {type: physical}\n", ERR_FORMAT, "net:3:3", "the physical has no name", "" },
		{ "version: 1\nconfig:\n- {type: physical, name: ../x}\n", ERR_FORMAT, "net:3:26", "'../x' is no interface name", "letters" },
		{ "version: 1\nconfig:\n- {type: physical, name: a b}\n", ERR_FORMAT, "net:3:26", "'a b' is no interface name", "" },
		{ "version: 1\nconfig:\n- {type: physical, name: a}\n- {type: physical, name: a}\n", ERR_FORMAT, "net:4:26",
			"'a' is described twice: line 3", "" },
		{ "version: 1\nconfig:\n- {type: physical, name: a, mac_address: 00:11:22}\n", ERR_FORMAT, "net:3:42", "'00:11:22' is no MAC address",
			"52:54:00" },
		{ "version: 1\nconfig:\n- {type: physical, name: a, mtu: 67}\n", ERR_FORMAT, "net:3:34", "mtu 67 is less than 68", "" },
		{ "version: 1\nconfig:\n- {type: physical, name: a, mtu: big}\n", ERR_FORMAT, "net:3:34", "mtu 'big' is not a whole number", "" },
		{ "version: 1\nconfig:\n- {type: bond, name: a}\n", ERR_FORMAT, "net:3:3", "'bond_interfaces' is missing", "" },
		{ "version: 1\nconfig:\n- {type: vlan, name: a.5, vlan_link: a, vlan_id: 4095}\n", ERR_FORMAT, "net:3:50", "id '4095' is not a whole number from 0 to 4094", "" },
		{ "version: 1\nconfig:\n- type: physical\n  name: a\n  subnets: [{type: statik}]\n", ERR_FORMAT, "net:5:20", "unknown type 'statik'", "'static'" },
		{ "version: 1\nconfig:\n- type: physical\n  name: a\n  subnets: [{type: static}]\n", ERR_FORMAT, "net:5:13", "needs an address", "" },
		{ "version: 1\nconfig:\n- type: physical\n  name: a\n  subnets: [{type: static, address: 10.0.0.1/33}]\n", ERR_FORMAT, "net:5:37",
			"'33' is no prefix length", "" },
		{ "version: 1\nconfig:\n- type: physical\n  name: a\n  subnets: [{type: static, address: 10.0.0.1, netmask: 255.0.255.0}]\n", ERR_FORMAT,
			"net:5:56", "netmask '255.0.255.0' is no prefix length or mask", "" },
		{ "version: 1\nconfig:\n- type: physical\n  name: a\n  subnets: [{type: static, address: 10.0.0.999}]\n", ERR_FORMAT, "net:5:37",
			"'10.0.0.999' is not an address", "" },
		{ "version: 1\nconfig:\n- type: physical\n  name: a\n  subnets: [{type: static, address: 10.0.0.1, gateway: x}]\n", ERR_FORMAT, "net:5:56",
			"gateway 'x' is not an address", "" },
		{ "version: 1\nconfig:\n- {type: nameserver, address: 10.0.0.1, interface: eth0}\n", ERR_FORMAT, "net:3:52", "no interface 'eth0'", "" },
		{ "version: 1\nconfig:\n- {type: route, gateway: 10.0.0.1}\n", ERR_FORMAT, "net:3:3", "no destination", "" },
		{ "version: 1\nconfig:\n- {type: route, destination: default}\n", ERR_FORMAT, "net:3:30", "a default route needs a gateway", "" },
		{ "version: 1\nconfig:\n- {type: physical, name: \"a\\nb\"}\n", ERR_FORMAT, "net:3:26", "control character", "" },
		{ "version: 1\nconfig:\n- {type: bond, name: a, bond_interfaces: [b], params: {bond-mode: '$(x)'}}\n", ERR_FORMAT, "net:3:67", "a dollar", "" },
		{ "version: 2\nethernets: {a: {dhcp4: true, dhcp4-overrides: {hostname: 'x;{touch,/y}'}}}\n", ERR_FORMAT, "net:2:58", "'x;{touch,/y}' is no plain word",
			"a shell reads it" },
		{ "version: 2\nethernets: {a: {routing-policy: [{from: '10.0.0.1;id', table: 7}]}}\n", ERR_FORMAT, "net:2:41", "policy '10.0.0.1;id' is no plain", "" },
		{ "version: 2\nethernets: {a: {routing-policy: [{to: '10.0.0.1 & id', table: 7}]}}\n", ERR_FORMAT, "net:2:39", "is no plain word", "" },
		{ "version: 1\nconfig:\n- type: physical\n  name: a\n  subnets: [{type: static, address: 10.0.0.1/8, scope: 'link|id'}]\n", ERR_FORMAT, "net:5:56",
			"scope 'link|id' is no plain word", "" },
		{ "version: 2\nethernet: {}\n", ERR_FORMAT, "net:2:1", "unknown key 'ethernet'", "'ethernets'" },
		{ "version: 2\nethernets: []\n", ERR_FORMAT, "net:2:12", "a map is wanted, this is a list", "" },
		{ "version: 2\nethernets: {a: {match: {macaddress: zz}}}\n", ERR_FORMAT, "net:2:37", "'zz' is no MAC address", "" },
		{ "version: 2\nethernets: {a: {addresses: [10.0.0.1/24, 7]}}\n", ERR_FORMAT, "net:2:42", "an address is a text", "" },
		{ "version: 2\nethernets: {a: {addresses: 10.0.0.1/24}}\n", ERR_FORMAT, "net:2:28", "a list is wanted", "" },
		{ "version: 2\nethernets: {a: {dhcp4: true, routes: [{to: 10.0.0.0/8, via: nowhere}]}}\n", ERR_FORMAT, "net:2:61",
			"gateway 'nowhere' is not an address", "" },
		{ "version: 2\nethernets: {a: {}}\nbonds: {a: {interfaces: [b]}}\n", ERR_FORMAT, "net:3:9", "'a' is described twice", "" },
		{ "version: 2\nbonds: {a: {interfaces: [x]}, b: {interfaces: [x]}}\n", ERR_FORMAT, "net:2:48", "'x' is in 'a' already", "" },
		{ "version: 2\nbridges: {a: {interfaces: [x]}, b: {interfaces: [x]}}\n", ERR_CONFLICT, "net:2:50", "'x' is in 'a' already", "" },
		{ "version: 2\nbridges: {a: {interfaces: [x, x]}}\n", ERR_FORMAT, "net:2:31", "'x' stands twice", "" },
		{ "version: 2\nbridges: {a: {interfaces: [b]}, b: {interfaces: [a]}}\n", ERR_CONFLICT, "net:2:33", "stands on itself", "" },
		{ "version: 2\nvlans: {a: {id: 1, link: b}, b: {id: 2, link: a}}\n", ERR_CONFLICT, "net:2:9", "'a' stands on itself", "" },
		{ "version: 2\nbonds: {b: {interfaces: [v]}}\nvlans: {v: {id: 2, link: b}}\n", ERR_CONFLICT, "net:", "stands on itself", "" },
		{ "version: 2\nethernets: {a: {set-name: x}, b: {set-name: x}}\n", ERR_CONFLICT, "net:2:31", "have one name, 'x'", "" },
		{ "version: 2\nethernets: {a: {dhcp4: true, dhcp4domain: true, dhcp4-overrides: {use-domains: true}}}\n", ERR_FORMAT, "net:2:43",
			"one thing said twice", "" },
		{ "links: [{id: t, type: vif, ethernet_mac_address: '52:54:00:00:00:02'}]\n", ERR_NOT_FOUND, "net:1:9", "no interface has the MAC", "--macs" },
		{ "links: [{id: v, type: vlan, vlan_id: 3, vlan_link: t}]\n", ERR_NOT_FOUND, "net:1:52", "there is no link 't'", "" },
		{ "links: [{id: t, type: vif, name: a}]\nnetworks: [{link: t, type: ipv9}]\n", ERR_FORMAT, "net:2:28", "unknown type 'ipv9'", "" },
	};
	struct doc d;
	struct err e;

	(void)s;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_err(read_doc(&d, cases[i].text, &e), cases[i].code, e, cases[i].msg);
		if (strncmp(e.where, cases[i].where, strlen(cases[i].where)) != 0)
			fail_msg("%s: at '%s', wanted '%s' (%s)", cases[i].text, e.where, cases[i].where, e.msg);
		if (!strstr(e.hint, cases[i].hint))
			fail_msg("%s: hint '%s' does not hold '%s'", cases[i].text, e.hint, cases[i].hint);
		arena_fini(&d.arena);
	}
}

static void warns_with_the_place(void **s)
{
	static const struct { const char *text, *where, *msg, *hint; } cases[] = {
		{ "version: 2\nethernets: {a: {dhpc4: true}}\n", "net:2:17", "unknown key 'dhpc4' of an ethernet", "'dhcp4'" },
		{ "version: 1\nconfig:\n- {type: physical, name: a, nmae: b}\n", "net:3:29", "unknown key 'nmae'", "'name'" },
		{ "version: 1\nconfig:\n- {type: physical, name: a, mtu: 0}\n", "net:3:34", "mtu 0 has no effect", "" },
		{ "version: 1\nconfig:\n- {type: physical, name: a, mac_address: 'xx:54:00:00:00:01'}\n", "net:3:42", "matches no interface", "" },
		{ "version: 2\nbonds: {b: {interfaces: [eth0, eth1]}}\nethernets: {eth0: {}}\n", "net:2:32", "'eth1' is not described here", "'eth0'" },
		{ "version: 2\nvlans: {b: {link: eth1, id: 7}}\n", "net:2:9", "'eth1' of the VLAN 'b' is not described here", "" },
		{ "version: 2\nethernets: {a: {routes: [{to: 10.0.0.0/8, via: 10.0.0.1}]}}\n", "net:2:25", "routes have no effect", "" },
		{ "version: 2\nethernets: {a: {gateway4: 10.0.0.1}}\n", "net:2:27", "gateway4 has no effect", "" },
		{ "version: 2\nethernets: {a: {addresses: [10.0.0.2/24], gateway4: 10.0.0.1}}\n", "net:2:53", "gateway4 is written otherwise", "to: default" },
		{ "version: 2\nethernets: {a: {set-name: b}}\n", "net:2:27", "renames nothing", "" },
		{ "version: 2\nethernets: {a: {addresses: [10.0.0.2]}}\n", "net:2:29", "'10.0.0.2' has no prefix length: /24 is taken", "" },
		{ "version: 2\nethernets: {abcdefghijklmnop: {}}\n", "net:2:13", "too long for an interface's name", "" },
		{ "version: 2\nbonds: {b: {interfaces: [], parameters: {mod: 1}}}\n", "net:2:42", "unknown parameter 'mod' of a bond", "'mode'" },
		{ "version: 1\nconfig: [{type: bond, name: b, bond_interfaces: [a], params: {up: id}}, {type: physical, name: a}]\n", "net:2:63", "unknown parameter 'up' of a bond", "" },
		{ "version: 1\nconfig: [{type: bridge, name: b, bridge_interfaces: [], params: {bridge_stb: on}}]\n", "net:2:66",
			"unknown parameter 'bridge_stb' of a bridge", "'bridge_stp'" },
		{ "version: 1\nconfig: [{type: physical, name: a, params: {pre-up: id}}]\n", "net:2:45", "unknown parameter 'pre-up' of an interface", "" },
		{ "version: 1\nconfig: [{type: physical, name: a, v2: {routing-policy: [{from: 'x;id'}]}}]\n", "net:2:36", "unknown key 'v2'", "" },
		{ "links: [{id: t, type: strange, name: a}]\n", "net:1:23", "unknown type 'strange' of a link is taken as physical", "" },
	};
	struct doc d;
	struct err e;

	(void)s;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool found = false;
		assert_ok(read_doc(&d, cases[i].text, &e), e);
		for (size_t k = 0; k < d.notes.kept; k++) {
			const struct err *n = &d.notes.at[k].err;
			found |= strstr(n->msg, cases[i].msg) && strcmp(n->where, cases[i].where) == 0 && strstr(n->hint, cases[i].hint);
		}
		if (!found)
			fail_msg("%s: %zu notes, the first '%s' at %s (%s)", cases[i].text, d.notes.kept, d.notes.kept ? d.notes.at[0].err.msg : "",
				d.notes.kept ? d.notes.at[0].err.where : "", d.notes.kept ? d.notes.at[0].err.hint : "");
		arena_fini(&d.arena);
	}
}

static void counts_are_capped(void **s)
{
	scoped_buf struct buf text = BUF_MAX(1 << 20);
	struct doc d;
	struct err e;

	(void)s;
	buf_str(&text, "version: 2\nethernets:\n");
	for (int i = 0; i < NETCONF_LINKS_MAX; i++)
		buf_printf(&text, "  e%d: {}\n", i);
	assert_ok(read_doc(&d, text.data, &e), e);
	arena_fini(&d.arena);
	buf_str(&text, "  more: {}\n");
	assert_err(read_doc(&d, text.data, &e), ERR_LIMIT, e, "more than 512 interfaces");
	arena_fini(&d.arena);
	buf_clear(&text);
	buf_str(&text, "version: 2\nethernets: {a: {addresses: [");
	for (int i = 0; i <= NETCONF_SUBNETS_MAX; i++)
		buf_str(&text, "10.0.0.1/8, ");
	buf_str(&text, "]}}\n");
	assert_err(read_doc(&d, text.data, &e), ERR_LIMIT, e, "more than 256 subnets");
	arena_fini(&d.arena);
	buf_clear(&text);
	buf_str(&text, "version: 1\nconfig:\n");
	for (int i = 0; i <= NETCONF_GLOBAL_MAX; i++)
		buf_str(&text, "- {type: route, destination: 10.0.0.0/8, gateway: 10.0.0.1}\n");
	assert_err(read_doc(&d, text.data, &e), ERR_LIMIT, e, "more than 128 routes of no interface");
	arena_fini(&d.arena);
	buf_clear(&text);
	buf_str(&text, "version: 2\nethernets: {a: {nameservers: {addresses: [");
	for (int i = 0; i <= NETCONF_WORDS_MAX; i++)
		buf_str(&text, "10.0.0.1, ");
	buf_str(&text, "]}}}\n");
	assert_err(read_doc(&d, text.data, &e), ERR_LIMIT, e, "more than 64 words");
	arena_fini(&d.arena);
}

/* The file's text; "" where it is not among them. */
static const char *rendered(struct doc *d, const char *renderer, const char *text, const char *path)
{
	struct net_files files;
	struct err e;

	assert_ok(read_doc(d, text, &e), e);
	if (strcmp(renderer, "links") == 0)
		assert_ok(net_render_links(&d->arena, d->conf, &files, &e), e);
	else
		assert_ok(net_render(&d->arena, net_renderer_find(renderer), d->conf, NULL, &d->notes, &files, &e), e);
	for (size_t i = 0; i < files.count; i++)
		if (strcmp(files.at[i].path, path) == 0)
			return files.at[i].bytes;
	return "";
}

static void writes_what_cloud_init_leaves_out(void **s)
{
	static const char vrf[] = "version: 2\nethernets: {a: {dhcp4: true}}\nvrfs: {blue: {table: 7, interfaces: [a]}}\n";
	static const char named[] = "version: 2\nethernets: {id0: {match: {name: 'en*'}, dhcp4: true}}\n";
	static const char policy[] = "version: 2\nethernets: {a: {addresses: [10.0.0.1/8], routing-policy: [{from: 10.0.0.0/8, table: 7, mark: 3, priority: 5}]}}\n";
	static const char onlink[] = "version: 2\nethernets: {a: {addresses: [10.0.0.1/32], routes: [{to: default, via: 10.9.9.9, on-link: true}]}}\n";
	static const char no_dns[] = "version: 2\nethernets: {a: {dhcp4: true, dhcp4-overrides: {use-dns: false}}}\n";
	static const char set_name[] = "version: 2\nethernets: {a: {match: {macaddress: '52:54:00:00:00:09'}, set-name: lan}}\n";
	static const char other_mac[] = "version: 2\nethernets: {a: {match: {macaddress: '52:54:00:00:00:09'}, set-name: lan, macaddress: '52:54:00:00:00:0a'}}\n";
	static const struct { const char *with, *text, *path, *holds; } cases[] = {
		{ "networkd", vrf, "etc/systemd/network/10-cloud-init-blue.netdev", "Kind=vrf\nName=blue\n\n[VRF]\nTable=7\n" },
		{ "networkd", vrf, "etc/systemd/network/10-cloud-init-a.network", "DHCP=ipv4\nVRF=blue\n" },
		{ "network-manager", vrf, "etc/NetworkManager/system-connections/cloud-init-blue.nmconnection", "[vrf]\ntable=7\n" },
		{ "network-manager", vrf, "etc/NetworkManager/system-connections/cloud-init-a.nmconnection", "slave-type=vrf\n" },
		{ "eni", vrf, "etc/network/interfaces", "    pre-up ip link add blue type vrf table 7 || true\n" },
		{ "netplan", vrf, "etc/netplan/50-cloud-init.yaml", "        blue:\n            table: 7\n" },
		{ "networkd", named, "etc/systemd/network/10-cloud-init-id0.network", "[Match]\nName=en*\n" },
		{ "network-manager", named, "etc/NetworkManager/system-connections/cloud-init-id0.nmconnection", "[match]\ninterface-name=en*;\n" },
		{ "networkd", policy, "etc/systemd/network/10-cloud-init-a.network", "FirewallMark=3\nFrom=10.0.0.0/8\nPriority=5\nTable=7\n" },
		{ "network-manager", policy, "etc/NetworkManager/system-connections/cloud-init-a.nmconnection",
			"routing-rule1=priority 5 from 10.0.0.0/8 fwmark 3 table 7\n" },
		{ "eni", policy, "etc/network/interfaces", "post-up ip rule add priority 5 from 10.0.0.0/8 fwmark 3 table 7 || true\n" },
		{ "sysconfig", policy, "etc/sysconfig/network-scripts/rule-a", "from 10.0.0.0/8 fwmark 3 table 7 priority 5\n" },
		{ "networkd", onlink, "etc/systemd/network/10-cloud-init-a.network", "Gateway=10.9.9.9\nGatewayOnLink=yes\n" },
		{ "eni", onlink, "etc/network/interfaces", "post-up ip route add default via 10.9.9.9 onlink || true\n" },
		{ "network-manager", no_dns, "etc/NetworkManager/system-connections/cloud-init-a.nmconnection", "ignore-auto-dns=true\n" },
		{ "sysconfig", no_dns, "etc/sysconfig/network-scripts/ifcfg-a", "PEERDNS=no\n" },
		{ "links", set_name, "etc/systemd/network/10-cloud-init-a.link", "[Match]\nMACAddress=52:54:00:00:00:09\n\n[Link]\nName=lan\n" },
		{ "links", other_mac, "etc/systemd/network/10-cloud-init-a.link", "[Match]\nPermanentMACAddress=52:54:00:00:00:09\n\n[Link]\nName=lan\n" },
	};
	struct doc d;

	(void)s;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *text = rendered(&d, cases[i].with, cases[i].text, cases[i].path);
		if (!strstr(text, cases[i].holds))
			fail_msg("%s, %s: '%s' does not hold '%s'", cases[i].with, cases[i].path, text, cases[i].holds);
		arena_fini(&d.arena);
	}
}

/* What is unknown is no line of a file that runs commands, and no word of a shell's is more than a word. */
static void nothing_becomes_a_command(void **s)
{
	static const char one[] = "version: 1\nconfig:\n- {type: physical, name: e, params: {down: id, driver: virtio}}\n"
		"- {type: bond, name: bond0, bond_interfaces: [e], params: {up: touch /x, pre-up: id, bond-mode: 1, bond_xmit-hash_policy: layer2}}\n"
		"- {type: bridge, name: br0, bridge_interfaces: [], params: {post-up: id, bridge_fd: 4}}\n"
		"- {type: physical, name: f, v2: {routing-policy: [{from: \"1;id\\n    up id\"}]}}\n";
	static const char quoted[] = "version: 1\nconfig:\n- {type: bond, name: b, bond_interfaces: [a], params: {bond-mode: '1;{touch,x}'}}\n"
		"- {type: physical, name: a, subnets: [{type: static, address: 10.0.0.1/8, dns_search: ['a&id']}]}\n";
	struct doc d;

	(void)s;
	const char *text = rendered(&d, "eni", one, "etc/network/interfaces");
	const char *const bad[] = { "touch", "up ", "down", "driver", " id" }, *const good[] = { "bond-mode 1", "bond-xmit-hash-policy layer2", "bridge-fd 4" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (strstr(text, bad[i]))
			fail_msg("'%s' holds '%s'", text, bad[i]);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_non_null(strstr(text, good[i]));
	size_t told = 0;
	for (size_t i = 0; i < d.notes.kept; i++)
		told += strstr(d.notes.at[i].err.msg, "unknown parameter 'up' of a bond") != NULL;
	assert_int_equal(told, 1);
	arena_fini(&d.arena);
	assert_non_null(strstr(rendered(&d, "sysconfig", quoted, "etc/sysconfig/network-scripts/ifcfg-b"), "\nBONDING_OPTS=\"mode=1;{touch,x}\"\n"));
	arena_fini(&d.arena);
	text = rendered(&d, "sysconfig", quoted, "etc/sysconfig/network-scripts/ifcfg-a");
	assert_non_null(strstr(text, "\nDOMAIN=\"a&id\"\n"));
	assert_non_null(strstr(text, "\nIPADDR=10.0.0.1\n"));
	arena_fini(&d.arena);
}

/* A link is found again when it has the MAC address that it is given. */
static void finds_one_with_another_mac(void **s)
{
	static const struct net_target target = { .by_mac = true };
	static const char text[] = "version: 2\nethernets:\n  a: {match: {macaddress: '52:54:00:00:00:09'}, macaddress: '52:54:00:00:00:0a'}\n"
		"  b: {match: {macaddress: '52:54:00:00:00:0B'}, macaddress: '52:54:00:00:00:0b'}\n  c: {macaddress: '52:54:00:00:00:0c'}\n";
	static const char *const holds[] = { "[Match]\nPermanentMACAddress=52:54:00:00:00:09\n\n", "[Match]\nMACAddress=52:54:00:00:00:0b\n\n",
		"[Match]\nName=c\n\n" };
	struct net_files files;
	struct doc d;
	struct err e;

	(void)s;
	assert_ok(read_doc(&d, text, &e), e);
	assert_ok(net_render(&d.arena, net_renderer_find("networkd"), d.conf, &target, NULL, &files, &e), e);
	assert_int_equal(files.count, 3);
	for (size_t i = 0; i < 3; i++)
		if (!strstr(files.at[i].bytes, holds[i]))
			fail_msg("%s: '%s' does not hold '%s'", files.at[i].path, files.at[i].bytes, holds[i]);
	assert_non_null(strstr(files.at[0].bytes, "[Link]\nMACAddress=52:54:00:00:00:0a\n"));
	arena_fini(&d.arena);
}

/* As the agent wants it: udev may not have named the interface yet, and a VLAN above it has the same address. */
static void finds_by_mac_alone(void **s)
{
	static const struct net_target target = { .by_mac = true };
	struct net_files files;
	struct doc d;
	struct err e;

	(void)s;
	assert_ok(read_doc(&d, "version: 2\nethernets: {a: {match: {macaddress: '52:54:00:00:00:09'}}}\nvlans: {v: {id: 3, link: a}}\n", &e), e);
	assert_ok(net_render(&d.arena, net_renderer_find("networkd"), d.conf, &target, NULL, &files, &e), e);
	assert_non_null(strstr(files.at[0].bytes, "[Match]\nMACAddress=52:54:00:00:00:09\nType=!bond bridge vlan vrf\n\n"));
	arena_fini(&d.arena);
}

static void says_what_has_no_effect(void **s)
{
	struct doc d;

	(void)s;
	rendered(&d, "networkd", "version: 2\ntunnels: {t: {mode: gre}}\nethernets: {a: {critical: true}}\n", "");
	assert_int_equal(d.notes.kept, 2);
	assert_string_equal(d.notes.at[0].err.msg, "'tunnels' has no effect with systemd-networkd");
	assert_string_equal(d.notes.at[0].err.where, "net:2:1");
	assert_string_equal(d.notes.at[1].err.msg, "'critical' has no effect with systemd-networkd");
	arena_fini(&d.arena);
	rendered(&d, "netplan", "version: 2\ntunnels: {t: {mode: gre}}\n", "");
	assert_int_equal(d.notes.kept, 0);
	arena_fini(&d.arena);
}

/* netplan refuses a whole file for one key that it does not know. */
static void unknown_keys_do_not_reach_netplan(void **s)
{
	struct doc d;

	(void)s;
	assert_string_equal(rendered(&d, "netplan", "version: 2\nethernets: {a: {dhcp4: true, dhpc6: true, critical: true, routes: [{to: default, via: 10.0.0.1, vai: x}]}}\n",
		"etc/netplan/50-cloud-init.yaml"),
		"network:\n    version: 2\n    ethernets:\n        a:\n            dhcp4: true\n            critical: true\n            routes:\n"
		"                -\n                    to: default\n                    via: \"10.0.0.1\"\n");
	arena_fini(&d.arena);
}

static void disabled_is_no_files(void **s)
{
	struct net_files files = { 1, NULL };
	struct doc d;
	struct err e;

	(void)s;
	assert_ok(read_doc(&d, "network: {config: disabled}\n", &e), e);
	assert_true(d.conf->disabled);
	assert_ok(net_render(&d.arena, net_renderer_find("eni"), d.conf, NULL, NULL, &files, &e), e);
	assert_int_equal(files.count, 0);
	arena_fini(&d.arena);
}

static void names_come_from_macs(void **s)
{
	struct doc d;
	struct err e;

	(void)s;
	assert_ok(read_doc(&d, "version: 2\nethernets: {a: {match: {macaddress: 52:54:00:00:00:01}}}\n", &e), e);
	assert_string_equal(d.conf->links[0].name, "ens1");
	arena_fini(&d.arena);
}

static const char *const *there;
static bool has(const void *ctx, const char *path)
{
	(void)ctx;
	for (const char *const *p = there; *p; p++)
		if (strcmp(*p, path) == 0)
			return true;
	return false;
}

static void chooses_what_runs(void **s)
{
	static const struct { const char *paths[5], *name; } cases[] = {
		{ { "usr/lib/systemd/systemd-networkd" }, "networkd" },
		{ { "usr/lib/systemd/systemd-networkd", "usr/sbin/ifup", "etc/network/interfaces",
			"etc/systemd/system/multi-user.target.wants/networking.service" }, "eni" },
		{ { "usr/lib/systemd/systemd-networkd", "usr/sbin/NetworkManager", "etc/systemd/system/multi-user.target.wants/systemd-networkd.service" },
			"networkd" },
		{ { "usr/lib/systemd/systemd-networkd", "usr/sbin/NetworkManager", "etc/systemd/system/multi-user.target.wants/NetworkManager.service" },
			"network-manager" },
		{ { "usr/lib/systemd/systemd-networkd", "usr/sbin/netplan", "etc/systemd/system/multi-user.target.wants/systemd-networkd.service" },
			"netplan" },
		{ { "usr/sbin/ifup", "etc/sysconfig/network-scripts" }, "sysconfig" },
	};

	(void)s;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		there = cases[i].paths;
		const struct net_renderer *r = net_renderer_choose(has, NULL);
		assert_non_null(r);
		assert_string_equal(r->name, cases[i].name);
	}
	there = (const char *const[]){ NULL };
	assert_null(net_renderer_choose(has, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_with_the_place), cmocka_unit_test(warns_with_the_place), cmocka_unit_test(counts_are_capped),
		cmocka_unit_test(writes_what_cloud_init_leaves_out), cmocka_unit_test(nothing_becomes_a_command), cmocka_unit_test(finds_by_mac_alone), cmocka_unit_test(finds_one_with_another_mac), cmocka_unit_test(says_what_has_no_effect), cmocka_unit_test(unknown_keys_do_not_reach_netplan), cmocka_unit_test(disabled_is_no_files),
		cmocka_unit_test(names_come_from_macs), cmocka_unit_test(chooses_what_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
