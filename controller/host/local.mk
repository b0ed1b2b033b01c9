# libhost.a: what runs guests on one machine; linked into natald, spoken to by frames only.
noinst_LIBRARIES += controller/host/libhost.a
HOST_LIBS = controller/host/libhost.a $(GNUTLS_LIBS)
controller_host_libhost_a_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS) $(SODIUM_CFLAGS) $(GNUTLS_CFLAGS)
controller_host_libhost_a_SOURCES = \
	%D%/accel.c %D%/accel.h \
	%D%/backup.c \
	%D%/console.c %D%/console.h \
	%D%/guest.c %D%/guest.h \
	%D%/host.c %D%/host.h %D%/loop.h \
	%D%/none.c \
	%D%/qemu.c %D%/qemu_args.c %D%/qemu_args.h \
	%D%/qmp.c %D%/qmp.h \
	%D%/request.c %D%/request.h \
	%D%/start.c \
	%D%/vtpm.c %D%/vtpm.h \
	%D%/worker.c %D%/worker.h
