/* guest.h - one guest as this host knows it: its folder, its spec, its processes, its channel.
 *
 * Made by guest_new() (CREATE) or guest_load() (found again after a restart); owned by struct host's list.  On disk a guest is
 * <state_dir>/host/<vm id>/, ours alone (0700): spec.json (what CREATE said), run.json (token and processes of the run), logs; and in it
 * the folder run/, which belongs to the guest's user: disk, vTPM, sockets, console.  What is believed after a restart lies in the first.
 * Every write of the two documents is atomic, so a killed host finds either the old or the new.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "common/data/json.h"
#include "common/wire/frame.h"

enum { GUEST_ID_MAX = 64, GUEST_FORWARDS_MAX = 8 };

struct forward { uint64_t host, guest; };       /* TCP ports; host 0: choose one */

struct image_files { char kernel[512], initrd[512], root[512], cmdline[512]; };

struct guest_spec {
	char driver[8], vm_id[GUEST_ID_MAX], uuid[37], mac[18], channel[512];
	uint64_t memory_mb, cpus;
	struct image_files image;
	size_t forward_count;
	struct forward forwards[GUEST_FORWARDS_MAX];
	uint64_t uid;                   /* the user that its processes run as; 0: ours */
};

/* A talk with a QEMU that has not answered yet: qmp.h. */
enum qmp_step { QMP_UNHEARD, QMP_HEARD, QMP_ASKED, QMP_ANSWERED };
struct qmp_greeting { int fd; int step; struct buf in; };
#define QMP_GREETING ((struct qmp_greeting){ .fd = -1, .in = BUF_MAX(1 << 20) })

/* Between START and its reply: the accelerator is being found out, or what was launched has not answered. */
enum starting { START_NONE, START_ACCEL, START_ANSWER };

/* What comes with START, ours until it is launched. */
enum { START_FDS_MAX = 2, START_OEM_MAX = 64 << 10 };
struct start_media {
	int medium, agent;              /* -1: none */
	bool initrd;                    /* agent goes behind the image's initrd; else it is a volume */
	char *oem;                      /* an SMBIOS OEM string, or NULL */
};
#define START_MEDIA_NONE ((struct start_media){ .medium = -1, .agent = -1 })
void start_media_fini(struct start_media *m);

/* A process that may outlive us: the start time (clock ticks, /proc/PID/stat field 22) tells it from a later one of the same pid. */
struct worker { pid_t pid; uint64_t start; int pidfd; };

struct guest {
	struct guest *next;
	const struct driver *driver;
	struct guest_spec spec;
	char dir[768];
	int dirfd, rundir;
	uint64_t run_token;             /* highest seen */
	bool running;
	struct worker main, tpm;        /* QEMU, swtpm; pidfd -1 where not running */
	int channel;                    /* guest frames; -1 while not connected */
	int64_t channel_retry_ms;       /* monotonic: when to try again */
	struct frame_reader in;
	struct buf out;                 /* frames not yet taken by the guest */
	struct worker setup;            /* vTPM manufacture in progress */
	uint64_t setup_req;             /* the CREATE that waits for it */
	enum starting starting;
	uint64_t start_req;             /* the START that waits */
	struct start_media media;
	int64_t start_deadline_ms;      /* monotonic: after it, it has failed */
	struct qmp_greeting greeting;
	uint64_t stop_req;              /* the STOP that waits for the guest to end; 0: none */
	int64_t stop_deadline_ms;       /* monotonic: after it, it is ended */
	char ek_sha256[65];             /* hex, or "" */
};

/* One way of running guests. Every function gets a guest of its own driver. */
struct host;
struct driver {
	const char *name;
	/* Begins the making; either finishes (*done) or leaves guest->setup running, and created() is called at its end. */
	int (*create)(struct host *h, struct guest *g, bool *done, struct err *e);
	int (*created)(struct host *h, struct guest *g, struct err *e);
	/* With g->media. 0: launched; 1: not yet, to be called again. Never waits. */
	int (*start)(struct host *h, struct guest *g, struct err *e);
	/* Does what was launched answer? An error: it will not. Never waits. */
	int (*answers)(struct guest *g, bool *ret, struct err *e);
	int (*powerdown)(struct guest *g, struct err *e);       /* asks the guest to end by itself */
	int (*stop)(struct guest *g, struct err *e);            /* ends it now */
	int (*eject)(struct guest *g, bool *ejected, struct err *e);
	int (*forward)(struct guest *g, const struct forward *wanted, size_t n, struct err *e);
	/* Tries to open the guest's channel: 0 and guest->channel set or still -1. */
	void (*connect)(struct guest *g);
};
extern const struct driver driver_qemu, driver_none;
const struct driver *driver_find(const char *name);

int guest_spec_read(struct json_object *o, struct guest_spec *ret, struct err *e);
int guest_new(const char *state_dir, const struct guest_spec *spec, struct guest **ret, struct err *e);
/* From its folder; running is found by looking at the processes named in run.json. */
int guest_load(const char *state_dir, const char *vm_id, struct guest **ret, struct err *e);
int guest_save_spec(const struct guest *g, struct err *e);
int guest_save_run(const struct guest *g, struct err *e);
/* Closes descriptors and frees; processes and files stay. */
void guest_free(struct guest *g);
/* Removes the folder and all in it. */
int guest_erase(struct guest *g, struct err *e);
/* A unix stream connection to the socket `name` in the guest's folder (whatever the path's length); -1 and errno. */
int guest_socket(const struct guest *g, const char *name);
struct json_object *forwards_json(const struct forward *f, size_t n);
int forwards_read(struct json_object *array, struct forward *ret, size_t *ret_n, struct err *e);
