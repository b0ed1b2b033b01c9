/* newborn_ek.h - newborn.h's second proof: a TPM that opens what was sealed to the EK of a VM. */
#pragma once
#include "controller/service/newborn.h"

/* The VM with this UUID whose EK it is. denied: there is none. */
int newborn_find_ek(struct ctl *c, const struct birth_ask *ask, struct newborn_row *n, struct vm *v, struct err *e);
/* Did its TPM open the challenge? denied; unavailable: too late, ask for another. */
int newborn_check_ek(struct ctl *c, const struct birth_ask *ask, const struct vm *v, struct err *e);
