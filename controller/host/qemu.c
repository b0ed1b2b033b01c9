/* qemu.c - the driver that boots guests under QEMU: q35, virtio, a vTPM, the medium as a CD in memory.
 *
 * Files reach QEMU by descriptor (-add-fd), so that it can run as a user of its own that may read nothing else:
 * fdset 1 the image's root disk (read-only), fdset 2 the medium, fdset 3 a volume with the agent; /proc/self/fd/20 and 21 kernel and initrd, 22 the vTPM's socket.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/proc.h"
#include "common/crypto/hash.h"
#include "controller/host/loop.h"
#include "controller/host/qemu_args.h"
#include "controller/host/qmp.h"
#include "controller/host/vtpm.h"
#include "controller/host/worker.h"

enum { FD_KERNEL = 20, FD_INITRD, FD_TPM, FD_ROOT, FD_MEDIUM, FD_AGENT };
enum { UID_BASE = 0x4E000000, UID_RANGE = 0x100000 };   /* far above what distributions and subordinate ids use */

/* Users are numbers without names, one per guest, chosen once and kept in spec.json; at random, since other hosts on this machine choose too. */
static uint64_t free_uid(const struct host *h)
{
	for (;;) {
		uint32_t draw;
		random_bytes(&draw, sizeof draw);
		uint64_t uid = UID_BASE + draw % UID_RANGE;
		bool taken = false;
		for (const struct guest *o = h->guests; o; o = o->next)
			taken |= o->spec.uid == uid;
		if (!taken)
			return uid;
	}
}

static int free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	scoped_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) < 0 || getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		return 0;
	return ntohs(a.sin_port);
}

static int choose_ports(struct forward *f, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!f[i].host && !(f[i].host = (uint64_t)free_port()))
			return err_sys(e, "find a free port for guest port %llu", (unsigned long long)f[i].guest);
	return 0;
}

static int make_disk(const struct guest *g, struct err *e)
{
	struct stat st;
	int status;

	if (stat(g->spec.image.root, &st) < 0)
		return err_sys(e, "the image's disk %s", g->spec.image.root);
	char size[32], dir[sizeof g->dir + 8];
	snprintf(size, sizeof size, "%lld", (long long)st.st_size);
	snprintf(dir, sizeof dir, "%s/run", g->dir);
	scoped_buf struct buf out = BUF_MAX(4096);
	const char *argv[] = { "qemu-img", "create", "-q", "-f", "qcow2", "disk.qcow2", size, NULL };
	int r = proc_run(&PROC(.argv = argv, .cwd = dir, .out = &out), &status, e);
	if (r)
		return r;
	if (status)
		return err_set(e, ERR_SYSTEM, "qemu-img: %.200s", out.data ? out.data : "");
	return fchmodat(g->rundir, "disk.qcow2", 0600, 0) < 0 ? err_sys(e, "chmod %s/disk.qcow2", dir) : 0;
}

static int qemu_create(struct host *h, struct guest *g, bool *done, struct err *e)
{
	int r;

	*done = false;
	if (!*g->spec.image.root)
		return err_set(e, ERR_FORMAT, "guest.image is missing: the qemu driver boots images");
	if (geteuid() == 0 && !g->spec.uid)
		g->spec.uid = free_uid(h);
	accel_begin(&h->accel, g->spec.image.kernel);
	/* Before anything is made for that user: a guest found again after a kill must never run as root. */
	if ((r = guest_save_spec(g, e)) || (r = choose_ports(g->spec.forwards, g->spec.forward_count, e)) || (r = make_disk(g, e)))
		return r;
	if (g->spec.uid && (fchownat(g->rundir, "disk.qcow2", (uid_t)g->spec.uid, (gid_t)g->spec.uid, 0) < 0 ||
		fchown(g->rundir, (uid_t)g->spec.uid, (gid_t)g->spec.uid) < 0))
		return err_sys(e, "hand %s/run to user %llu", g->dir, (unsigned long long)g->spec.uid);
	return vtpm_make(g, e);
}

static int qemu_created(struct host *h, struct guest *g, struct err *e)
{
	int r;

	(void)h;
	if ((r = vtpm_made(g, e)) || (r = guest_save_spec(g, e)))
		return r;
	return guest_save_run(g, e);
}

/* A second, read-only description of the memfd: QEMU's fdsets match access modes. */
static int read_only(int fd)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static gid_t kvm_group(const char *accel)
{
	struct stat st;

	return strcmp(accel, "kvm") == 0 && stat("/dev/kvm", &st) == 0 ? st.st_gid : 0;
}

static int copy_all(int from, int to)
{
	off_t at = 0;
	ssize_t n;

	while ((n = sendfile(to, from, &at, 1 << 30)) > 0)
		;
	return n < 0 ? -1 : 0;
}

/* The kernel takes one archive after the other; each begins at a multiple of four. */
static int longer_initrd(int image, int archive, int *ret_fd, struct err *e)
{
	static const char zeros[4];
	struct stat st;

	scoped_fd int fd = memfd_create("natal-initrd", MFD_CLOEXEC);
	if (fd < 0 || fstat(image, &st) < 0 || copy_all(image, fd) < 0 || fd_write_all(fd, zeros, (size_t)(4 - st.st_size % 4) % 4) < 0 || copy_all(archive, fd) < 0)
		return err_sys(e, "put the agent behind the image's initrd");
	*ret_fd = read_only(fd);
	return *ret_fd < 0 ? err_sys(e, "open the longer initrd") : 0;
}

struct files { int kernel, initrd, root, medium, agent; };
static void files_close(struct files *f)
{
	int *const all[] = { &f->kernel, &f->initrd, &f->root, &f->medium, &f->agent };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		scope_close(all[i]);
}

static int open_files(const struct guest *g, struct files *f, struct err *e)
{
	const struct image_files *i = &g->spec.image;

	f->kernel = open(i->kernel, O_RDONLY | O_CLOEXEC);
	f->initrd = open(i->initrd, O_RDONLY | O_CLOEXEC);
	f->root = open(i->root, O_RDONLY | O_CLOEXEC);
	if (f->kernel < 0 || f->initrd < 0 || f->root < 0) {
		err_sys(e, "open the image of guest %s (%s)", g->spec.vm_id, f->kernel < 0 ? i->kernel : f->initrd < 0 ? i->initrd : i->root);
		err_hint(e, "was the image moved? natalctl image list");
		return -(int)e->code;
	}
	if (g->media.medium >= 0 && (f->medium = read_only(g->media.medium)) < 0)
		return err_sys(e, "open the medium of guest %s", g->spec.vm_id);
	if (g->media.agent < 0)
		return 0;
	if (!g->media.initrd)
		return (f->agent = read_only(g->media.agent)) < 0 ? err_sys(e, "open the agent of guest %s", g->spec.vm_id) : 0;
	scoped_fd int image = give_fd(&f->initrd);
	return longer_initrd(image, g->media.agent, &f->initrd, e);
}

static int launch(struct guest *g, const char *accel, int tpm_fd, struct err *e)
{
	scoped(files_close) struct files f = { -1, -1, -1, -1, -1 };
	struct qemu_args a;

	int r = open_files(g, &f, e);
	if (r)
		return r;
	qemu_args(&a, g, accel);
	struct worker_start s = {
		.argv = a.v, .cwd = g->rundir, .log_dir = g->dirfd, .uid = (uid_t)g->spec.uid, .group = kvm_group(accel), .log = "qemu.log", .fd_count = 4,
		.fds = { { f.kernel, FD_KERNEL }, { f.initrd, FD_INITRD }, { tpm_fd, FD_TPM }, { f.root, FD_ROOT } },
	};
	if (f.medium >= 0) {
		s.fds[s.fd_count].ours = f.medium;
		s.fds[s.fd_count++].theirs = FD_MEDIUM;
	}
	if (f.agent >= 0) {
		s.fds[s.fd_count].ours = f.agent;
		s.fds[s.fd_count++].theirs = FD_AGENT;
	}
	unlinkat(g->rundir, "qmp.sock", 0);
	unlinkat(g->rundir, "guest.sock", 0);
	unlinkat(g->rundir, "console.sock", 0);
	r = worker_start(&s, &g->main, e);
	qemu_args_fini(&a);
	return r;
}

/* The last line QEMU wrote, as the reason of a failed start. */
static int explain(const struct guest *g, struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(1 << 20);
	struct err ignored;

	if (file_read(g->dirfd, "qemu.log", &b, NULL, &ignored) || !b.size)
		return -(int)e->code;
	while (b.size && b.data[b.size - 1] == '\n')
		b.data[--b.size] = 0;
	const char *last = strrchr(b.data, '\n');
	err_set(e, ERR_UNAVAILABLE, "QEMU did not start: %.300s", last ? last + 1 : b.data);
	if (strstr(b.data, "host forwarding"))
		err_hint(e, "another program holds that port: natalctl vm start --forward GUEST chooses a free one");
	return -(int)e->code;
}

static int qemu_start(struct host *h, struct guest *g, struct err *e)
{
	int r, tpm_fd = -1;

	if (geteuid() == 0 && !g->spec.uid)
		return err_set(e, ERR_INTERNAL, "guest %s has no user of its own: QEMU does not run as root", g->spec.vm_id);
	accel_begin(&h->accel, g->spec.image.kernel);
	if (!accel_poll(&h->accel))
		return 1;
	if ((r = vtpm_start(g, &tpm_fd, e)))
		return r;
	unlinkat(g->dirfd, "qemu.log", 0);
	/* Each process is on record before we wait for anything: if we are killed, the next host finds it. */
	if (!(r = guest_save_run(g, e)) && !(r = launch(g, h->accel.name, tpm_fd, e)))
		r = guest_save_run(g, e);
	close(tpm_fd);
	return r;
}

static int qemu_answers(struct guest *g, bool *ret, struct err *e)
{
	struct pollfd ended = { g->main.pidfd, POLLIN, 0 };

	qmp_greet(g, ret);
	if (*ret)
		return 0;
	if (poll(&ended, 1, 0) == 1)
		err_set(e, ERR_UNAVAILABLE, "QEMU of guest %s ended at once", g->spec.vm_id);
	else if (clock_left_ms(g->start_deadline_ms) == 0)
		qmp_late(g, e);
	else
		return 0;
	return explain(g, e);
}

static int qemu_powerdown(struct guest *g, struct err *e) { return qmp_call(g, "system_powerdown", NULL, 2000, NULL, e); }

static int qemu_stop(struct guest *g, struct err *e)
{
	struct pollfd f = { g->main.pidfd, POLLIN, 0 };
	struct err ignored;

	(void)e;
	if (poll(&f, 1, 0) == 0 && qmp_call(g, "quit", NULL, 2000, NULL, &ignored) == 0)
		poll(&f, 1, 3000);
	worker_kill(&g->main, SIGTERM);
	worker_kill(&g->tpm, SIGTERM);
	return 0;
}

static struct json_object *one(const char *key, const char *value)
{
	struct json_object *o = json_object_new_object();

	json_put(o, key, value);
	return o;
}

/* What a START put into the drives. */
struct tray { const char *drive, *node, *file; int set; };
static const struct tray trays[] = { { "cd0", "medium", "mediumfile", 2 }, { "cd1", "agent", "agentfile", 3 } };

/* What QEMU itself says of a drive; of one that is not there: empty. */
static int inserted(struct guest *g, const char *drive, bool *ret, struct err *e)
{
	scoped_json struct json_object *list = NULL;
	int r = qmp_call(g, "query-block", NULL, 5000, &list, e);

	if (r)
		return r;
	*ret = false;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *row = json_object_array_get_idx(list, i), *in;
		const char *qdev = json_text(row, "qdev");
		if (qdev && strstr(qdev, drive) && json_object_object_get_ex(row, "inserted", &in))
			*ret = true;
	}
	return 0;
}

static int empty_tray(struct guest *g, const struct tray *t, bool *ret_empty, struct err *e)
{
	scoped_json struct json_object *cd = one("id", t->drive), *node = one("node-name", t->node), *file = one("node-name", t->file), *set = json_object_new_object();
	struct err ignored;
	bool full = true;
	int r = inserted(g, t->drive, &full, e);

	*ret_empty = !full;
	if (r || !full)
		return r;
	json_put_bool(cd, "force", true);
	if ((r = qmp_call(g, "blockdev-open-tray", cd, 5000, NULL, e)))
		return r;
	json_object_object_del(cd, "force");
	if ((r = qmp_call(g, "blockdev-remove-medium", cd, 5000, NULL, e)) || (r = qmp_call(g, "blockdev-del", node, 5000, NULL, e)) ||
		(r = qmp_call(g, "blockdev-del", file, 5000, NULL, e)))
		return r;
	/* The set goes with its last user; where this QEMU kept it, it goes now. */
	json_put_uint(set, "fdset-id", (uint64_t)t->set);
	(void)qmp_call(g, "remove-fd", set, 5000, NULL, &ignored);
	r = inserted(g, t->drive, &full, e);
	*ret_empty = !full;
	return r;
}

static int qemu_eject(struct guest *g, bool *ejected, struct err *e)
{
	bool empty;
	int r = 0;

	*ejected = true;
	for (size_t i = 0; g->running && !r && i < ARRAY_SIZE(trays); i++) {
		r = empty_tray(g, &trays[i], &empty, e);
		*ejected &= empty;
	}
	return r;
}

static int monitor(struct guest *g, const char *line, struct err *e)
{
	scoped_json struct json_object *o = one("command-line", line), *said = NULL;
	int r = qmp_call(g, "human-monitor-command", o, 5000, &said, e);

	if (r)
		return r;
	const char *text = json_object_get_string(said);
	if (text && (strstr(text, "rror") || strstr(text, "ould not") || strstr(text, "nvalid")))
		return err_set(e, ERR_CONFLICT, "QEMU refuses '%s': %.*s", line, (int)strcspn(text, "\r\n"), text);
	return 0;
}

static int qemu_forward(struct guest *g, const struct forward *wanted, size_t n, struct err *e)
{
	struct forward f[GUEST_FORWARDS_MAX];
	char line[128];
	int r;

	memcpy(f, wanted, n * sizeof *f);
	if ((r = choose_ports(f, n, e)))
		return r;
	if (g->running) {
		for (size_t i = 0; i < g->spec.forward_count; i++) {
			snprintf(line, sizeof line, "hostfwd_remove n0 tcp:127.0.0.1:%llu", (unsigned long long)g->spec.forwards[i].host);
			if ((r = monitor(g, line, e)))
				return r;
		}
		for (size_t i = 0; i < n; i++) {
			snprintf(line, sizeof line, "hostfwd_add n0 tcp:127.0.0.1:%llu-:%llu", (unsigned long long)f[i].host, (unsigned long long)f[i].guest);
			if ((r = monitor(g, line, e)))
				return r;
		}
	}
	memcpy(g->spec.forwards, f, n * sizeof *f);
	g->spec.forward_count = n;
	return guest_save_spec(g, e);
}

static void qemu_connect(struct guest *g)
{
	if (g->running)
		g->channel = guest_socket(g, "guest.sock");
}

const struct driver driver_qemu = {
	.name = "qemu", .create = qemu_create, .created = qemu_created, .start = qemu_start, .answers = qemu_answers, .powerdown = qemu_powerdown, .stop = qemu_stop, .eject = qemu_eject,
	.forward = qemu_forward, .connect = qemu_connect,
};
