/* collect_verb.c - `collect-logs`: what is needed to find out what went wrong, in one archive, and no secret: neither user-data nor what the
 * user's own scripts said, unless --with-output asks for that. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include "agent/birth/birth.h"
#include "agent/apply/apply.h"
#include "agent/instance.h"
#include "common/base/tar.h"
#include "agent/verb.h"
#include "common/base/file.h"
#include "common/base/proc.h"
#include "common/data/json.h"

#define FOLDER "natal-logs/"
#define UNIT_DIR "/lib/systemd/system/"
enum { ARCHIVE_MAX = 256 << 20, PART_MAX = 16 << 20, PROGRAM_TIMEOUT_MS = 30000 };

static const struct { const char *path, *as; bool output; } files[] = {
	{ BOOT_PATH, "boot.json", false }, { INSTANCE_PATH, "instance-data.json", false }, { TIMINGS_PATH, "timings.json", false },
	{ BOOTS_PATH, "boots", false }, { POLICY_PATH, "policy.json", false }, { "/etc/os-release", "os-release", false },
	{ UNIT_DIR "natal-early.service", "units/natal-early.service", false }, { UNIT_DIR "natal-late.service", "units/natal-late.service", false },
	{ UNIT_DIR "natal-behind.service", "units/natal-behind.service", false },
	{ UNIT_DIR "natal-birth.service", "units/natal-birth.service", false },
	{ UNIT_DIR "natal-delegate.service", "units/natal-delegate.service", false },
	{ "/proc/cmdline", "cmdline", false }, { OUTPUT_PATH, "output.log", true },
};
/* Of the running system alone. */
static const struct { const char *as, *argv[16]; } programs[] = {
	{ "journal.txt", { "journalctl", "--no-pager", "-o", "short-precise", "-u", "natal-early.service", "-u", "natal-late.service",
		"-u", "natal-behind.service", "-u", "natal-birth.service", "-u", "natal-delegate.service", NULL } },
	{ "units.txt", { "systemctl", "--no-pager", "--full", "status", "natal-early.service", "natal-late.service", "natal-behind.service", "natal-birth.service", "natal-delegate.service", NULL } },
	{ "units-cat.txt", { "systemctl", "--no-pager", "cat", "natal-early.service", "natal-late.service", "natal-behind.service", "natal-birth.service", "natal-delegate.service", NULL } },
};

struct collect { struct buf *archive, missing; uint64_t now; };

static void add(struct collect *c, const char *name, const void *bytes, size_t size)
{
	char path[100];

	snprintf(path, sizeof path, FOLDER "%s", name);
	tar_add(c->archive, &(struct tar_file){ path, 0600, bytes, size, c->now });
}

static void add_json(struct collect *c, const char *name, struct json_object *o)
{
	const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);

	add(c, name, text, strlen(text));
}

static void miss(struct collect *c, const char *name, const struct err *e)
{
	buf_printf(&c->missing, "%s: error[%s]: %s%s%s\n", name, err_reason(e->code), e->where, *e->where ? ": " : "", e->msg);
}

/* The token of a guest that is not born yet lets in whoever has it. */
static void hide_token(char *text)
{
	static const char word[] = BIRTH_TOKEN_WORD;

	for (char *at = text; at && (at = strstr(at, word));)
		for (at += strlen(word); *at && *at != ' ' && *at != '\n'; at++)
			*at = '*';
}

static void add_files(struct collect *c, int root, bool output)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		scoped_buf struct buf text = BUF_MAX(PART_MAX);
		struct err e = ERR_NONE;
		bool absent = false;
		if (files[i].output && !output)
			continue;
		if (file_read(root, files[i].path, &text, &absent, &e))
			miss(c, files[i].as, &e);
		else if (absent)
			buf_printf(&c->missing, "%s: there is no %s\n", files[i].as, files[i].path);
		else {
			hide_token(text.data);
			add(c, files[i].as, text.data ? text.data : "", text.size);
		}
	}
}

static void add_programs(struct collect *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		scoped_buf struct buf out = BUF_MAX(PART_MAX);
		struct err e = ERR_NONE;
		int status = 0;
		if (proc_run(&PROC(.argv = programs[i].argv, .timeout_ms = PROGRAM_TIMEOUT_MS, .out = &out), &status, &e))
			miss(c, programs[i].as, &e);
		else
			add(c, programs[i].as, out.data ? out.data : "", out.size);
	}
}

static void add_versions(struct collect *c)
{
	scoped_buf struct buf text = BUF_MAX(4096);
	struct utsname u;

	buf_str(&text, "natal-agent " PACKAGE_VERSION "\n");
	if (uname(&u) == 0)
		buf_printf(&text, "%s %s %s %s\n", u.sysname, u.release, u.version, u.machine);
	add(c, "versions.txt", text.data, text.size);
}

/* The plan is made of the medium where it is still there; an error of it is a finding, not the end. */
static void add_plan(struct collect *c, const struct run *run)
{
	scoped(agent_close) struct agent a = { .root = -1 };
	struct agent_options o = run->options;
	struct err e = ERR_NONE;
	bool none = false;

	o.replan = true;
	o.wait_ms = 0;
	o.birth = BIRTH_NEVER;
	if (agent_open(&a, &o, &e) || agent_plan(&a, &none, &e)) {
		miss(c, "plan.json", &e);
		return;
	}
	if (none) {
		buf_str(&c->missing, "plan.json: no medium is attached\n");
		return;
	}
	scoped_json struct json_object *plan = plan_json(a.plan);
	add_json(c, "plan.json", plan);
}

static int add_status(struct collect *c, struct agent *a, struct err *e)
{
	int r = journal_load(a->root, &a->journal, e);

	if (r && e->sys_errno == EACCES)
		return r;
	if (r) {
		miss(c, "status.json", e);
		return 0;
	}
	scoped_json struct json_object *status = status_json(&a->journal, &a->boot);
	add_json(c, "status.json", status);
	return 0;
}

static int write_archive(const struct run *run, const struct buf *archive, struct err *e)
{
	const char *to = run->to ? run->to : "natal-logs.tar";
	int r = buf_check(archive, "the archive", e);

	if (r)
		return r;
	if (strcmp(to, "-") == 0)
		return fd_write_all(STDOUT_FILENO, archive->data, archive->size) < 0 ? err_sys(e, "write the archive") : 0;
	if ((r = file_write(AT_FDCWD, to, archive->data, archive->size, 0600, (uid_t)-1, (gid_t)-1, e)))
		return r;
	printf("%s: %zu bytes%s\n", to, archive->size, run->with_output ? ", with what the user's scripts said" : "");
	return 0;
}

int verb_collect_logs(struct run *run, struct err *e)
{
	scoped(agent_close) struct agent a = { .root = -1 };
	scoped_buf struct buf archive = BUF_MAX(ARCHIVE_MAX);
	struct collect c = { &archive, BUF_MAX(PART_MAX), (uint64_t)time(NULL) };
	int r;

	run->options.channel = "";
	if ((r = agent_open(&a, &run->options, e)) || (r = add_status(&c, &a, e)))
		return r;
	add_versions(&c);
	add_plan(&c, run);
	add_files(&c, a.root, run->with_output);
	if (a.live)
		add_programs(&c);
	add(&c, "missing.txt", c.missing.data ? c.missing.data : "", c.missing.size);
	buf_fini(&c.missing);
	tar_end(&archive, TAR_BLOCK);
	return write_archive(run, &archive, e);
}
