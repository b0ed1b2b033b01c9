/* label.c - see label.h */
#include "agent/apply/label.h"

#include <unistd.h>
#include "agent/apply/label_functions.h"
#include "common/base/late.h"

static struct { LABEL_FUNCTIONS(LATE_MEMBER) } selinux;
static const char *const names[] = { LABEL_FUNCTIONS(LATE_NAME) };
static struct late library = LATE(SELINUX_SONAME, names, &selinux);
static struct selabel_handle *policy;

void label_enable(bool live)
{
	struct err ignored;

	/* selinuxfs is mounted by systemd where the kernel's policy is loaded. */
	if (!live || policy || access("/sys/fs/selinux/enforce", F_OK) < 0 || late_load(&library, &ignored))
		return;
	policy = selinux.selabel_open(SELABEL_CTX_FILE, NULL, 0);
}

void label_begin(const char *path, mode_t mode)
{
	char *label = NULL;

	if (!policy || selinux.selabel_lookup_raw(policy, &label, path, (int)mode) < 0)
		return;
	selinux.setfscreatecon_raw(label);
	selinux.freecon(label);
}

void label_end(void)
{
	if (policy)
		selinux.setfscreatecon_raw(NULL);
}
