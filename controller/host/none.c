/* none.c - the driver for guests that others start (libvirt, OpenStack, a QEMU by hand): it only carries the guest's channel. */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "common/base/text.h"
#include "controller/host/loop.h"

static int none_create(struct host *h, struct guest *g, bool *done, struct err *e)
{
	struct sockaddr_un a;

	(void)h;
	if (*g->spec.channel && !text_starts(g->spec.channel, "unix:")) {
		err_set(e, ERR_UNSUPPORTED, "channel '%s'", g->spec.channel);
		err_hint(e, "a channel is unix:PATH, the socket of the guest's virtio-serial port");
		return -(int)e->code;
	}
	if (strlen(g->spec.channel) >= sizeof a.sun_path + 5)
		return err_set(e, ERR_LIMIT, "the channel's path is longer than %zu bytes", sizeof a.sun_path - 1);
	*done = true;
	return guest_save_run(g, e);
}

static int none_created(struct host *h, struct guest *g, struct err *e)
{
	(void)h; (void)g; (void)e;
	return 0;
}

static int not_ours(const struct guest *g, const char *what, struct err *e)
{
	err_set(e, ERR_UNSUPPORTED, "%s guest %s: its host is 'none', others run it", what, g->spec.vm_id);
	err_hint(e, "start it where it lives, with the medium attached; natalctl vm wait follows it");
	return -(int)e->code;
}

/* Which guest is said by the caller. */
static int others_start(struct err *e)
{
	err_set(e, ERR_UNSUPPORTED, "its host is 'none', others run it");
	err_hint(e, "start it where it lives, with the medium attached; natalctl vm wait follows it");
	return -(int)e->code;
}

static int none_start(struct host *h, struct guest *g, struct err *e)
{
	(void)h; (void)g;
	return others_start(e);
}

static int none_answers(struct guest *g, bool *ret, struct err *e)
{
	(void)g; (void)ret;
	return others_start(e);
}

static int none_stop(struct guest *g, struct err *e) { return not_ours(g, "stop", e); }

/* The medium is a file in the operator's hands: there is nothing here to eject. */
static int none_eject(struct guest *g, bool *ejected, struct err *e)
{
	(void)g; (void)e;
	*ejected = true;
	return 0;
}

static int none_forward(struct guest *g, const struct forward *wanted, size_t n, struct err *e)
{
	(void)wanted; (void)n;
	return not_ours(g, "forward ports of", e);
}

static void none_connect(struct guest *g)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (!*g->spec.channel)
		return;
	const char *path = g->spec.channel + strlen("unix:");
	memcpy(a.sun_path, path, strnlen(path, sizeof a.sun_path - 1));
	scoped_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		g->channel = give_fd(&fd);
}

const struct driver driver_none = {
	.name = "none", .create = none_create, .created = none_created, .start = none_start, .answers = none_answers, .powerdown = none_stop, .stop = none_stop, .eject = none_eject,
	.forward = none_forward, .connect = none_connect,
};
