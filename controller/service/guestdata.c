/* guestdata.c - what a spec becomes for the guest: cloud-config and network-config, in their JSON forms. See spec.h. */
#include <string.h>
#include "controller/service/address.h"
#include "controller/service/shape.h"
#include "controller/service/spec.h"

static struct json_object *user_json(struct json_object *u)
{
	struct json_object *o = json_object_new_object(), *keys = NULL, *sudo = NULL;

	json_put(o, "name", json_text(u, "name"));
	json_put(o, "shell", "/bin/bash");
	json_put_bool(o, "lock_passwd", true);
	json_object_object_get_ex(u, "ssh_keys", &keys);
	if (list_size(keys))
		json_object_object_add(o, "ssh_authorized_keys", json_object_get(keys));
	if (json_object_object_get_ex(u, "sudo", &sudo) && json_object_get_boolean(sudo))
		json_put(o, "sudo", "ALL=(ALL) NOPASSWD:ALL");
	return o;
}

static struct json_object *file_json(struct json_object *f)
{
	struct json_object *o = json_object_new_object();
	const char *mode = json_text(f, "mode");

	json_put(o, "path", json_text(f, "path"));
	json_put(o, "encoding", "b64");
	json_put(o, "content", json_text(f, "content_b64"));
	json_put(o, "permissions", mode ? mode : "0644");
	return o;
}

static void add_list(struct json_object *o, const char *key, struct json_object *from, struct json_object *(*make)(struct json_object *))
{
	if (!list_size(from))
		return;
	struct json_object *a = json_object_new_array();
	for (size_t i = 0; i < list_size(from); i++) {
		struct json_object *item = json_object_array_get_idx(from, i);
		json_object_array_add(a, make ? make(item) : json_object_get(item));
	}
	json_object_object_add(o, key, a);
}

int spec_user_data(const struct vm_spec *s, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	const char *host = *s->hostname ? s->hostname : s->name;
	json_put(o, "hostname", host);
	if (strchr(host, '.'))
		json_put(o, "fqdn", host);
	if (*s->timezone)
		json_put(o, "timezone", s->timezone);
	add_list(o, "users", s->users, user_json);
	add_list(o, "write_files", s->files, file_json);
	if (list_size(s->ca_certs)) {
		struct json_object *ca = json_object_new_object();
		add_list(ca, "trusted", s->ca_certs, NULL);
		json_object_object_add(o, "ca_certs", ca);
	}
	add_list(o, "runcmd", s->run, NULL);
	buf_str(out, "#cloud-config\n");
	buf_str(out, json_line(o));
	return buf_check(out, "user-data", e);
}

static struct json_object *texts(const char *text)
{
	struct json_object *a = json_object_new_array();
	json_object_array_add(a, json_object_new_string(text));
	return a;
}

static struct json_object *nic_json(const struct address *a, const char *mac)
{
	struct json_object *nic = json_object_new_object(), *match = json_object_new_object();

	json_put(match, *mac ? "macaddress" : "name", *mac ? mac : "e*");
	json_object_object_add(nic, "match", match);
	if (a->dhcp)
		json_put_bool(nic, "dhcp4", true);
	else
		json_object_object_add(nic, "addresses", texts(a->cidr));
	if (*a->gateway) {
		struct json_object *route = json_object_new_object(), *routes = json_object_new_array();
		json_put(route, "to", "default");
		json_put(route, "via", a->gateway);
		json_object_array_add(routes, route);
		json_object_object_add(nic, "routes", routes);
	}
	if (a->dns_count) {
		struct json_object *ns = json_object_new_object(), *list = json_object_new_array();
		for (size_t i = 0; i < a->dns_count; i++)
			json_object_array_add(list, json_object_new_string(a->dns[i]));
		json_object_object_add(ns, "addresses", list);
		json_object_object_add(nic, "nameservers", ns);
	}
	return nic;
}

int spec_network(const struct vm_spec *s, const char *mac, struct buf *out, struct err *e)
{
	struct address a;

	if (!list_size(s->addresses))
		return 0;
	if (list_size(s->addresses) > 1)
		return err_set(e, ERR_UNSUPPORTED, "one --address a VM: it has one network card");
	int r = address_read(list_text(s->addresses, 0), &a, e);
	if (r)
		return r;
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *ethernets = json_object_new_object();
	json_put_uint(o, "version", 2);
	json_object_object_add(ethernets, "nic0", nic_json(&a, mac));
	json_object_object_add(o, "ethernets", ethernets);
	buf_str(out, json_line(o));
	return buf_check(out, "network-config", e);
}
