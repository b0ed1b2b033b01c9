# Packages and the bake.
pkglibexecdir = $(libexecdir)/natal
dist_pkglibexec_SCRIPTS = packaging/bake/natal-bake
EXTRA_DIST += packaging/deb/natal-deb packaging/deb/natal-agent.files packaging/deb/cloud-init.1 packaging/deps/ensure packaging/deps/build.txt packaging/deps/run.txt \
	packaging/deps/test.txt packaging/demo/overlay/etc/nginx/sites-enabled/default \
	packaging/demo/overlay/etc/systemd/system/nginx.service.d/10-natal.conf quickstart runtests README.md CONTRIBUTING.md SECURITY.md COPYING

# Not installed: see the file.
noinst_PROGRAMS += packaging/deb/late packaging/deb/recommended packaging/deb/guestd
packaging_deb_guestd_SOURCES = packaging/deb/guestd.c
packaging_deb_guestd_LDADD = $(MBEDTLS_LIBS)
packaging_deb_recommended_SOURCES = packaging/deb/recommended.c
packaging_deb_recommended_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
packaging_deb_recommended_LDADD = $(CURL_LIBS) $(MBEDTLS_LIBS)
packaging_deb_late_SOURCES = packaging/deb/late.c
packaging_deb_late_CFLAGS = $(AM_CFLAGS) $(BLKID_CFLAGS) $(UDEV_CFLAGS) $(YAML_CFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
packaging_deb_late_LDADD = $(BLKID_LIBS) $(UDEV_LIBS) $(MBEDCRYPTO_LIBS) $(YAML_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS) -lcrypt -lselinux

.PHONY: deb
deb: all
	$(srcdir)/packaging/deb/natal-deb '$(abs_builddir)' '$(abs_builddir)/deb' '$(PACKAGE_VERSION)'

# The agent as a host brings it to images that have none (common/media/FORMAT.md): linked to a loader of its own beside it.
agentdir = $(datadir)/natal/agent
dist_agent_DATA = packaging/payload/start packaging/payload/natal-carry.service packaging/payload/hook packaging/payload/conf
nodist_agent_DATA = packaging/payload/agent.tar
EXTRA_DIST += packaging/payload/natal-payload
noinst_PROGRAMS += packaging/payload/natal-agent
packaging_payload_natal_agent_SOURCES = agent/main.c
packaging_payload_natal_agent_LDADD = $(AGENT_LIBS)
packaging_payload_natal_agent_LDFLAGS = $(AM_LDFLAGS) -Wl,--dynamic-linker=/usr/lib/natal/ld.so -Wl,-rpath,/usr/lib/natal -Wl,--disable-new-dtags
PAYLOAD_DEPS = natal-agent packaging/payload/natal-agent packaging/deb/late packaging/payload/natal-payload packaging/deb/natal-agent.files agent/cloud-init-per $(dist_natalunit_DATA) \
	agent/units/ssh.service.d/10-natal.conf agent/units/cloud-init.d/10-natal.conf
packaging/payload/agent.tar: $(PAYLOAD_DEPS)
	$(AM_V_GEN)$(srcdir)/packaging/payload/natal-payload '$(abs_builddir)' '$(abs_builddir)/packaging/payload/agent.tar'
CLEANFILES += packaging/payload/agent.tar
.PHONY: agent-payload
agent-payload: packaging/payload/agent.tar
