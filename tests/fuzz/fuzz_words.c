/* What comes as one word: an identity of a certificate, a token, an address, a server. What is read can be written, and is read again as the same. */
#include <string.h>
#include "tests/fuzz/fuzz.h"
#include "common/http/token.h"
#include "common/http/where.h"
#include "controller/service/address.h"
#include "controller/service/identity.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void an_identity(const char *text)
{
	struct identity id, same;
	char uri[IDENTITY_URI_MAX];
	struct err e = ERR_NONE;

	if (identity_from_uri(text, "ctl-x", &id, &e)) {
		PROMISE(*e.msg);
		return;
	}
	identity_uri(&id, "ctl-x", uri);
	PROMISE(strcmp(uri, text) == 0 && identity_from_uri(uri, "ctl-x", &same, &e) == 0);
	PROMISE(same.role == id.role && strcmp(same.project, id.project) == 0 && strcmp(same.name, id.name) == 0);
}

static void a_token(const char *text)
{
	char again[TOKEN_TEXT_MAX];
	struct token t, same;

	if (!token_parse(text, &t))
		return;
	token_write(&t, again);
	PROMISE(token_parse(again, &same) && memcmp(&t, &same, sizeof t) == 0);
}

static void an_address(const char *text)
{
	struct address a;
	struct err e = ERR_NONE;

	if (address_read(text, &a, &e))
		PROMISE(*e.msg);
	else
		PROMISE(a.dhcp || (*a.cidr && *a.ip && a.dns_count <= 4));
}

static void a_server(const char *text)
{
	struct http_where w;
	struct err e = ERR_NONE;

	if (http_where_read(text, &w, &e))
		PROMISE(*e.msg);
	else
		PROMISE(*w.host && *w.port && strspn(w.port, "0123456789") == strlen(w.port));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char text[1024];

	if (size >= sizeof text)
		return 0;
	memcpy(text, bytes, size);
	text[size] = 0;
	an_identity(text);
	a_token(text);
	an_address(text);
	a_server(text);
	return 0;
}
