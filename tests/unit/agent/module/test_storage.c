/* Disks, filesystems, mounts, swap: what is there is looked at, and stays unless it was said to go. Image files stand for devices. */
#include "tests/unit/agent/planned.h"
#include <unistd.h>
#include "common/base/text.h"

#define MIB (1 << 20)

/* A device of zeros. */
static void disk(const char *path, off_t size)
{
	char full[256];

	root_put(&root, path, "");
	snprintf(full, sizeof full, "%s%s", root.path, path);
	assert_int_equal(truncate(full, size), 0);
}

/* A program of this machine on the device; the test is skipped where it is not there. */
static void make(const char *const *argv, const char *input)
{
	int status = 1;

	if (access(argv[0], X_OK) != 0)
		skip();
	scoped_buf struct buf out = BUF_MAX(1 << 20);
	assert_ok(proc_run(&(struct proc){ .argv = argv, .root = -1, .timeout_ms = 20000, .out = &out, .input = input,
		.input_size = input ? strlen(input) : 0 }, &status, &e), e);
	assert_int_equal(status, 0);
}

static void ext4(const char *path, const char *label)
{
	char full[256];

	disk(path, 4 * MIB);
	snprintf(full, sizeof full, "%s%s", root.path, path);
	make((const char *const[]){ "/usr/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-L", label, full, NULL }, NULL);
}

static void table(const char *path)
{
	char full[256];

	disk(path, 16 * MIB);
	snprintf(full, sizeof full, "%s%s", root.path, path);
	make((const char *const[]){ "/usr/sbin/sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", full, NULL }, "label: gpt\nsize=4MiB\n");
}

/* The standard input of the item's first command. */
static const char *input(const char *key)
{
	for (size_t i = 0; i < plan->action_count; i++)
		if (plan->actions[i].kind == ACTION_EXEC && strcmp(plan->items[plan->actions[i].item].key, key) == 0)
			return plan->actions[i].input ? plan->actions[i].input : "";
	return "";
}

#define SFDISK "/usr/sbin/sfdisk --quiet --wipe=always --wipe-partitions=always /dev/vdb"
static void a_blank_disk_is_divided(void **state)
{
	disk("/dev/vdb", 100 * MIB);
	planned("disk_setup: {/dev/vdb: {table_type: gpt, layout: [33, [33, 82], 33]}}\n");
	assert_string_equal(command("disk_setup/dev/vdb", 0), SFDISK);
	assert_string_equal(input("disk_setup/dev/vdb"), "label: gpt\nsize=33MiB, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4\n"
		"size=33MiB, type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F\nsize=+, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4\n");
	assert_string_equal(command("disk_setup/dev/vdb", 1), "/usr/bin/udevadm settle --timeout=20");
}

static void one_partition_in_the_older_table(void **state)
{
	disk("/dev/vdb", 100 * MIB);
	planned("device_aliases: {data: /dev/vdb}\ndisk_setup: {data: {table_type: mbr, layout: true}}\n");
	assert_string_equal(input("disk_setup/data"), "label: dos\nsize=+, type=83\n");
}

static void what_is_on_a_disk_stays(void **state)
{
	ext4("/dev/vdb", "mine");
	table("/dev/vdc");
	planned("disk_setup: {/dev/vdb: {table_type: gpt, layout: true}, /dev/vdc: {table_type: gpt, layout: true, overwrite: false}}\n");
	assert_string_equal(command("disk_setup/dev/vdb", 0), "");
	assert_string_equal(command("disk_setup/dev/vdc", 0), "");
}

#define OVERWRITE "disk_setup: {/dev/vdb: {table_type: gpt, layout: [50, 50], overwrite: true}}\n"
static void what_may_go_goes_once(void **state)
{
	ext4("/dev/vdb", "old");
	planned(OVERWRITE);
	assert_string_equal(command("disk_setup/dev/vdb", 0), SFDISK);
	planned_again(OVERWRITE, "i-1");
	assert_string_equal(command("disk_setup/dev/vdb", 0), "");
	planned_again(OVERWRITE, "i-2");        /* it holds the guest's own data since */
	assert_string_equal(command("disk_setup/dev/vdb", 0), "");
	planned_again("disk_setup: {/dev/vdb: {table_type: gpt, layout: [60, 40], overwrite: true}}\n", "i-2");
	assert_string_equal(command("disk_setup/dev/vdb", 0), SFDISK);
}

static void a_new_disk_is_divided_all_the_same(void **state)
{
	ext4("/dev/vdb", "old");
	planned(OVERWRITE);
	disk("/dev/vdb", 32 * MIB);
	planned_again(OVERWRITE, "i-2");
	assert_string_equal(command("disk_setup/dev/vdb", 0), SFDISK);
}

/* It has partitions by then, and what is on them. */
static void a_disk_that_has_grown_is_not_made_anew(void **state)
{
	char full[256];

	ext4("/dev/vdb", "old");
	planned(OVERWRITE);
	snprintf(full, sizeof full, "%s/dev/vdb", root.path);
	assert_int_equal(truncate(full, 64 * MIB), 0);
	planned_again(OVERWRITE, "i-1");
	assert_string_equal(command("disk_setup/dev/vdb", 0), "");
}

static void wrong_wishes_of_disks(void **state)
{
	static const struct { const char *yaml, *msg; } rows[] = {
		{ "disk_setup: {/dev/vdx: {layout: true}}\n", "disk_setup: there is no disk /dev/vdx" },
		{ "disk_setup: {ephemeral0: {layout: true}}\n", "disk_setup: 'ephemeral0' is no disk that this guest knows" },
		{ "disk_setup: {/dev/vdb: {layout: [101]}}\n", "a partition's share is a number of percent, 1 to 100" },
		{ "disk_setup: {/dev/vdb: {layout: [0]}}\n", "a partition's share is a number of percent, 1 to 100" },
		{ "disk_setup: {/dev/vdb: {layout: [[50, \"83, size=1\"]]}}\n", "is no type of a partition" },
		{ "disk_setup: {/dev/vdb: {layout: remove}}\n", "disk_setup: a table is not removed" },
	};

	disk("/dev/vdb", 100 * MIB);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		planned(rows[i].yaml);
		for (size_t k = 0; k < plan->item_count; k++)
			if (text_starts(plan->items[k].key, "disk_setup") && !strstr(problem(plan->items[k].key), rows[i].msg))
				fail_msg("%s: %s", rows[i].yaml, problem(plan->items[k].key));
		assert_int_equal(plan->item_count, 2);
		plan_free(plan);
		config_free(config);
		plan = NULL;
		config = NULL;
		seed_init(&seed);
	}
}

static void a_filesystem_on_a_blank_device(void **state)
{
	has_program("/usr/sbin/mkfs.ext4");
	has_program("/usr/sbin/mkfs.xfs");
	disk("/dev/vdb", 4 * MIB);
	planned("fs_setup:\n- {device: /dev/vdb, filesystem: ext4, label: data, extra_opts: [-m, '0']}\n"
		"- {device: nvme0n1.2, filesystem: xfs}\n- {device: vdc, partition: 3, filesystem: ext4}\n");
	assert_string_equal(command("fs_setup/dev/vdb", 0), "/usr/sbin/mkfs.ext4 -L data -F -m 0 /dev/vdb");
	assert_string_equal(command("fs_setup/dev/nvme0n1p2", 0), "/usr/sbin/mkfs.xfs -f /dev/nvme0n1p2");
	assert_string_equal(command("fs_setup/dev/vdc3", 0), "/usr/sbin/mkfs.ext4 -F /dev/vdc3");
}

#define FS(more) "fs_setup: [{device: /dev/vdb, filesystem: ext4, label: data" more "}]\n"
static void a_filesystem_that_is_there_stays(void **state)
{
	has_program("/usr/sbin/mkfs.ext4");
	ext4("/dev/vdb", "data");
	planned(FS(""));
	assert_string_equal(command("fs_setup/dev/vdb", 0), "");
	assert_string_equal(problem("fs_setup/dev/vdb"), "none");
}

static void another_is_not_replaced(void **state)
{
	has_program("/usr/sbin/mkfs.ext4");
	ext4("/dev/vdb", "theirs");
	planned(FS(""));
	assert_non_null(strstr(problem("fs_setup/dev/vdb"), "/dev/vdb holds ext4 already, and neither overwrite nor replace_fs lets it go"));
}

static void another_than_the_one_that_may_go_stays(void **state)
{
	has_program("/usr/sbin/mkfs.ext4");
	ext4("/dev/vdb", "theirs");
	planned(FS(", replace_fs: ntfs"));
	assert_non_null(strstr(problem("fs_setup/dev/vdb"), "/dev/vdb holds ext4 already"));
}

static void nor_is_a_table(void **state)
{
	has_program("/usr/sbin/mkfs.ext4");
	table("/dev/vdb");
	planned(FS(""));
	assert_non_null(strstr(problem("fs_setup/dev/vdb"), "/dev/vdb holds a partition table already"));
}

static void unless_it_may_go(void **state)
{
	has_program("/usr/sbin/mkfs.ext4");
	ext4("/dev/vdb", "theirs");
	planned(FS(", replace_fs: ext4"));
	assert_string_equal(command("fs_setup/dev/vdb", 0), "/usr/sbin/mkfs.ext4 -L data -F /dev/vdb");
	planned_again(FS(", overwrite: true"), "i-2");
	assert_string_equal(command("fs_setup/dev/vdb", 0), "/usr/sbin/mkfs.ext4 -L data -F /dev/vdb");
	planned_again(FS(", overwrite: true"), "i-2");
}

/* An entry put before it moves it in the list; it is the same device's all the same. */
static void once_an_instance_wherever_it_stands(void **state)
{
	has_program("/usr/sbin/mkfs.ext4");
	ext4("/dev/vdb", "data");
	planned(FS(", overwrite: true"));
	assert_string_not_equal(command("fs_setup/dev/vdb", 0), "");
	planned_again(FS(", overwrite: true"), "i-2");
	assert_string_equal(command("fs_setup/dev/vdb", 0), "");        /* another instance-id is no other wish */
	planned_again("fs_setup: [{device: /dev/vdc, filesystem: ext4}, {device: /dev/vdb, filesystem: ext4, label: data, overwrite: true}]\n", "i-2");
	assert_string_not_equal(command("fs_setup/dev/vdc", 0), "");
	assert_string_equal(command("fs_setup/dev/vdb", 0), "");
}

static void one_filesystem_a_device(void **state)
{
	has_program("/usr/sbin/mkfs.ext4");
	planned("fs_setup: [{device: vdb, filesystem: ext4}, {device: /dev/vdb, filesystem: ext4, overwrite: true}]\n");
	for (size_t i = 0; i < plan->item_count; i++)
		if (plan->items[i].problem)
			assert_string_equal(plan->items[i].problem->msg, "fs_setup: /dev/vdb stands twice");
	assert_string_equal(command("fs_setup/dev/vdb", 1), "");
}

/* The disk that disk_setup divides in the same run, and one that has been divided. */
static void auto_is_a_partition(void **state)
{
	has_program("/usr/sbin/mkfs.ext4");
	disk("/dev/vdb", 100 * MIB);
	table("/dev/vdc");
	disk("/dev/vdc1", 4 * MIB);
	ext4("/dev/vdc2", "data");
	disk("/dev/vdd", 4 * MIB);
	planned("disk_setup: {/dev/vdb: {layout: true}}\nfs_setup:\n- {device: /dev/vdb, partition: auto, filesystem: ext4, label: data}\n"
		"- {device: /dev/vdc, partition: any, filesystem: ext4, label: data}\n- {device: /dev/vdd, partition: auto, filesystem: ext4}\n");
	assert_string_equal(command("fs_setup/dev/vdb1", 0), "/usr/sbin/mkfs.ext4 -L data -F /dev/vdb1");
	assert_string_equal(command("fs_setup/dev/vdc2", 0), "");
	assert_string_equal(problem("fs_setup/dev/vdc2"), "none");
	assert_string_equal(command("fs_setup/dev/vdd", 0), "/usr/sbin/mkfs.ext4 -F /dev/vdd");
}

static void wrong_wishes_of_filesystems(void **state)
{
	planned("fs_setup:\n- {device: ephemeral0, filesystem: ext4}\n- {device: vdb, filesystem: 'ext4 -x'}\n- {device: vdc, filesystem: ext4}\n");
	assert_string_equal(problem("fs_setup/0"), "fs_setup: 'ephemeral0' is no device that this guest knows");
	assert_string_equal(problem("fs_setup/dev/vdb"), "fs_setup: device and filesystem are wanted");
	assert_string_equal(problem("fs_setup/dev/vdc"), "fs_setup: this guest has no mkfs.ext4");
}

#define DEFAULTS "defaults,nofail,x-systemd.after=natal-early.service,_netdev"
#define OURS ",comment=cloudconfig"
static void lines_of_fstab(void **state)
{
	root_put(&root, "/etc/fstab", "/dev/vda1 / ext4 defaults 0 1\n/dev/vdz\t/old\tauto\tdefaults" OURS "\t0\t2\n");
	planned("mounts:\n- [vdb, /data]\n- [/dev/vdc1, /more, ext4, noatime, '0', '0']\n- [vdd, none, swap]\n- [ephemeral0, /mnt]\n- [vda1, /again]\n"
		"- [UUID=1-2]\n- [tmpfs, /scratch, tmpfs, size=8m, '0', '0']\n");
	assert_written("/etc/fstab", "/dev/vda1 / ext4 defaults 0 1\n/dev/vdb\t/data\tauto\t" DEFAULTS OURS "\t0\t2\n"
		"/dev/vdc1\t/more\text4\tnoatime" OURS "\t0\t0\n/dev/vdd\tnone\tswap\t" DEFAULTS OURS "\t0\t2\n"
		"tmpfs\t/scratch\ttmpfs\tsize=8m" OURS "\t0\t0\n");
	assert_int_equal(plan->notes.kept, 1);
	assert_string_equal(plan->notes.at[0].err.msg, "mounts: 'ephemeral0' is a name of some cloud's, and no device here");
	assert_string_equal(command("mounts", 0), "");          /* not the running system's */
}

static void a_whole_disk_is_its_first_partition(void **state)
{
	static const char *const there[] = { "/dev/vdb", "/dev/vdb1", "/sys/block/vdb/vdb1/size", "/dev/vdc", "/dev/vdc1", "/dev/vda1", "/dev/vda11", "/sys/block/vda/vda11/size",
		"/dev/nvme0n1", "/dev/nvme0n1p1", "/sys/block/nvme0n1/nvme0n1p1/size", "/dev/disk/by-id/x-part1", "/sys/block/vdb/vdb2/size" };

	for (size_t i = 0; i < ARRAY_SIZE(there); i++)
		root_put(&root, there[i], "");
	assert_int_equal(symlinkat("../../vdb", root.fd, "dev/disk/by-id/x"), 0);
	assert_int_equal(unlinkat(root.fd, "dev/disk/by-id/x-part1", 0), 0);
	assert_int_equal(symlinkat("../../vdb1", root.fd, "dev/disk/by-id/x-part1"), 0);
	planned("mounts: [[vdb, /b], [vdc, /c], [vda1, /a], [nvme0n1, /n], [/dev/disk/by-id/x, /x], [/dev/vdb.2, /two]]\nmount_default_fields: [null, null, auto, ro, '0', '0']\n");
	assert_written("/etc/fstab", "/dev/vdb1\t/b\tauto\tro" OURS "\t0\t0\n/dev/vdc\t/c\tauto\tro" OURS "\t0\t0\n/dev/vda1\t/a\tauto\tro" OURS "\t0\t0\n"
		"/dev/nvme0n1p1\t/n\tauto\tro" OURS "\t0\t0\n/dev/disk/by-id/x-part1\t/x\tauto\tro" OURS "\t0\t0\n/dev/vdb2\t/two\tauto\tro" OURS "\t0\t0\n");
}

static void fields_that_are_not_given(void **state)
{
	planned("mounts: [[vdb, /data, xfs, ro], [vdc, /more]]\nmount_default_fields: [null, null, ext4, 'rw,nofail', '0', '0']\n");
	assert_written("/etc/fstab", "/dev/vdb\t/data\txfs\tro" OURS "\t0\t0\n/dev/vdc\t/more\text4\trw,nofail" OURS "\t0\t0\n");
}

static void mounted_where_the_system_runs(void **state)
{
	live = true;
	planned("mounts: [[vdb, none, swap]]\n");
	assert_string_equal(command("mounts", 0), "/usr/bin/systemctl daemon-reload");
	assert_string_equal(command("mounts", 1), "/usr/sbin/swapon -a");
	assert_string_equal(command("mounts", 2), "");          /* nothing to mount */
	root_put(&root, "/etc/fstab", "/dev/vdb\tnone\tswap\t" DEFAULTS OURS "\t0\t2\n");
	planned_again("mounts: [[vdb, none, swap]]\n", "i-1");
	assert_string_equal(command("mounts", 0), "");
}

/* Before the network what wants it would only time out, and so would the image's own lines of that kind. */
static void what_wants_the_network_is_mounted_late(void **state)
{
	live = true;
	root_put(&root, "/etc/fstab", "other:/x /image nfs defaults 0 0\n");
	planned("mounts:\n- [vdb, /data]\n- ['server:/export', /nfs, nfs, ro]\n- [//server/share, /smb]\n- [vdc, /iscsi, ext4, '_netdev']\n- ['UUID=a:b', /u, ext4, ro]\n");
	assert_written("/etc/natal/fstab-local", "/dev/vdb\t/data\tauto\t" DEFAULTS OURS "\t0\t2\nUUID=a:b\t/u\text4\tro" OURS "\t0\t2\n");
	assert_string_equal(command("mounts", 0), "/usr/bin/systemctl daemon-reload");
	assert_string_equal(command("mounts", 1), "/usr/bin/mount -a -T /etc/natal/fstab-local");
	assert_string_equal(command("mounts/network", 0), "/usr/bin/mount -a");
	assert_int_equal(item("mounts/network")->stage, STAGE_LATE);
	planned_again("mounts: [[vdb, /data]]\n", "i-1");
	assert_string_equal(command("mounts/network", 0), "");
	planned_again("mounts: [['server:/export', /nfs, nfs, ro]]\n", "i-1");
	assert_string_equal(command("mounts", 1), "");
	assert_string_equal(command("mounts/network", 0), "/usr/bin/mount -a");
}

static void lines_of_older_user_data_go(void **state)
{
	root_put(&root, "/etc/fstab", "/dev/vda1 / ext4 defaults 0 1\n/dev/vdz\t/old\tauto\tdefaults" OURS "\t0\t2\n");
	planned("hostname: x\n");
	assert_written("/etc/fstab", "/dev/vda1 / ext4 defaults 0 1\n");
	root_put(&root, "/etc/fstab", "/dev/vda1 / ext4 defaults 0 1\n");
	planned_again("hostname: x\n", "i-1");
	assert_null(find_write("/etc/fstab"));
}

static void no_line_in_a_field(void **state)
{
	planned("mounts: [[vdb, \"/a\\n/dev/vdc /etc ext4\"]]\n");
	assert_non_null(strstr(problem("mounts"), "a field of fstab is one word"));
	planned_again("mounts: [[vdb, data]]\n", "i-1");
	assert_non_null(strstr(problem("mounts"), "'data' is no absolute path"));
	planned_again("mounts: [[vdb, /a/../../etc]]\n", "i-1");
	assert_non_null(strstr(problem("mounts"), "is no absolute path"));
}

#define SWAP "/swap.img\tnone\tswap\tsw" OURS "\t0\t0\n"
static void a_swap_file(void **state)
{
	planned("swap: {size: 2M}\n");
	assert_written("/etc/fstab", SWAP);
	assert_string_equal(command("mounts", 0), "/usr/bin/fallocate -l 2097152 /swap.img");
	assert_string_equal(command("mounts", 1), "/usr/bin/chmod 0600 /swap.img");
	assert_string_equal(command("mounts", 2), "/usr/sbin/mkswap /swap.img");
}

static void sizes_of_a_swap_file(void **state)
{
	static const char *const sizes[][2] = { { "10485760B", "10485760" }, { "1.5M", "1572864" }, { ".5G", "536870912" }, { "0.1K", "102" } };
	char yaml[64];

	planned("swap: {size: 1M}\n");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		snprintf(yaml, sizeof yaml, "swap: {size: '%s'}\n", sizes[i][0]);
		planned_again(yaml, "i-2");
		assert_string_equal(strstr(command("mounts", 0), "-l ") + 3, arena_printf(&plan->arena, "%s /swap.img", sizes[i][1]));
	}
	planned_again("swap: {size: 1025T}\n", "i-2");
	assert_string_equal(problem("mounts"), "swap: '1025T' is too large");
}

static void a_swap_file_where_files_are_labelled(void **state)
{
	live = true;
	root_put(&root, "/sys/fs/selinux/enforce", "1");
	planned("swap: {filename: /s, size: 2M}\n");
	assert_string_equal(command("mounts", 1), "/usr/bin/chcon -t swapfile_t /s");
	assert_string_equal(command("mounts", 3), "/usr/sbin/mkswap /s");
}

static void a_swap_file_has_a_limit(void **state)
{
	root_put(&root, "/proc/meminfo", "MemTotal:        2097152 kB\n");
	planned("swap: {filename: /s, size: auto, maxsize: 1G}\n");
	assert_string_equal(command("mounts", 0), "/usr/bin/fallocate -l 1073741824 /s");
	planned_again("swap: {filename: /s, size: auto}\n", "i-1");
	assert_string_equal(command("mounts", 0), "/usr/bin/fallocate -l 2147483648 /s");
	planned_again("swap: {size: 2000T}\n", "i-1");
	assert_non_null(strstr(problem("mounts"), "is too large"));
}

static void a_file_that_is_there_is_not_made_into_swap(void **state)
{
	root_put(&root, "/swap.img", "somebody's");
	planned("swap: {size: 2M}\n");
	assert_string_equal(command("mounts", 0), "");
}

static void an_unfinished_one_is_finished(void **state)
{
	char full[256];

	disk("/swap.img", 2 * MIB);
	snprintf(full, sizeof full, "%s/swap.img", root.path);
	chmod(full, 0600);
	planned("swap: {size: 2M}\n");
	assert_string_equal(command("mounts", 2), "/usr/sbin/mkswap /swap.img");
	make((const char *const[]){ "/usr/sbin/mkswap", "-q", full, NULL }, NULL);
	planned_again("swap: {size: 2M}\n", "i-1");
	assert_string_equal(command("mounts", 0), "");
}

/* A root on /dev/vda1 of a disk of so many sectors. */
static void running_root(const char *sectors)
{
	live = true;
	root_put(&root, "/proc/self/mountinfo", "21 1 0:5 / /proc rw - proc proc rw\n22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n");
	root_put(&root, "/sys/class/block/vda/size", sectors);
	root_put(&root, "/sys/class/block/vda1/start", "2048\n");
	root_put(&root, "/sys/class/block/vda1/size", "1000000\n");
	disk("/dev/vda1", MIB);
	has_program("/usr/bin/growpart");
}

static void the_root_grows_with_its_disk(void **state)
{
	running_root("2000000\n");
	planned("growpart: {mode: auto}\n");
	assert_string_equal(command("growpart", 0), "/usr/bin/growpart /dev/vda 1");
	assert_string_equal(command("growpart", 1), "/usr/sbin/resize2fs /dev/vda1");
}

static void a_root_that_fills_its_disk_stays(void **state)
{
	running_root("1003000\n");
	planned("growpart: {mode: auto}\n");
	assert_string_equal(command("growpart", 0), "");
}

static void an_image_that_is_not_to_grow(void **state)
{
	running_root("2000000\n");
	root_put(&root, "/etc/growroot-disabled", "");
	planned("growpart: {mode: auto}\n");
	assert_string_equal(command("growpart", 0), "");
	planned_again("growpart: {mode: auto, ignore_growroot_disabled: true}\n", "i-1");
	assert_string_equal(command("growpart", 0), "/usr/bin/growpart /dev/vda 1");
}

/* What is asked for by name has to be there; gpart is no Linux program. */
static void a_program_by_name_has_to_be_there(void **state)
{
	running_root("2000000\n");
	planned("growpart: {mode: gpart}\n");
	assert_string_equal(problem("growpart"), "growpart: gpart is FreeBSD's program");
	planned_again("growpart: {mode: growpart}\n", "i-1");
	assert_null(item("growpart")->problem);
	unlinkat(root.fd, "usr/bin/growpart", 0);
	planned_again("growpart: {mode: growpart}\n", "i-1");
	assert_string_equal(problem("growpart"), "growpart: this guest has no growpart");
	planned_again("growpart: {mode: auto}\n", "i-1");
	assert_null(item("growpart")->problem);
}

static void growing_may_be_off(void **state)
{
	running_root("2000000\n");
	planned("growpart: {mode: off}\n");
	assert_string_equal(command("growpart", 0), "");
	planned_again("growpart: {mode: auto}\nresize_rootfs: false\n", "i-1");
	assert_string_equal(command("growpart", 0), "/usr/bin/growpart /dev/vda 1");
	assert_string_equal(command("growpart", 1), "");
	planned_again("growpart: {mode: off}\nresize_rootfs: false\n", "i-1");
	assert_int_equal(plan->item_count, 1);
	live = false;
	planned_again("growpart: {mode: auto}\n", "i-1");
	assert_string_equal(command("growpart", 0), "");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_blank_disk_is_divided), T(one_partition_in_the_older_table), T(what_is_on_a_disk_stays), T(what_may_go_goes_once), T(a_new_disk_is_divided_all_the_same),
		T(a_disk_that_has_grown_is_not_made_anew), T(wrong_wishes_of_disks), T(a_filesystem_on_a_blank_device),
		T(a_filesystem_that_is_there_stays), T(another_is_not_replaced), T(another_than_the_one_that_may_go_stays), T(nor_is_a_table), T(unless_it_may_go),
		T(once_an_instance_wherever_it_stands), T(one_filesystem_a_device), T(auto_is_a_partition), T(wrong_wishes_of_filesystems),
		T(lines_of_fstab), T(a_whole_disk_is_its_first_partition), T(fields_that_are_not_given), T(mounted_where_the_system_runs), T(no_line_in_a_field), T(what_wants_the_network_is_mounted_late), T(lines_of_older_user_data_go), T(a_swap_file), T(sizes_of_a_swap_file),
		T(a_swap_file_where_files_are_labelled), T(a_swap_file_has_a_limit), T(a_file_that_is_there_is_not_made_into_swap), T(an_unfinished_one_is_finished),
		T(the_root_grows_with_its_disk), T(a_root_that_fills_its_disk_stays), T(growing_may_be_off), T(a_program_by_name_has_to_be_there), T(an_image_that_is_not_to_grow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
