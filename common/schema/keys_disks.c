/* keys_disks.c - partitions, file systems, mounts, swap. */
#include "common/schema/keys.h"

MODULE(disk_setup, "disk_setup", APPLIED, NULL,
	F("device_aliases", NAMED(TEXT)),
	F("disk_setup", NAMED(MAP(
		F("table_type", WORD("mbr", "gpt")),
		F("layout", ANY(WORD("remove"), BOOL, LIST(ANY(INT, LIST(SHAPE(.kinds = K(INT) | K_TEXT), .min = 2, .max = 2))))),
		F("overwrite", BOOL)))),
	F("fs_setup", LIST(MAP(
		F("label", TEXT), F("filesystem", TEXT), F("device", TEXT),
		F("partition", SHAPE(.kinds = K_TEXT | K(INT), .limited = true, .matches = form_partition, .form = "auto, any, none or a number")),
		F("overwrite", BOOL), F("replace_fs", TEXT), F("extra_opts", SHAPE(.kinds = K(LIST) | K_TEXT, .items = TEXT)),
		F("cmd", SHAPE(.kinds = K(LIST) | K_TEXT, .items = TEXT), REFUSED("a filesystem is made by its type, after a look at what is there"))))));

KEYS_APPLIED(growpart,
	F("growpart", MAP(
		F("mode", ANY(WORD("auto", "growpart", "gpart", "off"),
			SHAPE(.kinds = K(BOOL), .only_false = true, .since = "22.3", .instead = "'off', in quotes"))),
		F("devices", TEXTS, IGNORED("the root's partition is grown, and no other")), F("ignore_growroot_disabled", BOOL))));

KEYS_APPLIED(resizefs, F("resize_rootfs", SHAPE(.kinds = K(BOOL) | K_TEXT, .words = LIST_OF_WORDS("noblock"))));

#define A_SIZE "a number of bytes, or a number and one of B K M G T"
KEYS_APPLIED(mounts,
	F("mounts", LIST(LIST(TEXT, .min = 1, .max = 6), .min = 1)),
	F("mount_default_fields", LIST(TEXT_OR_NULL, .min = 6, .max = 6)),
	F("swap", MAP(
		F("filename", TEXT), F("size", SHAPE(.kinds = K(INT) | K_TEXT, .matches = form_size_auto, .form = "auto, " A_SIZE)),
		F("maxsize", SHAPE(.kinds = K(INT) | K_TEXT, .matches = form_size, .form = A_SIZE)))));
