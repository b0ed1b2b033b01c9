/* bake_policy.c - the policy that an image is baked with: FORMAT.md "Policy", from the options of `image bake`. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/media/bundle.h"
#include "controller/cli/cli.h"

static const char *const algorithms[] = { "ed25519", "ecdsa-p256-sha256", NULL };
struct baking { struct cli *cli; const char *trust; bool allowed[SIG_ALGS]; struct buf *out; };

static bool is(const struct cli *cli, size_t i, const char *name) { return strcmp(cli->options[i].option->name, name) == 0; }

/* A media key by its name. */
static int read_key(const struct baking *b, const char *name, struct pubkey *ret, struct err *e)
{
	scoped_buf struct buf pem = BUF_MAX(4096);
	char path[PATH_MAX];
	bool absent;
	int r;

	if (!*name || strchr(name, '/') || (size_t)snprintf(path, sizeof path, "%s/%s.pub", b->trust, name) >= sizeof path)
		return err_set(e, ERR_USAGE, "--require '%s': the name of a media key is wanted", name);
	if ((r = file_read(AT_FDCWD, path, &pem, &absent, e)))
		return r;
	if (!absent)
		return pubkey_from_pem(pem.data, pem.size, path, ret, e);
	err_set(e, ERR_NOT_FOUND, "--require: there is no media key '%s'", name);
	err_hint(e, "natalctl key list shows them");
	return -(int)e->code;
}

static int put_algorithms(struct baking *b, struct err *e)
{
	const char *sep = "";
	bool some = cli_option(b->cli, "--algorithm");

	for (size_t i = 0; i < b->cli->option_count; i++) {
		if (!is(b->cli, i, "--algorithm"))
			continue;
		const char *given = b->cli->options[i].value;
		enum sig_alg alg = sig_alg_from_name(given);
		if (!alg) {
			err_set(e, ERR_USAGE, "--algorithm '%.40s' is unknown", given);
			err_suggest(e, given, algorithms, "ed25519 or ecdsa-p256-sha256");
			return -(int)e->code;
		}
		b->allowed[alg] = true;
	}
	for (size_t i = 0; algorithms[i]; i++) {
		enum sig_alg alg = sig_alg_from_name(algorithms[i]);
		b->allowed[alg] |= !some;
		if (!b->allowed[alg])
			continue;
		buf_printf(b->out, "%s\"%s\"", sep, algorithms[i]);
		sep = ",";
	}
	return 0;
}

/* "a,b": one of these has to sign. A group that the algorithms leave nobody of would refuse every medium. */
static int put_group(struct baking *b, const char *names, struct err *e)
{
	char copy[1024], *rest = copy, hex[2 * KEY_ID_SIZE + 1];
	bool some = false;
	size_t n = 0;
	int r = text_copy(copy, sizeof copy, names, "--require", e);

	buf_str(b->out, "[");
	for (char *name; !r && (name = strsep(&rest, ",")); n++) {
		struct pubkey k;
		if ((r = read_key(b, name, &k, e)))
			return r;
		some |= b->allowed[k.alg];
		hex_encode(k.id, sizeof k.id, hex);
		buf_printf(b->out, "%s\"%s\"", n ? "," : "", hex);
	}
	buf_str(b->out, "]");
	return r ? r : some ? 0 : err_set(e, ERR_USAGE, "--require %s: --algorithm forbids the algorithm of each, no medium could be accepted", names);
}

static int put_groups(struct baking *b, struct err *e)
{
	const char *sep = "";
	int r = 0;

	for (size_t i = 0; !r && i < b->cli->option_count; i++) {
		if (!is(b->cli, i, "--require"))
			continue;
		buf_str(b->out, sep);
		sep = ",";
		r = put_group(b, b->cli->options[i].value, e);
	}
	return r;
}

/* Is there an anchor whose algorithm is allowed? No folder: natal-bake will say so. */
static int check_anchors(const struct baking *b, struct err *e)
{
	DIR *d = opendir(b->trust);
	bool some = !d, any = false;
	int r = 0;

	for (struct dirent *entry; d && !r && (entry = readdir(d));) {
		size_t n = strlen(entry->d_name);
		char name[256];
		struct pubkey k;
		if (n < 5 || strcmp(entry->d_name + n - 4, ".pub") != 0)
			continue;
		any = true;
		snprintf(name, sizeof name, "%.*s", (int)n - 4, entry->d_name);
		r = read_key(b, name, &k, e);
		some |= !r && b->allowed[k.alg];
	}
	if (d)
		closedir(d);
	return r || some || !any ? r :
		err_set(e, ERR_USAGE, "--algorithm forbids the algorithm of every key in %s, no medium could be accepted", b->trust);
}

/* One of two words, or the first where it is not given. */
static int put_word(struct baking *b, const char *option, const char *key, const char *const words[3], struct err *e)
{
	const char *given = cli_option(b->cli, option);

	if (given && strcmp(given, words[0]) != 0 && strcmp(given, words[1]) != 0) {
		err_set(e, ERR_USAGE, "%s '%.40s': %s or %s", option, given, words[0], words[1]);
		err_suggest(e, given, words, NULL);
		return -(int)e->code;
	}
	buf_printf(b->out, ",\"%s\":\"%s\"", key, given ? given : words[0]);
	return 0;
}

/* What user-data may have fetched: nothing, unless an option says so. */
static int put_fetch(struct baking *b, struct err *e)
{
	scoped_buf struct buf key = BUF_MAX(64);
	bool hash = cli_option(b->cli, "--fetch-hash");
	const char *sep = "";

	if (!hash && !cli_option(b->cli, "--fetch-host"))
		return 0;
	buf_printf(b->out, ",\"fetch\":{\"hash\":%s,\"hosts\":[", hash ? "true" : "false");
	for (size_t i = 0; i < b->cli->option_count; i++) {
		struct fetch_host h;
		if (!is(b->cli, i, "--fetch-host"))
			continue;
		int r = fetch_host_parse(b->cli->options[i].value, &h, e);
		if (r) {
			e->code = ERR_USAGE;
			return err_wrap(e, "--fetch-host");
		}
		buf_clear(&key);
		base64_encode(&key, h.spki, sizeof h.spki);
		buf_printf(b->out, "%s{\"name\":\"%s\",\"port\":%u,\"spki\":\"sha256//%s\"}", sep, h.name, h.port, key.data);
		sep = ",";
	}
	buf_str(b->out, "]}");
	return 0;
}

/* Whom its guests ask where no medium is there: nobody, unless an option says so. */
static int put_birth(struct baking *b, struct err *e)
{
	const char *server = cli_option(b->cli, "--birth"), *pin = cli_option(b->cli, "--birth-pin");
	struct birthplace place;
	char hex[2 * SHA256_SIZE + 1];
	int r;

	if (!server && !pin)
		return 0;
	if (!pin) {
		err_set(e, ERR_USAGE, "--birth without --birth-pin: its guests could be answered by anybody");
		err_hint(e, "the pin is the controller's spki_sha256: natalctl ca show -o json");
		return -(int)e->code;
	}
	if ((server && (r = birthplace_server(server, "--birth", &place, e))) || (r = birthplace_pin(pin, "--birth-pin", place.pin, e))) {
		e->code = ERR_USAGE;
		return -(int)e->code;
	}
	hex_encode(place.pin, sizeof place.pin, hex);
	buf_str(b->out, ",\"birth\":{");
	if (server)
		buf_printf(b->out, "\"server\":\"https://%s%s%s:%s\",", strchr(place.host, ':') ? "[" : "", place.host, strchr(place.host, ':') ? "]" : "",
			place.port);
	buf_printf(b->out, "\"pin\":\"%s\"}", hex);
	return 0;
}

int bake_policy(struct cli *cli, const char *trust, struct buf *out, struct err *e)
{
	static const char *const clocks[] = { "warn", "refuse", NULL }, *const modes[] = { "provision", "delegate", NULL };
	struct baking b = { .cli = cli, .trust = trust, .out = out };
	struct policy made;
	int r;

	buf_printf(out, "{\"min_format\":%llu,\"algorithms\":[", (unsigned long long)cli_number(cli, "--min-format", BUNDLE_FORMAT));
	if ((r = put_algorithms(&b, e)))
		return r;
	buf_str(out, "],\"require\":[");
	if ((r = put_groups(&b, e)) || (r = check_anchors(&b, e)))
		return r;
	buf_str(out, "]");
	if ((r = put_word(&b, "--clock", "clock", clocks, e)) || (r = put_word(&b, "--mode", "mode", modes, e)))
		return r;
	buf_printf(out, ",\"cloud_init_wait_s\":%llu,\"command_wait_s\":%llu,\"built_at\":%lld",
		(unsigned long long)cli_number(cli, "--cloud-init-wait", CLOUD_INIT_WAIT_S),
		(unsigned long long)cli_number(cli, "--command-wait", COMMAND_WAIT_S), (long long)clock_unix_s());
	if ((r = put_fetch(&b, e)) || (r = put_birth(&b, e)))
		return r;
	buf_str(out, "}");
	/* The agent's own reader has to take it. */
	return (r = buf_check(out, "the image's policy", e)) ? r : policy_parse(out->data, out->size, "the image's policy", &made, e);
}
