/* goal.c - what a goal asks for beyond user-data: its state, and what is not to be there any more. common/media/goal.h. */
#include "agent/module/module.h"

#include <string.h>
#include "common/base/text.h"
#include "common/data/json.h"
#include "common/media/goal.h"

#define LOGINCTL "/usr/bin/loginctl"
#define USERDEL "/usr/sbin/userdel"
#define NFT "/usr/sbin/nft"
#define SYSTEMD_RUN "/usr/bin/systemd-run"
#define DRAIN_DIR "/etc/natal/drain.d"
#define KEYS_DIR "/etc/natal/keys.d"
#define RUN_PARTS "/usr/bin/run-parts"
#define QUARANTINE_PATH "/etc/natal/quarantine.nft"
enum { USERDEL_TIMEOUT_MS = 60000, NFT_TIMEOUT_MS = 20000, DRAIN_TIMEOUT_MS = 1800000, SWITCH_TIMEOUT_MS = 20000, RELOAD_TIMEOUT_MS = 60000 };

/* Nothing in or out but what the guest says to itself; its channel to the controller, where that is a port of the machine, is no network. */
static const char quarantine[] =
	"table inet natal_quarantine\n"
	"delete table inet natal_quarantine\n"
	"table inet natal_quarantine {\n"
	"	chain input { type filter hook input priority -300; policy drop; iif lo accept; }\n"
	"	chain output { type filter hook output priority -300; policy drop; oif lo accept; }\n"
	"	chain forward { type filter hook forward priority -300; policy drop; }\n"
	"}\n";

static int need(struct builder *b, const char *tool, const char *why, struct err *e)
{
	struct fact f;
	int r = facts_stat(b->facts, tool, &f, e);

	if (r || f.kind != FACT_ABSENT)
		return r;
	err_set(e, ERR_NOT_FOUND, "%s: this guest has no %s", why, tool);
	err_hint(e, "install the package that has it, or use an image that does");
	return -(int)e->code;
}

static bool wanted_too(const struct builder *b, const char *name)
{
	const struct config *c = b->config;

	for (size_t i = 0; i < c->user_count; i++)
		if (strcmp(c->users[i].name, name) == 0)
			return true;
	return false;
}

/* Who is logged in goes first: an account that is gone would leave his programs behind. systemd-logind has a file for each. */
static int want_no_sessions(struct builder *b, const char *name, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char **argv = arena_array(a, 4, sizeof *argv), *words[] = { LOGINCTL, "terminate-user", name };
	struct fact f = { .kind = FACT_ABSENT };
	int r = b->facts->live ? facts_stat(b->facts, arena_printf(a, "/run/systemd/users/%ld", accounts_uid(&b->accounts, name)), &f, e) : 0;

	if (r || f.kind == FACT_ABSENT)
		return r;
	memcpy(argv, words, sizeof words);
	want_exec(b, argv, USERDEL_TIMEOUT_MS, "the user is to be absent");
	return 0;
}

/* His home stays: whose it was is in the number of its owner. */
static int want_no_user(struct builder *b, const char *name, struct err *e)
{
	struct arena *a = &b->plan->arena;
	const char **argv = arena_array(a, 4, sizeof *argv), *words[] = { USERDEL, "--force", name };
	int r;

	if (wanted_too(b, name))
		return err_set(e, ERR_CONFLICT, "user %s is both wanted and to be absent", name);
	if ((r = want_absent(b, arena_printf(a, "/etc/sudoers.d/90-natal-%s", name), e)) || accounts_uid(&b->accounts, name) < 0 ||
	    (r = need(b, USERDEL, "a user is to be absent", e)) || (r = want_no_sessions(b, name, e)))
		return r;
	memcpy(argv, words, sizeof words);
	want_exec(b, argv, USERDEL_TIMEOUT_MS, "the user is to be absent");
	return 0;
}

static int want_no_file(struct builder *b, const char *path, struct err *e)
{
	const struct config *c = b->config;

	for (size_t i = 0; i < c->file_count; i++)
		if (strcmp(c->files[i].path, path) == 0)
			return err_set(e, ERR_CONFLICT, "%s is both wanted and to be absent", path);
	return want_absent(b, path, e);
}

static int each_absent(struct builder *b, struct json_object *list, const char *kind, int (*want)(struct builder *, const char *, struct err *), struct err *e)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(list, i));
		want_item(b, arena_printf(&b->plan->arena, "%s/%s", kind, *name == '/' ? name + 1 : name));
		want_note(b, name, strlen(name));
		if (want(b, arena_text(&b->plan->arena, name), e) && want_failed(b, e))
			return -(int)e->code;
	}
	return 0;
}

int module_absent(struct builder *b, struct err *e)
{
	const struct config *c = b->config;
	int r = c->has_goal ? each_absent(b, c->goal.users, "user", want_no_user, e) : 0;

	return r || !c->has_goal ? r : each_absent(b, c->goal.files, "file", want_no_file, e);
}

/* Services that read keys once, at their start: as units/natal-late.service knows them. */
static const char *const key_services[] = { "ssh.service", "sshd.service", "nginx.service", "apache2.service", "httpd.service" };

static bool writes_keys(const struct plan *p)
{
	for (size_t i = 0; i < p->action_count; i++)
		if (p->actions[i].kind == ACTION_WRITE && (text_starts(p->actions[i].path, "/etc/ssh/ssh_host_") || text_starts(p->actions[i].path, TLS_DIR "/")))
			return true;
	return false;
}

static int reload_one(struct builder *b, const char *unit, struct err *e)
{
	static const char *const folders[] = { "/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system" };
	struct arena *a = &b->plan->arena;
	const char **argv = arena_array(a, 4, sizeof *argv), *words[] = { "/usr/bin/systemctl", "try-reload-or-restart", unit };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		struct fact f;
		int r = facts_stat(b->facts, arena_printf(a, "%s/%s", folders[i], unit), &f, e);
		if (r)
			return r;
		if (f.kind != FACT_FILE)        /* a link is another's name: ssh.service is sshd.service too */
			continue;
		memcpy(argv, words, sizeof words);
		want_exec(b, argv, RELOAD_TIMEOUT_MS, "it is to show the new keys");
		return 0;
	}
	return 0;
}

/* Of a guest that runs: what has begun with the old keys begins to show the new ones. */
int module_key_services(struct builder *b, struct err *e)
{
	static const char *const argv[] = { RUN_PARTS, "--exit-on-error", KEYS_DIR, NULL };
	struct fact f;

	if (!b->config->has_goal || !b->facts->live || !writes_keys(b->plan))
		return 0;
	want_item(b, "");
	for (size_t i = 0; i < ARRAY_SIZE(key_services); i++)
		if (reload_one(b, key_services[i], e))
			return want_failed(b, e);
	if (facts_stat(b->facts, KEYS_DIR, &f, e) || (f.kind == FACT_DIR && need(b, RUN_PARTS, "services are to show new keys", e)))
		return want_failed(b, e);
	if (f.kind == FACT_DIR)
		want_exec(b, argv, RELOAD_TIMEOUT_MS, "other services are to show the new keys");
	return 0;
}

/* The same words again are nothing new, a later goal is. */
static void want_once(struct builder *b)
{
	const struct manifest *m = &b->config->verified->manifest;

	want_frequency(b, FREQ_INSTANCE);
	want_note(b, &m->epoch, sizeof m->epoch);
	want_note(b, &m->sequence, sizeof m->sequence);
}

static int want_drained(struct builder *b, struct err *e)
{
	static const char *const argv[] = { RUN_PARTS, "--exit-on-error", DRAIN_DIR, NULL };
	struct fact f;
	int r = facts_stat(b->facts, DRAIN_DIR, &f, e);

	if (r || f.kind == FACT_ABSENT)
		return r;               /* it has nothing to let go of */
	want_once(b);
	if ((r = need(b, RUN_PARTS, "the guest is to drain", e)) || !want_due(b))
		return r;
	want_exec(b, argv, DRAIN_TIMEOUT_MS, "the goal is to drain");
	return 0;
}

/* Behind this run's report, which natal-guestd still has to send. */
static int want_stopped(struct builder *b, struct err *e)
{
	static const char *const argv[] = { SYSTEMD_RUN, "--no-block", "--collect", "--unit=natal-goal-stopped", "--on-active=5s",
		"/usr/bin/systemctl", "poweroff", NULL };

	want_once(b);
	int r = need(b, SYSTEMD_RUN, "the guest is to stop", e);
	if (!r && want_due(b))
		want_exec(b, argv, SWITCH_TIMEOUT_MS, "the goal is to stop");
	return r;
}

int module_goal_state(struct builder *b, struct err *e)
{
	static const struct { enum goal_state state; const char *name; int (*want)(struct builder *, struct err *); } rows[] = {
		{ GOAL_DRAINING, "draining", want_drained }, { GOAL_STOPPED, "stopped", want_stopped },
	};

	for (size_t i = 0; b->config->has_goal && i < ARRAY_SIZE(rows); i++) {
		if (b->config->goal.state != rows[i].state)
			continue;
		want_item(b, rows[i].name);
		return rows[i].want(b, e) ? want_failed(b, e) : 0;
	}
	return 0;
}

/* At this boot and each later one, before the network; or no longer. */
int module_quarantine(struct builder *b, struct err *e)
{
	static const char *const load[] = { NFT, "-f", QUARANTINE_PATH, NULL }, *const end[] = { NFT, "delete", "table", "inet", "natal_quarantine", NULL };
	const bool wanted = b->config->has_goal && b->config->goal.state == GOAL_QUARANTINED;
	struct fact f;
	int r = facts_stat(b->facts, QUARANTINE_PATH, &f, e);

	if (r || (!wanted && f.kind == FACT_ABSENT))
		return r;
	want_item(b, "");
	if (!wanted) {
		want_exec(b, end, NFT_TIMEOUT_MS, "the guest is not quarantined any more");
		return want_absent(b, QUARANTINE_PATH, e) ? want_failed(b, e) : 0;
	}
	want_frequency(b, FREQ_BOOT);
	if ((r = need(b, NFT, "the guest is to be quarantined", e)) ||
	    (r = want_file(b, &(struct want_file){ QUARANTINE_PATH, quarantine, strlen(quarantine), 0600, 0, 0, false }, e)))
		return want_failed(b, e);
	want_exec(b, load, NFT_TIMEOUT_MS, "the guest is quarantined, at each boot");
	return 0;
}
