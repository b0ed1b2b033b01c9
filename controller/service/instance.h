/* instance.h - which natald this is, of those that serve one store: an id in its state folder, made once. */
#pragma once
#include "controller/service/ctl.h"

/* Sets c->instance. */
int instance_load(struct ctl *c, struct err *e);
