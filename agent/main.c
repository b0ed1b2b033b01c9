/* main.c - natal-agent: see verbs.c for its verbs and agent.c for its sentence; by the name cloud-init, compat.h. */
#include "agent/compat.h"
#include "agent/verbs.h"

int main(int argc, char **argv) { return compat_called(argv[0]) ? compat_main(argc, argv) : agent_main(argc, argv); }
