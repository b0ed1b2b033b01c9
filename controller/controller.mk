# natald and natalctl.
CONTROLLER_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS) $(SODIUM_CFLAGS) $(GNUTLS_CFLAGS) $(NETTLE_CFLAGS) $(SQLITE_CFLAGS) $(PQ_CFLAGS) $(MHD_CFLAGS) $(ISOFS_CFLAGS) $(SECCOMP_CFLAGS) -pthread
CONTROLLER_LIBS = controller/libcontroller.a controller/crypto/libsign.a $(HOST_LIBS) $(COMMON_LIBS) $(GNUTLS_LIBS) $(NETTLE_LIBS) $(SQLITE_LIBS) $(MHD_LIBS) \
	$(ISOFS_LIBS) $(SECCOMP_LIBS) -lpthread

noinst_LIBRARIES += controller/libcontroller.a
controller_libcontroller_a_CFLAGS = $(CONTROLLER_CFLAGS) -DNATAL_AGENT_FILES='"$(agentdir)"'
controller_libcontroller_a_SOURCES = \
	%D%/crypto/ca.c %D%/crypto/ca.h %D%/crypto/guestkey.c %D%/crypto/guestkey.h %D%/crypto/seal.c %D%/crypto/seal.h \
	%D%/crypto/peercert.c %D%/crypto/peercert.h %D%/crypto/spki.c %D%/crypto/spki.h %D%/crypto/sha256.c %D%/crypto/ek.c %D%/crypto/ek.h %D%/crypto/ek_read.c %D%/crypto/ek_challenge.c \
	%D%/store/key_statement.c %D%/store/key_statement.h %D%/store/access.c %D%/store/access.h %D%/store/shared_key.c %D%/store/shared_key.h %D%/store/audit_row.c %D%/store/audit_row.h %D%/store/idempotency.c %D%/store/idempotency.h %D%/store/vm_page.c %D%/store/vm_page.h %D%/store/newborn_row.c %D%/store/newborn_row.h \
	%D%/store/boot.c %D%/store/boot.h %D%/store/bundle_row.c %D%/store/bundle_row.h %D%/store/bundle_ahead.c %D%/store/bundle_ahead.h %D%/store/ca_row.c %D%/store/ca_row.h %D%/store/db.c %D%/store/db.h %D%/store/progress.c %D%/store/progress.h \
	%D%/store/engine.h %D%/store/engine_sqlite.c %D%/store/migrate.c \
	%D%/store/event.c %D%/store/event.h %D%/store/image.c %D%/store/image.h %D%/store/media_key.c %D%/store/media_key.h \
	%D%/store/migrations.c %D%/store/migrations.h %D%/store/pool_key.c %D%/store/pool_key.h %D%/store/pool_mark.c %D%/store/pool_mark.h %D%/store/pool_tally.c %D%/store/pool_tally.h %D%/store/store.c %D%/store/store.h \
	%D%/store/vm.c %D%/store/vm.h %D%/store/vm_recent.c %D%/store/vm_recent.h \
	%D%/signer/client.c %D%/signer/intent.c %D%/signer/intent.h %D%/signer/keep.c %D%/signer/sandbox.c %D%/signer/sandbox.h %D%/signer/serve.c \
	%D%/signer/signer.h %D%/signer/wire.h \
	%D%/service/anchors.c %D%/service/anchors.h %D%/service/keys.c %D%/service/keys.h %D%/service/runs.c %D%/service/runs.h %D%/service/stale.c %D%/service/stale.h \
	%D%/service/grant.c %D%/service/grant.h %D%/service/advance.c %D%/service/birth.c %D%/service/birth.h %D%/service/births.c %D%/service/births.h %D%/service/birth_parts.c %D%/service/birth_parts.h %D%/service/ctl.c \
	%D%/service/token.c %D%/service/token.h %D%/service/newborn.c %D%/service/newborn.h %D%/service/newborn_ek.c %D%/service/newborn_ek.h \
	%D%/service/ctl.h %D%/service/waiters.c %D%/service/waiters.h %D%/service/goal.c %D%/service/goal.h %D%/service/guest.c %D%/service/guest.h %D%/service/link.c %D%/service/link_ask.c %D%/service/link_answer.c %D%/service/link.h %D%/service/link_priv.h \
	%D%/service/hearing.c %D%/service/hearing.h %D%/service/step.c %D%/service/step.h \
	%D%/service/agent_way.c %D%/service/agent_way.h %D%/service/carrier.c %D%/service/carrier.h %D%/service/carrier_parts.c %D%/service/cpio.c %D%/service/cpio.h %D%/service/medium.c %D%/service/medium.h %D%/service/volume.c %D%/service/volume.h %D%/service/pinfile.c %D%/service/pinfile.h %D%/service/pinfollow.c %D%/service/pinfollow.h %D%/service/pinwriter.c %D%/service/pinwriter.h %D%/service/pool.c %D%/service/pool.h \
	%D%/service/instance.c %D%/service/instance.h %D%/service/report.c %D%/service/report_compare.c %D%/service/refusals.c %D%/service/refusals.h %D%/service/late.c %D%/service/late.h %D%/service/report_doc.c %D%/service/report.h %D%/service/address.c %D%/service/address.h %D%/service/guestdata.c %D%/service/identity.c %D%/service/identity.h %D%/service/shape.c %D%/service/shape.h %D%/service/spec.c %D%/service/spec.h \
	%D%/http/watch.c %D%/api/api_health.c %D%/api/openapi.c %D%/api/openapi.h %D%/api/openapi_schema.c %D%/api/openapi_schema.h %D%/api/metrics.c %D%/api/metrics.h %D%/api/reqlog.c %D%/api/reqlog.h %D%/http/conn.c %D%/http/conn.h %D%/http/exchange.c %D%/http/server_impl.h %D%/http/listener.c %D%/http/listener.h %D%/http/peer.h %D%/http/rate.c %D%/http/rate.h %D%/http/ticket.c %D%/http/ticket.h %D%/http/tls.c %D%/http/tls.h \
	%D%/http/params.c %D%/http/problem.c %D%/http/request.h %D%/http/route.c %D%/http/server.c %D%/http/server.h \
	%D%/api/api.h %D%/api/api_access.c %D%/api/api_audit.c %D%/api/api_console.c %D%/api/api_goal.c %D%/api/api_guest.c %D%/api/handle.c %D%/api/once.c %D%/api/once.h %D%/api/page.c %D%/api/page.h %D%/api/things.c %D%/api/api_backup.c %D%/api/api_image.c %D%/api/api_key.c %D%/api/api_pool.c %D%/api/api_run.c %D%/api/api_vm.c %D%/api/api_vm_list.c %D%/api/bodies.c %D%/api/bodies.h %D%/api/api_birth.c \
	%D%/api/routes.c %D%/api/schemas.c \
	%D%/cli/state.c %D%/cli/state.h

controller_libcontroller_a_SOURCES += %D%/service/ahead.c %D%/service/ahead.h %D%/service/birth_goal.c %D%/service/hosts.c %D%/service/remote.c %D%/service/remote.h %D%/store/host.c %D%/store/host.h %D%/store/host_ask.c %D%/store/host_ask.h %D%/api/api_host.c %D%/service/fleet.c %D%/service/fleet.h %D%/service/retention.c %D%/service/retention.h %D%/service/grace.c %D%/service/grace.h %D%/service/contents.c %D%/service/contents.h %D%/service/proof.c %D%/service/proof.h %D%/store/now.c %D%/store/copy.c %D%/store/copy.h %D%/store/pool_shelf.c %D%/store/pool_shelf.h %D%/store/lease.c %D%/store/lease.h %D%/store/news.c %D%/store/news.h %D%/store/instance_row.c %D%/store/instance_row.h
if HAVE_PQ
controller_libcontroller_a_SOURCES += %D%/store/engine_pq.c %D%/store/pq_functions.h %D%/store/pq_hold.c %D%/store/pq_commit.c %D%/store/pq_link.c %D%/store/pq_link.h %D%/store/pq_send.c
else
controller_libcontroller_a_SOURCES += %D%/store/engine_pq_none.c
endif

sbin_PROGRAMS += natald
natald_CFLAGS = $(CONTROLLER_CFLAGS)
natald_SOURCES = %D%/natald/main.c %D%/natald/loop.c %D%/natald/loop.h %D%/natald/duties.c %D%/natald/duties.h %D%/natald/turn.c %D%/natald/turn.h %D%/natald/net.c %D%/natald/net.h %D%/natald/hold.c %D%/natald/hold.h %D%/natald/offline.c %D%/natald/offline.h %D%/natald/rewind.c %D%/natald/rewind.h %D%/natald/where.c %D%/natald/where.h
natald_LDADD = $(CONTROLLER_LIBS)

# natalctl loads nothing of natald's: json-c, libsodium and the C library.
noinst_LIBRARIES += controller/cli/libcli.a
CLI_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS) $(SODIUM_CFLAGS) -DSBINDIR='"$(sbindir)"' -DNATAL_LIBEXECDIR='"$(libexecdir)/natal"'
CLI_LIBS = controller/cli/libcli.a $(COMMON_LIBS)
controller_cli_libcli_a_CFLAGS = $(CLI_CFLAGS)
controller_cli_libcli_a_SOURCES = \
	%D%/cli/bake_policy.c %D%/cli/check.c %D%/cli/cli.h %D%/cli/client.c %D%/cli/cmd_access.c %D%/cli/context.c %D%/cli/context.h %D%/cli/cmd_backup.c %D%/cli/cmd_console.c %D%/cli/cmd_goal.c %D%/cli/cmd_host.c %D%/cli/cmd_image.c %D%/cli/cmd_key.c %D%/cli/cmd_lint.c %D%/cli/cmd_pool.c %D%/cli/cmd_store.c %D%/cli/cmd_vm.c %D%/cli/cmd_wait.c %D%/cli/daemon.c %D%/cli/cmd_birth.c \
	%D%/cli/cmd_audit.c %D%/cli/cmd_vm_list.c %D%/cli/cmd_vm_apply.c %D%/cli/vm_many.c %D%/cli/vm_diff.c %D%/cli/complete.c %D%/cli/completion_scripts.c %D%/cli/list.c %D%/cli/pages.c \
	%D%/cli/help.c %D%/cli/options.c %D%/cli/print.c %D%/cli/state.c %D%/cli/verbs.c %D%/cli/vm.h

bin_PROGRAMS += natalctl
natalctl_CFLAGS = $(CLI_CFLAGS)
natalctl_SOURCES = %D%/cli/main.c
natalctl_LDADD = $(CLI_LIBS)

dist_man_MANS += %D%/cli/natalctl.1 %D%/natald/natald.8
dist_natalunit_DATA += %D%/natald/natald.service %D%/natald/natald.socket
