# natal-hostd: libhost.a on a machine of its own.
sbin_PROGRAMS += natal-hostd
natal_hostd_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS) $(SODIUM_CFLAGS) -pthread
natal_hostd_SOURCES = \
	%D%/asks.c %D%/asks.h \
	%D%/host_side.c \
	%D%/hostd.c %D%/hostd.h \
	%D%/identity.c %D%/identity.h \
	%D%/main.c
natal_hostd_LDADD = $(HOST_LIBS) $(COMMON_LIBS) -lpthread
dist_man_MANS += %D%/natal-hostd.8
dist_natalunit_DATA += %D%/natal-hostd.service
