/* accel.c - see accel.h */
#include "controller/host/accel.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "controller/host/worker.h"

static void boot_id(char out[40])
{
	struct err e;
	scoped_buf struct buf b = BUF_MAX(64);

	if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &b, NULL, &e))
		buf_str(&b, "unknown");
	snprintf(out, 40, "%.36s", b.data ? b.data : "");
}

static void decide(struct accel *a, const char *name)
{
	scoped_json struct json_object *o = json_object_new_object();
	char id[40];
	struct err e;

	snprintf(a->name, sizeof a->name, "%s", name);
	boot_id(id);
	json_put(o, "boot_id", id);
	json_put(o, "accel", name);
	const char *text = json_line(o);
	if (file_write(a->dirfd, "accel.json", text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, &e))
		err_print(&e);
}

void accel_init(struct accel *a, int host_dirfd)
{
	const char *wish = getenv("NATAL_ACCEL");
	struct err e;
	char id[40];

	*a = (struct accel){ .probe = WORKER_NONE, .dirfd = host_dirfd };
	if (wish && (strcmp(wish, "kvm") == 0 || strcmp(wish, "tcg") == 0)) {
		snprintf(a->name, sizeof a->name, "%s", wish);
		return;
	}
	scoped_fd int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0) {
		snprintf(a->name, sizeof a->name, "tcg");
		return;
	}
	scoped_buf struct buf b = BUF_MAX(4096);
	scoped_json struct json_object *o = NULL;
	if (file_read(host_dirfd, "accel.json", &b, NULL, &e) || json_parse(b.data, b.size, "accel.json", &o, &e))
		return;
	boot_id(id);
	const char *was = json_text(o, "boot_id"), *name = json_text(o, "accel");
	if (was && name && strcmp(was, id) == 0 && strlen(name) < sizeof a->name)
		snprintf(a->name, sizeof a->name, "%s", name);
}

void accel_begin(struct accel *a, const char *kernel)
{
	struct err e;

	if (*a->name || a->probe.pidfd >= 0)
		return;
	unlinkat(a->dirfd, "accel.console", 0);
	const char *argv[] = { "qemu-system-x86_64", "-accel", "kvm", "-cpu", "host", "-m", "256", "-M", "q35", "-nodefaults", "-no-user-config", "-display", "none",
		"-no-reboot", "-serial", "file:accel.console", "-kernel", kernel, "-append", "console=ttyS0 earlyprintk=serial panic=-1", NULL };
	if (worker_start(&(struct worker_start){ .argv = argv, .cwd = a->dirfd, .log_dir = a->dirfd, .log = "accel.log" }, &a->probe, &e)) {
		err_print(&e);
		decide(a, "tcg");
	}
	a->deadline_ms = clock_mono_ms() + ACCEL_PROBE_MS;
}

bool accel_poll(struct accel *a)
{
	scoped_buf struct buf console = BUF_MAX(1 << 20);
	struct err e;
	int status;

	if (*a->name)
		return true;
	if (a->probe.pidfd < 0)
		return false;
	bool ended = worker_ended(&a->probe, &status);
	if (!ended && clock_left_ms(a->deadline_ms) > 0)
		return false;
	worker_kill(&a->probe, SIGKILL);
	bool booted = file_read(a->dirfd, "accel.console", &console, NULL, &e) == 0 && console.data && strstr(console.data, "Kernel panic");
	decide(a, ended && booted ? "kvm" : "tcg");
	return true;
}

void accel_fini(struct accel *a) { worker_kill(&a->probe, SIGKILL); }
