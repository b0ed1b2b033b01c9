/* agent_fault.c - natal-agent that dies after its k-th change of the machine, as if the power had gone.
 *
 * NATAL_FAULT_AT=k: exit status 99 there. NATAL_FAULT_COUNT=FILE: how many changes the run made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "agent/apply/sys.h"
#include "agent/verbs.h"

static unsigned long made, fatal;

static void count(const char *call)
{
	if (++made != fatal)
		return;
	fprintf(stderr, "fault after change %lu (%s)\n", made, call);
	_exit(99);
}

int main(int argc, char **argv)
{
	const char *at = getenv("NATAL_FAULT_AT"), *path = getenv("NATAL_FAULT_COUNT");

	fatal = at ? strtoul(at, NULL, 10) : 0;
	sys_after = count;
	int status = agent_main(argc, argv);
	FILE *f = path ? fopen(path, "w") : NULL;
	if (f) {
		fprintf(f, "%lu\n", made);
		fclose(f);
	}
	return status;
}
