/* guest.c - see guest.h */
#include "controller/host/guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "controller/host/qmp.h"
#include "controller/host/worker.h"

enum { FILE_MAX = 64 << 10 };

static const struct driver *const drivers[] = { &driver_qemu, &driver_none };

const struct driver *driver_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	return NULL;
}

struct raw { struct guest_spec s; uint64_t req; struct json_object *image, *forwards; };

static const struct json_field fields[] = {
	{ "req", JSON_UINT, false, offsetof(struct raw, req), 8 },
	{ "driver", JSON_TEXT, true, offsetof(struct raw, s.driver), sizeof ((struct guest_spec *)0)->driver },
	{ "vm_id", JSON_TEXT, true, offsetof(struct raw, s.vm_id), sizeof ((struct guest_spec *)0)->vm_id },
	{ "uuid", JSON_TEXT, true, offsetof(struct raw, s.uuid), sizeof ((struct guest_spec *)0)->uuid },
	{ "mac", JSON_TEXT, false, offsetof(struct raw, s.mac), sizeof ((struct guest_spec *)0)->mac },
	{ "channel", JSON_TEXT, false, offsetof(struct raw, s.channel), sizeof ((struct guest_spec *)0)->channel },
	{ "memory_mb", JSON_UINT, false, offsetof(struct raw, s.memory_mb), 8 },
	{ "cpus", JSON_UINT, false, offsetof(struct raw, s.cpus), 8 },
	{ "image", JSON_OBJECT, false, offsetof(struct raw, image), 0 },
	{ "forwards", JSON_ARRAY, false, offsetof(struct raw, forwards), 0 },
	{ "uid", JSON_UINT, false, offsetof(struct raw, s.uid), 8 },
};

static const struct json_field image_fields[] = {
	JSON_FIELD(struct image_files, kernel, JSON_TEXT, true),
	JSON_FIELD(struct image_files, initrd, JSON_TEXT, true),
	JSON_FIELD(struct image_files, root, JSON_TEXT, true),
	JSON_FIELD(struct image_files, cmdline, JSON_TEXT, true),
};

static const struct json_field forward_fields[] = {
	JSON_FIELD(struct forward, host, JSON_UINT, false),
	JSON_FIELD(struct forward, guest, JSON_UINT, true),
};

int forwards_read(struct json_object *array, struct forward *ret, size_t *ret_n, struct err *e)
{
	size_t n = array ? json_object_array_length(array) : 0;

	if (n > GUEST_FORWARDS_MAX)
		return err_set(e, ERR_LIMIT, "%zu port forwards: %d at most", n, GUEST_FORWARDS_MAX);
	for (size_t i = 0; i < n; i++) {
		ret[i] = (struct forward){ 0 };
		int r = json_decode(json_object_array_get_idx(array, i), forward_fields, ARRAY_SIZE(forward_fields), "forward", &ret[i], e);
		if (r)
			return r;
		if (ret[i].host > 65535 || ret[i].guest > 65535 || !ret[i].guest)
			return err_set(e, ERR_FORMAT, "forward %llu to guest port %llu: ports are 1 to 65535", (unsigned long long)ret[i].host,
				(unsigned long long)ret[i].guest);
	}
	*ret_n = n;
	return 0;
}

/* An id becomes a folder's name, a MAC and a UUID become parts of QEMU options: only their own letters may stand in them. */
static bool only(const char *s, const char *letters) { return *s && s[strspn(s, letters)] == 0; }

static int check(const struct guest_spec *s, struct err *e)
{
	if (!only(s->vm_id, "abcdefghijklmnopqrstuvwxyz0123456789-"))
		return err_set(e, ERR_FORMAT, "vm id '%s' holds more than a-z, 0-9 and '-'", s->vm_id);
	if (strlen(s->uuid) != 36 || !only(s->uuid, "0123456789abcdef-"))
		return err_set(e, ERR_FORMAT, "'%s' is not a lower-case UUID", s->uuid);
	if (*s->mac && (strlen(s->mac) != 17 || !only(s->mac, "0123456789abcdef:")))
		return err_set(e, ERR_FORMAT, "'%s' is not a lower-case MAC address", s->mac);
	if (s->cpus > 512 || s->memory_mb > 4 << 20)
		return err_set(e, ERR_LIMIT, "%llu CPUs and %llu MB: 512 and 4194304 at most", (unsigned long long)s->cpus,
			(unsigned long long)s->memory_mb);
	if (!driver_find(s->driver))
		return err_set(e, ERR_UNSUPPORTED, "host driver '%s': there are qemu and none", s->driver);
	return 0;
}

int guest_spec_read(struct json_object *o, struct guest_spec *ret, struct err *e)
{
	struct raw raw = { .s = { .memory_mb = 1024, .cpus = 1 } };
	int r;

	if ((r = json_decode(o, fields, ARRAY_SIZE(fields), "guest", &raw, e)) ||
		(raw.image && (r = json_decode(raw.image, image_fields, ARRAY_SIZE(image_fields), "guest.image", &raw.s.image, e))) ||
		(r = forwards_read(raw.forwards, raw.s.forwards, &raw.s.forward_count, e)) || (r = check(&raw.s, e)))
		return r;
	*ret = raw.s;
	return 0;
}

struct json_object *forwards_json(const struct forward *f, size_t n)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();
		json_put_uint(o, "host", f[i].host);
		json_put_uint(o, "guest", f[i].guest);
		json_object_array_add(a, o);
	}
	return a;
}

static int save(const struct guest *g, const char *name, struct json_object *o, struct err *e)
{
	const char *text = json_line(o);

	return file_write(g->dirfd, name, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, e);
}

int guest_save_spec(const struct guest *g, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *image = json_object_new_object();

	json_put(o, "driver", g->spec.driver);
	json_put(o, "vm_id", g->spec.vm_id);
	json_put(o, "uuid", g->spec.uuid);
	json_put(o, "mac", g->spec.mac);
	json_put(o, "channel", g->spec.channel);
	json_put_uint(o, "memory_mb", g->spec.memory_mb);
	json_put_uint(o, "cpus", g->spec.cpus);
	json_put_uint(o, "uid", g->spec.uid);
	json_put(image, "kernel", g->spec.image.kernel);
	json_put(image, "initrd", g->spec.image.initrd);
	json_put(image, "root", g->spec.image.root);
	json_put(image, "cmdline", g->spec.image.cmdline);
	json_object_object_add(o, "image", image);
	json_object_object_add(o, "forwards", forwards_json(g->spec.forwards, g->spec.forward_count));
	return save(g, "spec.json", o, e);
}

int guest_save_run(const struct guest *g, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	json_put_uint(o, "run_token", g->run_token);
	json_put_uint(o, "main_pid", g->main.pidfd >= 0 ? (uint64_t)g->main.pid : 0);
	json_put_uint(o, "main_start", g->main.start);
	json_put_uint(o, "tpm_pid", g->tpm.pidfd >= 0 ? (uint64_t)g->tpm.pid : 0);
	json_put_uint(o, "tpm_start", g->tpm.start);
	json_put(o, "ek_sha256", g->ek_sha256);
	return save(g, "run.json", o, e);
}

static int open_folder(const char *state_dir, const char *vm_id, bool make, struct guest *g, struct err *e)
{
	int n = snprintf(g->dir, sizeof g->dir, "%s/host/%s", state_dir, vm_id);

	if (n < 0 || (size_t)n >= sizeof g->dir)
		return err_set(e, ERR_LIMIT, "the path %s/host/%s is too long", state_dir, vm_id);
	if (make && file_mkdirs(AT_FDCWD, g->dir, 0700, e))
		return -(int)e->code;
	g->dirfd = open(g->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g->dirfd < 0)
		return err_sys(e, "open %s", g->dir);
	if (make && mkdirat(g->dirfd, "run", 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make folder %s/run", g->dir);
	g->rundir = openat(g->dirfd, "run", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return g->rundir < 0 ? err_sys(e, "open %s/run", g->dir) : 0;
}

static struct guest *blank(void)
{
	struct guest *g = calloc(1, sizeof *g);

	if (!g)
		return NULL;
	g->dirfd = g->rundir = g->channel = -1;
	g->media = START_MEDIA_NONE;
	g->greeting = QMP_GREETING;
	g->main = g->tpm = g->setup = WORKER_NONE;
	g->in = FRAME_READER;
	g->out = BUF_MAX(4 << 20);
	return g;
}

scope_fn(struct guest, guest_free)

int guest_new(const char *state_dir, const struct guest_spec *spec, struct guest **ret, struct err *e)
{
	scoped(guest_free_p) struct guest *g = blank();
	int r;

	if (!g)
		return err_nomem(e);
	g->spec = *spec;
	g->driver = driver_find(spec->driver);
	if ((r = open_folder(state_dir, spec->vm_id, true, g, e)) || (r = guest_save_spec(g, e)))
		return r;
	*ret = give(g);
	return 0;
}

static int load_json(const struct guest *g, const char *name, struct json_object **ret, struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(FILE_MAX);
	int r = file_read(g->dirfd, name, &b, NULL, e);

	return r ? r : json_parse(b.data, b.size, name, ret, e);
}

int guest_load(const char *state_dir, const char *vm_id, struct guest **ret, struct err *e)
{
	scoped(guest_free_p) struct guest *g = blank();
	scoped_json struct json_object *spec = NULL, *run = NULL;
	struct err absent;
	int r;

	if (!g)
		return err_nomem(e);
	if ((r = open_folder(state_dir, vm_id, false, g, e)) || (r = load_json(g, "spec.json", &spec, e)) || (r = guest_spec_read(spec, &g->spec, e)))
		return err_wrap(e, "guest %s", vm_id);
	g->driver = driver_find(g->spec.driver);
	if (load_json(g, "run.json", &run, &absent) == 0) {
		const char *ek = json_text(run, "ek_sha256");
		g->run_token = json_uint(run, "run_token", 0);
		g->main = (struct worker){ (pid_t)json_uint(run, "main_pid", 0), json_uint(run, "main_start", 0), -1 };
		g->tpm = (struct worker){ (pid_t)json_uint(run, "tpm_pid", 0), json_uint(run, "tpm_start", 0), -1 };
		snprintf(g->ek_sha256, sizeof g->ek_sha256, "%s", ek ? ek : "");
		g->running = worker_find(&g->main);
		worker_find(&g->tpm);
	}
	*ret = give(g);
	return 0;
}

void guest_free(struct guest *g)
{
	if (!g)
		return;
	if (g->dirfd >= 0)
		close(g->dirfd);
	if (g->rundir >= 0)
		close(g->rundir);
	if (g->channel >= 0)
		close(g->channel);
	start_media_fini(&g->media);
	qmp_greeting_fini(&g->greeting);
	worker_close(&g->main);
	worker_close(&g->tpm);
	worker_close(&g->setup);
	frame_reader_fini(&g->in);
	buf_fini(&g->out);
	free(g);
}

/* Takes everything below dirfd away; the folders of a guest are three deep. */
static int erase_below(int dirfd, int depth, struct err *e)
{
	int copy = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	int r = 0;

	if (!d)
		return err_sys(e, "list a guest's folder");
	rewinddir(d);
	for (struct dirent *entry; !r && (entry = readdir(d));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd, entry->d_name, 0) == 0)
			continue;
		scoped_fd int sub = depth ? openat(dirfd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
		r = sub < 0 ? err_sys(e, "remove %s", entry->d_name) : erase_below(sub, depth - 1, e);
		if (!r && unlinkat(dirfd, entry->d_name, AT_REMOVEDIR) < 0)
			r = err_sys(e, "remove folder %s", entry->d_name);
	}
	closedir(d);
	return r;
}

int guest_erase(struct guest *g, struct err *e)
{
	int r = erase_below(g->dirfd, 3, e);

	if (r)
		return err_wrap(e, "guest %s", g->spec.vm_id);
	return rmdir(g->dir) < 0 ? err_sys(e, "remove %s", g->dir) : 0;
}

int guest_socket(const struct guest *g, const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/%s", g->rundir, name);
	scoped_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		return -1;
	return give_fd(&fd);
}
