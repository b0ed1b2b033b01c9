/* net_verb.h - the verbs of `net`. */
#pragma once
#include "agent/verb.h"

int verb_net_render(struct run *run, struct err *e);
