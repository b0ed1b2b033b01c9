/* net.h - natald on the network: its listeners, the certificate and the tickets that they show, kept fresh.
 *
 * The listeners' key lies in the state folder (listener.key, 0600). The
 * certificate is the signer's, from a row as all others are; it is made again when a third of its time is left, when a name is added, and
 * when the CA has another chain. The ticket key is the store's, sealed: whoever finds it half a day old renews it.
 */
#pragma once
#include "controller/http/listener.h"
#include "controller/http/server.h"
#include "controller/service/ctl.h"

enum { NET_NAMES_MAX = 6 };
struct net_options {
	size_t listen_count, name_count;
	const char *listen[LISTENERS_MAX], *names[NET_NAMES_MAX];
};

struct net;
/* Opens the listeners, those of $LISTEN_FDS too. *ret NULL: there are none. */
int net_open(const struct net_options *o, struct net **ret, struct err *e);
/* From now on they answer. */
int net_start(struct net *n, struct ctl *c, struct server *server, struct err *e);
/* Outside a turn, now and then: what has become old is made anew. What fails is logged, and tried again later. */
void net_tick(struct net *n);
void net_close(struct net *n);
scope_fn(struct net, net_close)
