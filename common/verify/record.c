/* record.c - see command.h: where trust and pin records lie, and which of them is meant. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/media/field.h"
#include "common/verify/command.h"

enum { STATE_PATH_MAX = 4096, RECORD_SIZE_MAX = 256 << 10, NEAR_MAX = 64 };

int state_dir(char out[STATE_PATH_MAX], struct err *e)
{
	const char *state = getenv("NATAL_STATE"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int n;

	if (state && *state)
		n = snprintf(out, STATE_PATH_MAX, "%s", state);
	else if (geteuid() == 0)
		n = snprintf(out, STATE_PATH_MAX, "/var/lib/natal");
	else if (data && *data)
		n = snprintf(out, STATE_PATH_MAX, "%s/natal", data);
	else if (home && *home)
		n = snprintf(out, STATE_PATH_MAX, "%s/.local/share/natal", home);
	else
		return err_set(e, ERR_USAGE, "no state folder: NATAL_STATE, XDG_DATA_HOME and HOME are all unset");
	return n < STATE_PATH_MAX - 300
		       ? 0
		       : err_set(e, ERR_LIMIT, "the state folder's path has %d bytes: %d at most", n, STATE_PATH_MAX - 301);
}

static void below(const struct options *o, const char *what, char out[STATE_PATH_MAX])
{
	snprintf(out, STATE_PATH_MAX, "%s/%s", o->state, what);
}

int state_trust(const struct options *o, struct trust *ret, struct err *e)
{
	char dir[STATE_PATH_MAX];

	below(o, "trust.d", dir);
	int r = trust_load(AT_FDCWD, o->trust ? o->trust : dir, NULL, ret, e);
	if (r == -ERR_NOT_FOUND && !*e->hint)
		err_hint(e, "name the folder of the controller's public keys with --trust DIR");
	return r;
}

int record_read(const char *path, const struct trust *trust, struct record *ret, struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(RECORD_SIZE_MAX);
	uint64_t now_unix_s = (uint64_t)clock_unix_s();
	struct envelope env;
	const struct trust_key *signer;
	int r;

	if ((r = file_read(AT_FDCWD, path, &b, NULL, e)) || (r = pin_verify(b.data, b.size, trust, now_unix_s, path, &ret->pin, e)) ||
		(r = envelope_read(b.data, b.size, ENVELOPE_PIN, path, &env, e)) ||
		(r = trust_check(trust, &env, now_unix_s, path, &signer, e)))
		return r;
	envelope_digest(ENVELOPE_PIN, env.payload, env.payload_size, ret->digest);
	ret->signer = *signer;
	return 0;
}

static void dir_close_p(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* The next NAME of a NAME.pin in d, in name[256]; false at the end. */
static bool next_name(DIR *d, char name[256])
{
	for (struct dirent *entry; (entry = readdir(d));) {
		size_t n = strlen(entry->d_name);
		if (n <= 4 || n >= 256 || entry->d_name[0] == '.' || strcmp(entry->d_name + n - 4, ".pin") != 0)
			continue;
		memcpy(name, entry->d_name, n - 4);
		name[n - 4] = 0;
		return true;
	}
	return false;
}

static void suggest_name(const char *dir, const char *name, struct err *e)
{
	static char names[NEAR_MAX][256];
	const char *words[NEAR_MAX + 1] = { NULL };
	size_t n = 0;

	scoped(dir_close_p) DIR *d = opendir(dir);
	while (d && n < NEAR_MAX && next_name(d, names[n])) {
		words[n] = names[n];
		n++;
	}
	words[n] = NULL;
	err_suggest(e, name, words, "'natalctl vm list' shows the VMs of this controller");
}

int record_of_vm(const struct options *o, const char *name, const struct trust *trust, struct record *ret, struct err *e)
{
	char dir[STATE_PATH_MAX], path[STATE_PATH_MAX + 300];
	int r = field_host(name, "--vm", "the name", e);

	if (r || strlen(name) > 250)
		return err_set(e, ERR_USAGE, "'%.64s' is no VM name", name);
	below(o, "pins", dir);
	snprintf(path, sizeof path, "%s/%s.pin", dir, name);
	if ((r = record_read(path, trust, ret, e))) {
		if (r != -ERR_NOT_FOUND)
			return r;
		err_set(e, ERR_NOT_FOUND, "no pin record of VM '%s' in %s", name, dir);
		suggest_name(dir, name, e);
		return -(int)e->code;
	}
	if (strcmp(ret->pin.name, name) != 0)
		return err_set(e, ERR_UNTRUSTED, "%s is the record of VM '%s', not of '%s'", path, ret->pin.name, name);
	return 0;
}

/* Of two records of one VM the later counts; of two VMs none does. */
static int prefer(const struct record *candidate, const char *host, struct record *best, bool *have, struct err *e)
{
	if (*have && strcmp(best->pin.vm_id, candidate->pin.vm_id) != 0)
		return err_set(
			e, ERR_CONFLICT, "the records of VM '%s' and of VM '%s' both name %s", best->pin.name, candidate->pin.name, host);
	if (!*have || candidate->pin.sequence > best->pin.sequence)
		*best = *candidate;
	*have = true;
	return 0;
}

int record_of_host(const struct options *o, const struct trust *trust, struct record *ret, bool *ret_with_port, struct err *e)
{
	char dir[STATE_PATH_MAX], name[256], path[STATE_PATH_MAX + 300];
	scoped_free struct record *candidate = calloc(2, sizeof *candidate);
	struct err skipped = ERR_NONE;
	bool have = false;
	int r;

	*ret_with_port = false;
	if (!candidate)
		return err_nomem(e);
	below(o, "pins", dir);
	scoped(dir_close_p) DIR *d = opendir(dir);
	if (!d && errno != ENOENT)
		return err_sys(e, "read folder %s", dir);
	while (d && next_name(d, name)) {
		struct err why;
		snprintf(path, sizeof path, "%s/%s.pin", dir, name);
		if (record_read(path, trust, candidate, &why))
			skipped = why;
		else if (pin_names_host(&candidate->pin, o->operand) && (r = prefer(candidate, o->operand, &candidate[1], &have, e)))
			return r;
		else
			*ret_with_port = *ret_with_port || pin_names_port_of(&candidate->pin, o->operand);
	}
	if (!have) {
		err_set(e, ERR_NOT_FOUND, "no verified pin record in %s names %s", dir, o->operand);
		if (skipped.code)
			err_hint(e, "a record was passed over: %.120s", skipped.msg);
		return -(int)e->code;
	}
	*ret = candidate[1];
	return 0;
}
