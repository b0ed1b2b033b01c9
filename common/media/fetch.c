/* fetch.c - see fetch.h */
#include "common/media/fetch.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"

#define SPKI_PREFIX "sha256//"

struct document { bool hash; uint64_t timeout_s; struct json_object *hosts; };
static const struct json_field fields[] = {
	JSON_FIELD(struct document, hash, JSON_BOOL, false), JSON_FIELD(struct document, timeout_s, JSON_UINT, false),
	JSON_FIELD(struct document, hosts, JSON_ARRAY, false),
};
struct host_row { char name[URL_HOST_MAX + 1], spki[64]; uint64_t port; };
static const struct json_field host_fields[] = {
	JSON_FIELD(struct host_row, name, JSON_TEXT, true), JSON_FIELD(struct host_row, port, JSON_UINT, false),
	JSON_FIELD(struct host_row, spki, JSON_TEXT, true),
};

static int take_spki(const char *text, const char *doc, struct fetch_host *ret, struct err *e)
{
	scoped_buf struct buf bytes = BUF_MAX(2 * FETCH_SPKI_SIZE);
	const char *base64 = text + strlen(SPKI_PREFIX);

	if (!text_starts(text, SPKI_PREFIX) || base64_decode(base64, strlen(base64), "spki", &bytes, e) || bytes.size != FETCH_SPKI_SIZE) {
		err_set(e, ERR_FORMAT, "%s: spki '%.60s' is not sha256// and the base64 of 32 bytes", doc, text);
		err_hint(e, "openssl x509 -pubkey -noout -in CERT | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64");
		return -(int)e->code;
	}
	memcpy(ret->spki, bytes.data, FETCH_SPKI_SIZE);
	return 0;
}

static int take_host(const struct host_row *row, const char *doc, struct fetch_host *ret, struct err *e)
{
	bool fits = *row->name && row->name[0] != '.' && row->name[0] != '-';

	for (const char *p = row->name; *p; p++)
		fits &= isalnum((unsigned char)*p) || strchr("-.:", *p);
	if (!fits)
		return err_set(e, ERR_FORMAT, "%s: '%.80s' is no host name", doc, row->name);
	if (row->port == 0 || row->port > 65535)
		return err_set(e, ERR_FORMAT, "%s: the port of '%.80s' is no number from 1 to 65535", doc, row->name);
	ret->port = (unsigned)row->port;
	for (size_t i = 0; i < sizeof ret->name; i++)
		ret->name[i] = (char)tolower((unsigned char)row->name[i]);
	return take_spki(row->spki, doc, ret, e);
}

int fetch_host_parse(const char *text, struct fetch_host *ret, struct err *e)
{
	struct host_row row = { .port = 443 };
	const char *equals = strchr(text, '='), *colon = NULL;
	size_t n = equals ? (size_t)(equals - text) : 0;
	char name[sizeof row.name + 8];

	if (!n || n >= sizeof name || strlen(equals + 1) >= sizeof row.spki)
		return err_set(e, ERR_USAGE, "'%.80s' is not NAME[:PORT]=sha256//BASE64", text);
	memcpy(name, text, n);
	name[n] = 0;
	if ((colon = strrchr(name, ':')) && strchr(name, ':') == colon) {
		if (!text_number(colon + 1, &row.port))
			return err_set(e, ERR_USAGE, "'%.80s' is not NAME[:PORT]=sha256//BASE64", text);
		n = (size_t)(colon - name);
	}
	if (n >= sizeof row.name)
		return err_set(e, ERR_LIMIT, "the name '%.80s' is longer than %d bytes", name, URL_HOST_MAX);
	memcpy(row.name, name, n);
	memcpy(row.spki, equals + 1, strlen(equals + 1));
	struct fetch_host made = { 0 };
	int r = take_host(&row, "a server", &made, e);
	if (!r)
		*ret = made;
	return r;
}

int fetch_policy_read(struct json_object *o, const char *doc, struct fetch_policy *ret, struct err *e)
{
	struct document d = { .timeout_s = FETCH_TIMEOUT_S };
	struct fetch_policy p = { 0 };
	char name[160];
	int r = json_decode(o, fields, ARRAY_SIZE(fields), doc, &d, e);

	if (r)
		return r;
	if (!d.timeout_s || d.timeout_s > FETCH_TIMEOUT_MAX_S)
		return err_set(e, ERR_FORMAT, "%s: fetch.timeout_s is %llu: from 1 to %d", doc, (unsigned long long)d.timeout_s, FETCH_TIMEOUT_MAX_S);
	size_t n = d.hosts ? json_object_array_length(d.hosts) : 0;
	if (n > FETCH_HOSTS_MAX)
		return err_set(e, ERR_LIMIT, "%s: fetch.hosts has %zu entries: %d at most", doc, n, FETCH_HOSTS_MAX);
	for (size_t i = 0; !r && i < n; i++) {
		struct host_row row = { .port = 443 };
		snprintf(name, sizeof name, "%.100s: fetch.hosts[%zu]", doc, i);
		if (!(r = json_decode(json_object_array_get_idx(d.hosts, i), host_fields, ARRAY_SIZE(host_fields), name, &row, e)))
			r = take_host(&row, name, &p.hosts[i], e);
	}
	if (r)
		return r;
	p.hash = d.hash;
	p.host_count = n;
	p.timeout_s = d.timeout_s;
	*ret = p;
	return 0;
}

int fetch_allows(const struct fetch_policy *p, const struct url *u, const struct fetch_host **ret_pin, struct err *e)
{
	const struct fetch_host *pin = NULL;

	if (u->user && !u->tls) {
		err_set(e, ERR_DENIED, "%s: a password would go over the network as it is", u->shown);
		err_hint(e, "https:// keeps it to itself");
		return -(int)e->code;
	}
	for (size_t i = 0; i < p->host_count && u->tls && !pin; i++)
		if (p->hosts[i].port == u->port && strcmp(p->hosts[i].name, u->host) == 0)
			pin = &p->hosts[i];
	if (pin || (u->has_digest && p->hash)) {
		*ret_pin = pin;
		return 0;
	}
	err_set(e, ERR_DENIED, "%s: the image's policy does not let it be fetched: %s", u->shown,
		u->has_digest ? "it takes no digests (\"hash\"), and the server is none of its hosts" :
		p->hash ? "it has no digest, and the server is none of its hosts" : "the server is none of its hosts");
	err_hint(e, p->hash && !u->has_digest ? "put #sha256=DIGEST behind the address" : "\"fetch\" in /etc/natal/policy.json of the image");
	return -(int)e->code;
}
