/* main.c - natal-agent: see verbs.c for its verbs and agent.c for its sentence. */
#include "agent/verbs.h"

int main(int argc, char **argv) { return agent_main(argc, argv); }
