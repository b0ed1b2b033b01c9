/* made.h - the users whom natal has made, as lines NAME:NUMBER of /var/lib/natal/users.
 *
 * They are as user-data has them, whenever it changes; of users who were there before natal, cloud-init changes no more than the password, its
 * lock, sudo and keys, and so does natal.  The record is written before passwd(5), the last of the account files: a user who is in passwd(5)
 * is there with his groups and his shadow, and on record.
 */
#pragma once
#include "agent/plan/build.h"

#define USERS_MADE_PATH "/var/lib/natal/users"

int made_read(struct builder *b, struct err *e);
/* By the number that the accounts have for him: one who was taken away and came back as another is another. */
bool made_is(struct builder *b, const char *name);
void made_add(struct builder *b, const char *name);
int made_write(struct builder *b, struct err *e);
