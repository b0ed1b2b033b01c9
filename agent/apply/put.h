/* put.h - a file of the user's that had to wait for its owner (plan.h, PUT_WORD): the late stage puts it into its place.
 *
 * natal-agent does it itself.  Where the place is a user's, he may have put anything in the way by then: no program that goes by paths can be let loose there
 * as root.
 */
#pragma once
#include "agent/plan/plan.h"

bool put_is(const char *const *argv);
/* Writes the bytes of PUT_FROM to PUT_PATH, or behind what is there, unless it ends with them. Folders that are not there are made, 0755 of root's. */
int put_file(int root, const char *const *argv, struct err *e);
