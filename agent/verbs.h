/* verbs.h - the command line: tables of verbs and options, from which help and the man page's test are made. */
#pragma once

/* The whole program; returns its exit status. */
int agent_main(int argc, char **argv);

enum { EXIT_DEGRADED = 10, EXIT_DRIFTED = 11 };
