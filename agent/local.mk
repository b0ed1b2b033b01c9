# libagent.a and natal-agent.
noinst_LIBRARIES += agent/libagent.a
AGENT_LIBS = agent/libagent.a $(COMMON_LIBS)
agent_libagent_a_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS) $(SODIUM_CFLAGS) $(BLKID_CFLAGS) $(UDEV_CFLAGS) $(CURL_CFLAGS)
agent_libagent_a_SOURCES = \
	%D%/accounts.c %D%/accounts.h %D%/block.c %D%/block.h %D%/block_functions.h %D%/again.c %D%/agent.c %D%/agent.h %D%/behind.c %D%/compat.c %D%/compat.h %D%/compat_verb.c %D%/cloud_status.c %D%/cloud_status.h %D%/delegate.c %D%/delegate.h %D%/late.c %D%/told.c %D%/told.h %D%/boot.c %D%/boot.h %D%/curl_functions.h %D%/fetched.c %D%/fetched.h %D%/late_fetch.c %D%/parts.c %D%/parts.h %D%/transfer.c %D%/transfer.h %D%/net_verb.c %D%/networks.c %D%/networks.h \
	%D%/facts.c %D%/facts.h %D%/journal.c %D%/journal.h %D%/links.c %D%/links.h %D%/schema_verb.c %D%/seed.c %D%/seed.h %D%/stage_verbs.c %D%/userdata_verb.c %D%/verb.h %D%/verbs.c %D%/verbs.h \
	%D%/apply/allowance.c %D%/apply/allowance.h %D%/apply/apply.c %D%/apply/apply.h %D%/apply/intent.c %D%/apply/intent.h %D%/apply/put.c %D%/apply/put.h %D%/apply/label.c %D%/apply/label.h %D%/apply/label_functions.h %D%/apply/sys.c %D%/apply/sys.h %D%/apply/tree.c %D%/apply/tree.h \
	%D%/birth/ask.c %D%/birth/birth.h %D%/birth/proof.c %D%/birth/tpm.c %D%/birth/tpm.h %D%/birth/tpm_line.c %D%/birth/tpm_line.h %D%/birth/tpm_reply.c %D%/birth/tpm_reply.h %D%/born.c \
	%D%/config/accounts.c %D%/config/cloud.c %D%/config/config.c %D%/config/config.h %D%/config/doc.c %D%/config/doc.h \
	%D%/config/fetch.c %D%/config/fetch.h %D%/config/files.c %D%/config/network.c %D%/config/passwords.c %D%/config/ssh.c \
	%D%/module/accounts.c %D%/module/ca_certificates.c %D%/module/cloud_init.c %D%/module/disk_setup.c %D%/module/fs_setup.c %D%/module/growpart.c %D%/module/mounts.c %D%/module/hostname.c %D%/module/machine_id.c %D%/module/module.h \
	%D%/module/modules.c %D%/module/network.c %D%/module/password.c %D%/module/password.h %D%/module/crypt_functions.h \
	%D%/module/apt_old.c %D%/module/set_passwords.c %D%/module/random_passwords.c %D%/module/report_key.c %D%/module/scripts.c %D%/module/runcmd.c %D%/module/ssh_host_keys.c %D%/module/sshd.c %D%/module/ssh_publish.c \
	%D%/module/apt.c %D%/module/apt.h %D%/module/apt_sources.c %D%/module/final.c %D%/module/goal.c %D%/module/guest.c %D%/module/guest.h \
	%D%/module/keyboard.c %D%/module/locale.c %D%/module/made.c %D%/module/made.h %D%/module/home.c %D%/module/home.h %D%/module/newuser.c %D%/module/newuser.h %D%/module/ntp.c %D%/module/other_repos.c %D%/module/packages.c %D%/module/resolv_conf.c %D%/module/rsyslog.c \
	%D%/module/seed_random.c %D%/module/yum_repos.c \
	%D%/module/timezone.c %D%/module/tls_identity.c %D%/module/users.c %D%/module/write_files.c %D%/module/written.c %D%/module/written.h \
	%D%/guestd/backoff.c %D%/guestd/backoff.h %D%/guestd/follow.c %D%/guestd/follow.h %D%/guestd/https.c %D%/guestd/https.h %D%/guestd/guestd.c %D%/guestd/guestd.h %D%/guestd/outbox.c %D%/guestd/outbox.h %D%/guestd/mounts.c %D%/guestd/mounts.h %D%/guestd/opener.c %D%/guestd/opener.h %D%/guestd/starter.c %D%/guestd/starter.h \
	%D%/pinning/drift.c %D%/pinning/drift.h %D%/pinning/pins.c %D%/pinning/pins.h %D%/pinning/present.h %D%/pinning/ssh.c \
	%D%/pinning/tls.c %D%/pinning/wire.c %D%/pinning/wire.h \
	%D%/plan/again.c %D%/plan/build.h %D%/plan/checked.c %D%/plan/claims.c %D%/plan/folders.c %D%/plan/plan.c %D%/plan/plan.h %D%/plan/show.c \
	%D%/report/channel.c %D%/report/channel.h %D%/report/report.c %D%/report/report.h %D%/report/spool.c %D%/report/spooled.c %D%/report/spooled.h \
	%D%/source/find.c %D%/source/find_functions.h %D%/source/medium.c %D%/source/source.h %D%/source/uuid.c %D%/source/configdrive.c %D%/source/credentials.c %D%/source/nocloud.c \
	%D%/source/offer.h %D%/source/sources.c %D%/source/volume.c %D%/waive.c %D%/waiver.c %D%/offered.c %D%/status_verb.c %D%/clean_verb.c %D%/collect_verb.c %D%/instance.c %D%/instance.h %D%/machine.c %D%/config/machine.h %D%/config/default_user.c %D%/config/instance_data.c %D%/query_verb.c %D%/analyze_verb.c %D%/timeline.c %D%/timeline.h %D%/timings.c %D%/timings.h %D%/config/meta.c

sbin_PROGRAMS += natal-agent natal-guestd
natal_guestd_SOURCES = %D%/guestd/main.c %D%/guestd/calls.c %D%/guestd/calls.h %D%/guestd/confine.c %D%/guestd/confine.h
natal_guestd_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
natal_guestd_LDADD = $(AGENT_LIBS) $(SECCOMP_LIBS)
natal_agent_SOURCES = %D%/main.c
natal_agent_LDADD = $(AGENT_LIBS)

# Behind the other folders of the PATH that user's commands have.
natallibdir = $(prefix)/lib/natal
dist_natallib_SCRIPTS = %D%/cloud-init-per
natalunitdir = $(SYSTEMD_UNIT_DIR)
dist_natalunit_DATA = %D%/units/natal-early.service %D%/units/natal-late.service %D%/units/natal-birth.service %D%/units/natal-behind.service %D%/units/natal-delegate.service %D%/units/natal-guestd.service
natalsshdir = $(SYSTEMD_UNIT_DIR)/ssh.service.d
dist_natalssh_DATA = %D%/units/ssh.service.d/10-natal.conf
# The same where sshd's unit has its other name.
natalsshddir = $(SYSTEMD_UNIT_DIR)/sshd.service.d
natalsshd_DATA = %D%/units/ssh.service.d/10-natal.conf
# One condition for each of cloud-init's units, by their names up to 24.2 and since.
EXTRA_DIST += %D%/units/cloud-init.d/10-natal.conf
CLOUD_INIT_UNITS = cloud-init-local.service cloud-init-main.service cloud-init-network.service cloud-init.service cloud-config.service cloud-final.service \
	cloud-init-hotplugd.socket
install-data-local:
	for u in $(CLOUD_INIT_UNITS); do $(MKDIR_P) "$(DESTDIR)$(SYSTEMD_UNIT_DIR)/$$u.d" && \
	  $(INSTALL_DATA) '$(srcdir)/agent/units/cloud-init.d/10-natal.conf' "$(DESTDIR)$(SYSTEMD_UNIT_DIR)/$$u.d/10-natal.conf" || exit 1; done
uninstall-local:
	for u in $(CLOUD_INIT_UNITS); do rm -f "$(DESTDIR)$(SYSTEMD_UNIT_DIR)/$$u.d/10-natal.conf"; rmdir "$(DESTDIR)$(SYSTEMD_UNIT_DIR)/$$u.d" 2> /dev/null || :; done
dist_man_MANS += %D%/natal-agent.8 %D%/guestd/natal-guestd.8 %D%/cloud-config.5 %D%/network-config.5
