/* uuid.c - which machine this is. */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include "agent/source/source.h"
#include "common/base/file.h"
#include "common/base/text.h"

#define DMI_UUID "/sys/class/dmi/id/product_uuid"
#define FW_CFG_UUID "/sys/firmware/qemu_fw_cfg/by_name/" FW_CFG_PREFIX "uuid/raw"
#define CMDLINE_UUID "natal.uuid="

static bool take(const char *text, char ret[37])
{
	char uuid[37];

	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
		uuid[i] = (char)tolower((unsigned char)text[i]);
	}
	uuid[36] = 0;
	/* Firmware without one says all zeros or all ones. */
	if (text_starts(uuid, "00000000-0000-0000-0000-00000000") || text_starts(uuid, "ffffffff-ffff-ffff-ffff-ffffffff"))
		return false;
	memcpy(ret, uuid, sizeof uuid);
	return true;
}

static const char *slurp(const char *path, struct buf *out)
{
	struct err ignored;
	bool absent;

	buf_clear(out);
	return file_read(AT_FDCWD, path, out, &absent, &ignored) || absent || !out->data ? "" : out->data;
}

int source_uuid(char ret[37], struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(64 << 10);

	if (take(slurp(DMI_UUID, &text), ret))
		return 0;
	const char *word = strstr(slurp("/proc/cmdline", &text), CMDLINE_UUID);
	if (word && take(word + strlen(CMDLINE_UUID), ret))
		return 0;
	if (take(slurp(FW_CFG_UUID, &text), ret))
		return 0;
	err_set(e, ERR_NOT_FOUND, "this machine has no UUID: neither DMI, nor natal.uuid= on the kernel's command line, nor fw_cfg "
		FW_CFG_PREFIX "uuid");
	err_hint(e, "start the guest with a system UUID (QEMU: -uuid)");
	return -(int)e->code;
}
