/* echo.c - the ceiling of the status bench: libmicrohttpd with GnuTLS in one thread, a client certificate asked for, 200 and a few bytes to whatever comes.
 *
 *   echo CERT.pem KEY.pem      prints the port, and serves until it is ended
 */
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "common/base/buf.h"
#include "common/base/file.h"

enum { MEMORY = 4 << 10, CONNECTIONS = 19000 };

static void on_connection(void *arg, struct MHD_Connection *c, void **context, enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *tls = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (what == MHD_CONNECTION_NOTIFY_STARTED && tls)
		gnutls_certificate_server_set_request(tls->tls_session, GNUTLS_CERT_REQUEST);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version, const char *data,
	size_t *size, void **keep)
{
	static char text[96], seen;

	if (!*keep || *size) {
		*keep = &seen;
		*size = 0;
		return MHD_YES;
	}
	struct MHD_Response *resp = MHD_create_response_from_buffer(sizeof text, text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result r = MHD_queue_response(c, 200, resp);
	MHD_destroy_response(resp);
	return r;
}

static int read_text(const char *path, struct buf *out)
{
	struct err e;

	if (file_read(AT_FDCWD, path, out, NULL, &e) == 0)
		return 0;
	err_print(&e);
	return -1;
}

int main(int argc, char **argv)
{
	scoped_buf struct buf cert = BUF_MAX(1 << 20), key = BUF_MAX(1 << 20);
	struct rlimit l;

	if (argc != 3 || read_text(argv[1], &cert) || read_text(argv[2], &key))
		return 2;
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
	struct MHD_Daemon *d = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS, 0, NULL, NULL, on_request, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, NULL, MHD_OPTION_HTTPS_MEM_CERT, cert.data, MHD_OPTION_HTTPS_MEM_KEY, key.data, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_HTTPS_PRIORITIES, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY, MHD_OPTION_END);
	if (!d)
		return 1;
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT);
	printf("%u\n", info ? info->port : 0U);
	fflush(stdout);
	for (;;)
		pause();
}
