/* compat.h - in cloud-init's stead: its files and its command, for tools that wait on them (packer, ansible, terraform).
 *
 * Where the package natal-cloud-init-compat is installed, /usr/bin/cloud-init is a link to natal-agent.  Then the two stages of a boot write
 * /run/cloud-init/status.json and result.json in cloud-init's form (its v1), a link to the instance data, and /var/lib/cloud/instance/boot-finished; and under
 * that name natal-agent is the command (compat_verb.c).  Elsewhere nothing is written.  What is not written is not told: nothing here is fatal.
 */
#pragma once
#include "agent/agent.h"

#define COMPAT_LINK "/usr/bin/cloud-init"
#define COMPAT_FINISHED "/var/lib/cloud/instance/boot-finished"

/* The early stage begins; it has come to its end, and the late one is still to come. */
void compat_begins(struct agent *a);
void compat_goes_on(struct agent *a);
/* The boot's last word: a->phase and the report's findings. */
void compat_ends(struct agent *a);

/* Is the program called by cloud-init's name?  Then this is all of it; returns its exit status: cloud-init's 0, 1 and 2. */
bool compat_called(const char *argv0);
int compat_main(int argc, char **argv);
