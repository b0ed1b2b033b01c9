/* qemu_args.c - see qemu_args.h */
#include "controller/host/qemu_args.h"

#include <fcntl.h>
#include <string.h>
#include "common/base/file.h"

static void arg(struct qemu_args *a, const char *s)
{
	if (a->n < QEMU_ARGS_MAX - 1)
		a->v[a->n++] = s;
}

/* TCG's time-stamp counter is the host's; measured against a timer that runs late on a busy host it comes out wrong. Give its rate. */
static void tcg_clock(struct buf *cmdline)
{
	struct err e;
	scoped_buf struct buf b = BUF_MAX(1 << 20);

	if (file_read(AT_FDCWD, "/proc/cpuinfo", &b, NULL, &e))
		return;
	char *at = b.data ? strstr(b.data, "cpu MHz") : NULL;
	at = at ? strchr(at, ':') : NULL;
	double mhz = at ? strtod(at + 1, NULL) : 0;
	if (mhz < 100)
		return;
	unsigned long khz = (unsigned long)(mhz * 1000);
	buf_printf(cmdline, " tsc_early_khz=%lu tsc=reliable no_timer_check lpj=%lu", khz, khz * 4);
}

static void netdev_text(const struct guest *g, struct buf *b)
{
	buf_str(b, "user,id=n0");
	for (size_t i = 0; i < g->spec.forward_count; i++)
		buf_printf(b, ",hostfwd=tcp:127.0.0.1:%llu-:%llu", (unsigned long long)g->spec.forwards[i].host,
			(unsigned long long)g->spec.forwards[i].guest);
}

/* The medium's drive is always there; that of the agent only where a volume brings one. */
static const struct drive { const char *fd, *file, *raw, *full, *empty; } drives[] = {
	{ "fd=24,set=2", "driver=file,node-name=mediumfile,filename=/dev/fdset/2,read-only=on", "driver=raw,node-name=medium,file=mediumfile,read-only=on",
	  "scsi-cd,id=cd0,bus=scsi0.0,drive=medium", "scsi-cd,id=cd0,bus=scsi0.0" },
	{ "fd=25,set=3", "driver=file,node-name=agentfile,filename=/dev/fdset/3,read-only=on", "driver=raw,node-name=agent,file=agentfile,read-only=on",
	  "scsi-cd,id=cd1,bus=scsi0.0,drive=agent", NULL },
};

static void drive(struct qemu_args *a, const struct drive *d, bool full, bool always)
{
	if (full) {
		arg(a, "-add-fd"); arg(a, d->fd);
		arg(a, "-blockdev"); arg(a, d->file);
		arg(a, "-blockdev"); arg(a, d->raw);
	}
	if (full || always) {
		arg(a, "-device"); arg(a, full ? d->full : d->empty);
	}
}

void qemu_args(struct qemu_args *a, const struct guest *g, const char *accel)
{
	*a = (struct qemu_args){ .cmdline = BUF_MAX(4096), .netdev = BUF_MAX(1024), .nic = BUF_MAX(128), .memory = BUF_MAX(32), .cpus = BUF_MAX(32), .oem = BUF_MAX(START_OEM_MAX + 64) };
	bool kvm = strcmp(accel, "kvm") == 0;
	static const char *const fixed[] = {
		"-M", "q35,smm=off", "-nodefaults", "-no-user-config", "-display", "none",
		"-chardev", "socket,id=console,path=console.sock,server=on,wait=off,logfile=serial.log,logappend=on", "-serial", "chardev:console",
		"-qmp", "unix:qmp.sock,server=on,wait=off",
		"-kernel", "/proc/self/fd/20", "-initrd", "/proc/self/fd/21",
		"-add-fd", "fd=23,set=1",
		"-blockdev", "driver=file,node-name=rootfile,filename=/dev/fdset/1,read-only=on",
		"-blockdev", "driver=raw,node-name=root,file=rootfile,read-only=on",
		"-blockdev", "driver=file,node-name=diskfile,filename=disk.qcow2,cache.no-flush=off,discard=unmap",
		"-blockdev", "driver=qcow2,node-name=disk,file=diskfile,backing=root",
		"-device", "virtio-blk-pci,drive=disk,serial=root",
		"-device", "virtio-scsi-pci,id=scsi0",
		"-device", "virtio-rng-pci",
		"-device", "virtio-serial-pci",
		"-chardev", "socket,id=guest0,path=guest.sock,server=on,wait=off",
		"-device", "virtserialport,chardev=guest0,name=natal.guest.0",
		"-chardev", "socket,id=tpmc,fd=22", "-tpmdev", "emulator,id=tpm0,chardev=tpmc", "-device", "tpm-crb,tpmdev=tpm0",
	};
	buf_str(&a->cmdline, g->spec.image.cmdline);
	if (!kvm)
		tcg_clock(&a->cmdline);
	netdev_text(g, &a->netdev);
	buf_printf(&a->nic, "virtio-net-pci,netdev=n0,romfile=%s%s", *g->spec.mac ? ",mac=" : "", g->spec.mac);
	buf_printf(&a->memory, "%llu", (unsigned long long)g->spec.memory_mb);
	buf_printf(&a->cpus, "%llu", (unsigned long long)g->spec.cpus);
	arg(a, "qemu-system-x86_64");
	arg(a, "-name"); arg(a, g->spec.vm_id);
	arg(a, "-uuid"); arg(a, g->spec.uuid);
	arg(a, "-accel"); arg(a, kvm ? "kvm" : "tcg,thread=multi,tb-size=512");
	arg(a, "-cpu"); arg(a, kvm ? "host,migratable=off" : "max");
	arg(a, "-m"); arg(a, a->memory.data);
	arg(a, "-smp"); arg(a, a->cpus.data);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		arg(a, fixed[i]);
	arg(a, "-append"); arg(a, a->cmdline.data);
	arg(a, "-netdev"); arg(a, a->netdev.data);
	arg(a, "-device"); arg(a, a->nic.data);
	for (size_t i = 0; i < ARRAY_SIZE(drives); i++)
		drive(a, &drives[i], i ? g->media.agent >= 0 && !g->media.initrd : g->media.medium >= 0, i == 0);
	if (g->media.oem) {
		buf_printf(&a->oem, "type=11,value=%s", g->media.oem);
		arg(a, "-smbios"); arg(a, a->oem.data);
	}
	a->v[a->n] = NULL;
}

void qemu_args_fini(struct qemu_args *a)
{
	buf_fini(&a->cmdline);
	buf_fini(&a->netdev);
	buf_fini(&a->nic);
	buf_fini(&a->memory);
	buf_fini(&a->cpus);
	buf_fini(&a->oem);
}
