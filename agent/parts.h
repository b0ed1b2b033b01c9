/* parts.h - the programs in cloud-init's folders of scripts, whoever put them there: the image, write_files, a script.
 *
 * /var/lib/cloud/scripts/per-once, per-boot and per-instance.  As cloud-init has it, what is run once is the folder: who comes into it later is not run.  A folder
 * or a file that somebody else than root can change is not run, and named; neither is a link, or a name that is not of printable ASCII.  They are items of the
 * journal, between vendor-data's scripts and the user's, and no part of a plan: a document asks for none of them.
 */
#pragma once
#include "agent/agent.h"

#define PARTS_DIR "/var/lib/cloud/scripts"
#define PARTS_KEY "scripts/cloud/"

/* The late stage's first step: what is due in this boot is pending in the journal then, which is not saved. *ret_some: something is, or was. */
int parts_look(struct agent *a, bool *ret_some, struct err *e);
/* The pending ones have been run: the folders are not looked into again, as long as their frequency says. */
void parts_ran(struct journal *j);
