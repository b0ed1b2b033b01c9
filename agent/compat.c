/* compat.c - see compat.h: the files. Source of their form: cloud-init's documentation, "Boot status"; what 22.4 and 25.1 write. */
#include "agent/compat.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "agent/apply/tree.h"
#include "agent/cloud_status.h"
#include "agent/instance.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/data/json.h"

#define INSTANCE_LINK "/run/cloud-init/instance-data.json"
enum { LINK_MAX = 256, MESSAGE_MAX = 1024 };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_here(int root)
{
	char to[LINK_MAX];

	scoped_fd int fd = file_open(root, COMPAT_LINK, O_PATH | O_NOFOLLOW, 0);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", to, sizeof to - 1);
	if (n <= 0)
		return false;
	to[n] = 0;
	return strcmp(base_name(to), "natal-agent") == 0;
}

bool compat_called(const char *argv0) { return argv0 && strcmp(base_name(argv0), base_name(COMPAT_LINK)) == 0; }

static void write_json(struct agent *a, const char *path, struct json_object *o)
{
	const char *text = json_line(o);
	struct err ignored;

	if (tree_mkdir(a->root, "/run/cloud-init", 0755, (uid_t)-1, (gid_t)-1, &ignored) == 0)
		tree_replace(a->root, path, &(struct sys_file){ text, strlen(text), 0644, (uid_t)-1, (gid_t)-1 }, TREE_LAZY, &ignored);
}

static void remove_path(struct agent *a, const char *path)
{
	struct err ignored;

	tree_remove(a->root, path, &ignored);
}

/* What this boot's earlier stage has left, or the beginning of it. */
static struct json_object *document(struct agent *a, struct json_object **ret_v1)
{
	scoped_buf struct buf text = BUF_MAX(CLOUD_STATUS_MAX);
	struct json_object *all = NULL;
	struct err ignored;
	bool absent = true;

	if (file_read(a->root, CLOUD_STATUS_PATH, &text, &absent, &ignored) == 0 && !absent)
		json_parse(text.data ? text.data : "", text.size, CLOUD_STATUS_PATH, &all, &ignored);
	*ret_v1 = all ? json_object_object_get(all, "v1") : NULL;
	if (*ret_v1)
		return all;
	json_free(all);
	all = json_object_new_object();
	*ret_v1 = json_object_new_object();
	json_object_object_add(*ret_v1, "datasource", NULL);
	for (size_t i = 1; i <= CLOUD_STAGES; i++) {
		struct json_object *o = json_object_new_object();
		json_object_object_add(o, "errors", json_object_new_array());
		json_object_object_add(o, "recoverable_errors", json_object_new_object());
		json_object_object_add(o, "start", NULL);
		json_object_object_add(o, "finished", NULL);
		json_object_object_add(*ret_v1, cloud_stage_name(i), o);
	}
	json_object_object_add(*ret_v1, "stage", NULL);
	json_object_object_add(all, "v1", *ret_v1);
	return all;
}

static void stamp(struct json_object *v1, size_t stage, const char *key)
{
	struct json_object *o = json_object_object_get(v1, cloud_stage_name(stage));

	if (o && !json_object_object_get(o, key))
		json_object_object_add(o, key, json_object_new_int64(clock_unix_s()));
}

/* "DataSourceNatal [signed medium]" */
static void put_datasource(struct agent *a, struct json_object *v1)
{
	scoped_json struct json_object *all = NULL;
	struct err ignored;
	char text[128];

	if (instance_read(a->root, &all, &ignored) || !all)
		return;
	const char *what = json_text(json_object_object_get(all, "v1"), "subplatform");
	snprintf(text, sizeof text, "DataSourceNatal [%s]", what ? what : "");
	json_put(v1, "datasource", text);
}

void compat_begins(struct agent *a)
{
	struct json_object *v1;

	if (!is_here(a->root))
		return;
	remove_path(a, CLOUD_RESULT_PATH);
	remove_path(a, COMPAT_FINISHED);
	remove_path(a, CLOUD_STATUS_PATH);
	scoped_json struct json_object *all = document(a, &v1);
	stamp(v1, 1, "start");
	json_put(v1, "stage", cloud_stage_name(1));
	write_json(a, CLOUD_STATUS_PATH, all);
}

void compat_goes_on(struct agent *a)
{
	struct json_object *v1;
	struct err ignored;

	if (!is_here(a->root))
		return;
	scoped_json struct json_object *all = document(a, &v1);
	for (size_t i = 1; i <= 2; i++) {
		stamp(v1, i, "start");
		stamp(v1, i, "finished");
	}
	put_datasource(a, v1);
	stamp(v1, 3, "start");
	json_object_object_del(v1, "stage");
	json_put(v1, "stage", cloud_stage_name(3));
	write_json(a, CLOUD_STATUS_PATH, all);
	if (tree_stage_link(a->root, INSTANCE_LINK, "../natal/instance-data.json", &ignored) == 0)
		tree_commit(a->root, INSTANCE_LINK, &ignored);
}

/* The findings that made the phase what it is; of a phase that has none, its name. */
static struct json_object *words_of(struct agent *a, bool errors_only)
{
	struct json_object *list = json_object_new_array();
	char text[MESSAGE_MAX];

	for (size_t i = 0; i < json_object_array_length(a->report.findings); i++) {
		struct json_object *f = json_object_array_get_idx(a->report.findings, i);
		const char *level = json_text(f, "level"), *item = json_text(f, "item"), *message = json_text(f, "message");
		if (errors_only && (!level || strcmp(level, "error") != 0))
			continue;
		snprintf(text, sizeof text, "%s%s%s", item ? item : "", item && *item ? ": " : "", message ? message : "");
		json_object_array_add(list, json_object_new_string(text));
	}
	if (!json_object_array_length(list))
		json_object_array_add(list, json_object_new_string(status_phase_name(a->phase)));
	return list;
}

static void write_finished(struct agent *a)
{
	static const char *const folders[] = { "/var/lib/cloud", "/var/lib/cloud/instance" };
	struct err ignored;
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (tree_mkdir(a->root, folders[i], 0755, (uid_t)-1, (gid_t)-1, &ignored))
			return;
	snprintf(text, sizeof text, "%lld - natal-agent " PACKAGE_VERSION "\n", (long long)clock_unix_s());
	tree_replace(a->root, COMPAT_FINISHED, &(struct sys_file){ text, strlen(text), 0644, (uid_t)-1, (gid_t)-1 }, TREE_LAZY, &ignored);
}

void compat_ends(struct agent *a)
{
	const bool failed = a->phase == PHASE_FAILED, recovered = a->phase == PHASE_DEGRADED || a->phase == PHASE_DRIFTED;
	struct json_object *v1;

	if (!is_here(a->root))
		return;
	scoped_json struct json_object *all = document(a, &v1), *result = json_object_new_object();
	for (size_t i = 1; i <= CLOUD_STAGES; i++) {
		stamp(v1, i, "start");
		stamp(v1, i, "finished");
	}
	if (!json_text(v1, "datasource"))
		put_datasource(a, v1);
	struct json_object *last = json_object_object_get(v1, cloud_stage_name(CLOUD_STAGES)), *errors = failed ? words_of(a, true) :
		json_object_new_array();
	json_object_object_del(last, "errors");
	json_object_object_add(last, "errors", errors);
	if (recovered) {
		struct json_object *levels = json_object_object_get(last, "recoverable_errors");
		json_object_object_add(levels, "WARNING", words_of(a, false));
	}
	json_object_object_del(v1, "stage");
	json_object_object_add(v1, "stage", NULL);
	struct json_object *short_v1 = json_object_new_object();
	json_object_object_add(result, "v1", short_v1);
	json_object_object_add(short_v1, "datasource", json_object_get(json_object_object_get(v1, "datasource")));
	json_object_object_add(short_v1, "errors", json_object_get(errors));
	write_json(a, CLOUD_STATUS_PATH, all);
	write_finished(a);
	write_json(a, CLOUD_RESULT_PATH, result);
}
