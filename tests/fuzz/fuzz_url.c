/* An address: what is taken is asked for at the host that it says, and shows neither password nor query; a whole policy's "fetch" judges it. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "common/media/fetch.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct fetch_policy none, hash = { .hash = true }, host = { .host_count = 1, .hosts = { { .name = "h", .port = 443 } } };
	const struct fetch_host *pin = NULL;
	struct fetch_host made;
	struct arena a = { 0 };
	struct url u = { 0 }, again = { 0 };
	struct err e = ERR_NONE;
	const char *text = arena_copy(&a, bytes, size);

	if (url_parse(&a, text, &u, &e)) {
		PROMISE(*e.msg && !u.ask);
	} else {
		PROMISE(strncmp(u.ask, u.tls ? "https://" : "http://", u.tls ? 8 : 7) == 0 && *u.host && u.port && u.port < 65536);
		const char *server = strstr(u.shown, "://") + 3, *at = strchr(u.ask, '@');
		PROMISE(!strchr(u.ask, '#') && !strpbrk(u.shown, "# ") && server[strcspn(server, "@/")] == '/' && (!at || at > strchr(u.ask + 8, '/')));
		PROMISE(url_parse(&a, u.ask, &again, &e) == 0 && strcmp(again.ask, u.ask) == 0 && strcmp(again.host, u.host) == 0 && !again.user);
		PROMISE(fetch_allows(&none, &u, &pin, &e) == -ERR_DENIED);
		PROMISE(fetch_allows(&hash, &u, &pin, &e) || (u.has_digest && !pin && !(u.user && !u.tls)));
		PROMISE(fetch_allows(&host, &u, &pin, &e) || (pin && u.tls && strcmp(u.host, "h") == 0));
		PROMISE(url_follow(&a, &u, u.ask, &again, &e) == 0 && url_same_server(&u, &again));
	}
	url_shown(&a, text);
	PROMISE(fetch_host_parse(text, &made, &e) || (*made.name && made.port));
	arena_fini(&a);
	return 0;
}
