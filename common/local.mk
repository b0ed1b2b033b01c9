# libcommon.a: what agent, controller and clients share. Link with $(COMMON_LIBS).
noinst_LIBRARIES += common/libcommon.a
COMMON_LIBS = common/libcommon.a $(SODIUM_LIBS) $(JSON_LIBS)
common_libcommon_a_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS) $(SODIUM_CFLAGS) $(YAML_CFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
common_libcommon_a_SOURCES = \
	%D%/base/arena.c %D%/base/arena.h \
	%D%/base/textindex.c %D%/base/textindex.h \
	%D%/base/buf.c %D%/base/buf.h \
	%D%/base/clock.h %D%/base/cursor.h %D%/base/scope.h \
	%D%/base/err.c %D%/base/err.h \
	%D%/base/file.c %D%/base/file.h \
	%D%/base/notify.c %D%/base/notify.h %D%/base/late.c %D%/base/late.h %D%/base/tar.c %D%/base/tar.h \
	%D%/base/proc.c %D%/base/proc.h \
	%D%/base/secret.c %D%/base/secret.h \
	%D%/base/text.c %D%/base/text.h \
	%D%/data/json.c %D%/data/json.h %D%/data/url.c %D%/data/url.h \
	%D%/data/node.c %D%/data/node.h %D%/data/node_json.c %D%/data/notes.c %D%/data/notes.h \
	%D%/data/scalar.c %D%/data/scalar.h %D%/data/yaml.c %D%/data/yaml.h %D%/data/yaml_functions.h \
	%D%/network/address.c %D%/network/build.h %D%/network/check.c %D%/network/effects.c %D%/network/ini.c %D%/network/links.c \
	%D%/network/netconf.c %D%/network/netconf.h %D%/network/openstack.c %D%/network/out.h %D%/network/render.c \
	%D%/network/render.h %D%/network/render_eni.c %D%/network/render_netplan.c %D%/network/render_network_manager.c \
	%D%/network/render_networkd.c %D%/network/render_sysconfig.c %D%/network/state.c %D%/network/subnet.c \
	%D%/network/sysconfig.h %D%/network/sysconfig_files.c %D%/network/uuid.c %D%/network/v1.c \
	%D%/network/v2.c %D%/network/v2.h %D%/network/v2_addresses.c \
	%D%/network/value.c %D%/network/yaml_write.c \
	%D%/userdata/gather.h %D%/userdata/merge.c %D%/userdata/merge.h %D%/userdata/mime.c %D%/userdata/mime.h %D%/userdata/mime_header.c \
	%D%/userdata/parts.c %D%/userdata/parts.h %D%/userdata/patch.c %D%/userdata/show.c %D%/userdata/template.c %D%/userdata/template.h \
	%D%/userdata/template_basic.c %D%/userdata/template_block.c %D%/userdata/template_expr.c %D%/userdata/template_filter.c \
	%D%/userdata/template_impl.h %D%/userdata/template_lex.c %D%/userdata/template_method.c %D%/userdata/template_primary.c %D%/userdata/template_run.c \
	%D%/userdata/template_value.c %D%/userdata/types.c %D%/userdata/unpack.c %D%/userdata/unpack.h %D%/userdata/unpack_functions.h \
	%D%/userdata/hostkey.c %D%/userdata/hostkey.h %D%/userdata/items.c %D%/userdata/items.h %D%/userdata/lines.c %D%/userdata/lines.h %D%/userdata/meaning.c %D%/userdata/meaning.h \
	%D%/userdata/meaning_impl.h %D%/userdata/meaning_items.c %D%/userdata/services.c %D%/userdata/services.h %D%/userdata/storage.c %D%/userdata/storage.h %D%/userdata/userdata.c \
	%D%/userdata/sshline.c %D%/userdata/sshline.h %D%/userdata/userdata.h %D%/userdata/users.c %D%/userdata/users.h %D%/userdata/words.c %D%/userdata/words.h \
	%D%/lint/lint.c %D%/lint/lint.h \
	%D%/schema/check.c %D%/schema/forms.c %D%/schema/forms.h %D%/schema/keys.h %D%/schema/keys_accounts.c %D%/schema/keys_base.c \
	%D%/schema/keys_disks.c %D%/schema/keys_packages.c %D%/schema/keys_system.c %D%/schema/keys_tools.c %D%/schema/nearest.c \
	%D%/schema/schema.h %D%/schema/support.c %D%/schema/tables.c %D%/schema/walk.h \
	%D%/crypto/hash.c %D%/crypto/hash.h %D%/crypto/sha256.c \
	%D%/crypto/p256_functions.h %D%/crypto/pubkey.c %D%/crypto/pubkey.h \
	%D%/crypto/sshkey.c %D%/crypto/sshkey.h \
	%D%/media/goal.c %D%/media/goal.h %D%/media/bundle.c %D%/media/bundle.h \
	%D%/media/envelope.c %D%/media/envelope.h \
	%D%/media/birthplace.c %D%/media/birthplace.h \
	%D%/media/fat.c %D%/media/fat.h \
	%D%/media/field.c %D%/media/field.h \
	%D%/media/iso.c %D%/media/iso.h \
	%D%/media/manifest.c %D%/media/manifest.h \
	%D%/media/fetch.c %D%/media/fetch.h %D%/media/policy.c \
	%D%/media/result.c %D%/media/result.h \
	%D%/media/statements.c %D%/media/statements.h \
	%D%/media/trust.c %D%/media/trust_load.c %D%/media/trust.h \
	%D%/http/client.c %D%/http/client.h %D%/http/dial.c %D%/http/dial.h %D%/http/enrol.c %D%/http/enrol.h %D%/http/problem.c %D%/http/problem.h %D%/http/where.c %D%/http/where.h %D%/http/reply.c %D%/http/reply.h %D%/http/request_key.c %D%/http/request_key.h %D%/http/token.c %D%/http/token.h \
	%D%/http/stream.h %D%/http/stream_tls.c %D%/http/stream_unix.c %D%/http/tls_functions.h %D%/http/tls_late.c %D%/http/tls_late.h \
	%D%/verify/pin.c %D%/verify/pin.h \
	%D%/wire/ack.c %D%/wire/ack.h %D%/wire/audit.c %D%/wire/audit.h \
	%D%/wire/birthask.c %D%/wire/birthask.h \
	%D%/wire/frame.c %D%/wire/frame.h \
	%D%/wire/goalframe.c %D%/wire/goalframe.h \
	%D%/wire/hostframe.c %D%/wire/hostframe.h \
	%D%/wire/status.c %D%/wire/status.h
EXTRA_DIST += %D%/media/FORMAT.md %D%/verify/PIN.md

# natal-verify: for clients.
bin_PROGRAMS += natal-verify
natal_verify_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS) $(SODIUM_CFLAGS)
natal_verify_SOURCES = %D%/verify/verify_main.c %D%/verify/verify_cmd.c %D%/verify/record.c %D%/verify/command.h \
	%D%/verify/tls.c %D%/verify/tls.h %D%/crypto/mbedtls_compat.h
natal_verify_LDADD = common/libcommon.a $(MBEDTLS_LIBS) $(SODIUM_LIBS) $(JSON_LIBS)
dist_man_MANS += %D%/verify/natal-verify.1
