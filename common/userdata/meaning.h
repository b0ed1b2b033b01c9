/* meaning.h - what a cloud-config of the right shape says that no guest can be given: a name that is none, a path with '..', base64 that is cut.
 *
 * The shape is common/schema's, and cloud-init's own schema takes what is found here.  The same words are refused when the document is applied
 * (agent/config): both ask common/userdata/words.h.  What depends on a guest (who is there, what is installed) is not looked at.
 */
#pragma once
#include "common/data/node.h"
#include "common/data/notes.h"

/* Notes an error for each thing that would have the document refused, with its place and path. */
void meaning_check(struct arena *a, const struct node *config, struct notes *notes);
