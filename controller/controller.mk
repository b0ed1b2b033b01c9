# natald and natalctl.
CONTROLLER_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS) $(SODIUM_CFLAGS) $(GNUTLS_CFLAGS) $(NETTLE_CFLAGS) $(SQLITE_CFLAGS) $(MHD_CFLAGS) $(ISOFS_CFLAGS) $(SECCOMP_CFLAGS) -pthread
CONTROLLER_LIBS = controller/libcontroller.a controller/crypto/libsign.a $(HOST_LIBS) $(COMMON_LIBS) $(GNUTLS_LIBS) $(NETTLE_LIBS) $(SQLITE_LIBS) $(MHD_LIBS) \
	$(ISOFS_LIBS) $(SECCOMP_LIBS) -lpthread

noinst_LIBRARIES += controller/libcontroller.a
controller_libcontroller_a_CFLAGS = $(CONTROLLER_CFLAGS) -DNATAL_AGENT_FILES='"$(agentdir)"'
controller_libcontroller_a_SOURCES = \
	%D%/crypto/ca.c %D%/crypto/ca.h %D%/crypto/guestkey.c %D%/crypto/guestkey.h %D%/crypto/seal.c %D%/crypto/seal.h \
	%D%/crypto/sha256.c \
	%D%/store/boot.c %D%/store/boot.h %D%/store/bundle_row.c %D%/store/bundle_row.h %D%/store/ca_row.c %D%/store/ca_row.h %D%/store/db.c %D%/store/db.h \
	%D%/store/event.c %D%/store/event.h %D%/store/image.c %D%/store/image.h %D%/store/media_key.c %D%/store/media_key.h \
	%D%/store/migrations.c %D%/store/migrations.h %D%/store/pool_key.c %D%/store/pool_key.h %D%/store/pool_mark.c %D%/store/pool_mark.h %D%/store/store.c %D%/store/store.h \
	%D%/store/vm.c %D%/store/vm.h \
	%D%/signer/client.c %D%/signer/intent.c %D%/signer/intent.h %D%/signer/sandbox.c %D%/signer/sandbox.h %D%/signer/serve.c \
	%D%/signer/signer.h %D%/signer/wire.h \
	%D%/service/advance.c %D%/service/birth.c %D%/service/birth.h %D%/service/births.c %D%/service/births.h %D%/service/birth_parts.c %D%/service/birth_parts.h %D%/service/ctl.c \
	%D%/service/ctl.h %D%/service/link.c %D%/service/link_ask.c %D%/service/link_answer.c %D%/service/link.h %D%/service/link_priv.h \
	%D%/service/agent_way.c %D%/service/agent_way.h %D%/service/carrier.c %D%/service/carrier.h %D%/service/carrier_parts.c %D%/service/cpio.c %D%/service/cpio.h %D%/service/medium.c %D%/service/medium.h %D%/service/volume.c %D%/service/volume.h %D%/service/pinfile.c %D%/service/pinfile.h %D%/service/pinwriter.c %D%/service/pinwriter.h %D%/service/pool.c %D%/service/pool.h \
	%D%/service/report.c %D%/service/report.h %D%/service/address.c %D%/service/address.h %D%/service/guestdata.c %D%/service/shape.c %D%/service/shape.h %D%/service/spec.c %D%/service/spec.h \
	%D%/http/request.h %D%/http/route.c %D%/http/server.c %D%/http/server.h \
	%D%/api/api.h %D%/api/api_backup.c %D%/api/api_image.c %D%/api/api_key.c %D%/api/api_pool.c %D%/api/api_run.c %D%/api/api_vm.c %D%/api/bodies.c %D%/api/bodies.h \
	%D%/api/routes.c %D%/api/schemas.c \
	%D%/cli/state.c %D%/cli/state.h

sbin_PROGRAMS += natald
natald_CFLAGS = $(CONTROLLER_CFLAGS)
natald_SOURCES = %D%/natald/main.c %D%/natald/loop.c %D%/natald/loop.h
natald_LDADD = $(CONTROLLER_LIBS)

# natalctl loads nothing of natald's: json-c, libsodium and the C library.
noinst_LIBRARIES += controller/cli/libcli.a
CLI_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS) $(SODIUM_CFLAGS) -DSBINDIR='"$(sbindir)"' -DNATAL_LIBEXECDIR='"$(libexecdir)/natal"'
CLI_LIBS = controller/cli/libcli.a $(COMMON_LIBS)
controller_cli_libcli_a_CFLAGS = $(CLI_CFLAGS)
controller_cli_libcli_a_SOURCES = \
	%D%/cli/bake_policy.c %D%/cli/check.c %D%/cli/cli.h %D%/cli/client.c %D%/cli/cmd_backup.c %D%/cli/cmd_image.c %D%/cli/cmd_key.c %D%/cli/cmd_lint.c %D%/cli/cmd_pool.c %D%/cli/cmd_vm.c %D%/cli/cmd_wait.c %D%/cli/daemon.c \
	%D%/cli/help.c %D%/cli/options.c %D%/cli/print.c %D%/cli/state.c %D%/cli/verbs.c %D%/cli/vm.h

bin_PROGRAMS += natalctl
natalctl_CFLAGS = $(CLI_CFLAGS)
natalctl_SOURCES = %D%/cli/main.c
natalctl_LDADD = $(CLI_LIBS)

dist_man_MANS += %D%/cli/natalctl.1 %D%/natald/natald.8
dist_natalunit_DATA += %D%/natald/natald.service
