/* machine.h - the few words about the machine that reading a document wants: whose user `default` is, and what templates see.
 *
 * machine_read() makes it (agent/machine.c); config_parse_with() borrows it.  What the machine does not say is "".
 */
#pragma once

enum { MACHINE_WORD_MAX = 128 };

struct machine {
	char id[MACHINE_WORD_MAX], like[MACHINE_WORD_MAX];              /* of os-release(5): ID, ID_LIKE */
	char version[MACHINE_WORD_MAX], codename[MACHINE_WORD_MAX];     /* VERSION_ID, VERSION_CODENAME */
	char kernel[MACHINE_WORD_MAX], arch[MACHINE_WORD_MAX], system[MACHINE_WORD_MAX]; /* uname(2): release, machine, sysname */
	char node[MACHINE_WORD_MAX], build[MACHINE_WORD_MAX];           /* … nodename, version */
};

/* Of the guest below this root, and of the running kernel. */
void machine_read(int root, struct machine *ret);
