/* https.h - the channel over the network: HTTPS to the controller that this guest's last bundle named, with the certificate that it brought.
 *
 * docs/FLEET.md "A guest's channel". What is written goes as the body of a request at once; what is read are the bodies of replies; a second
 * connection waits for news meanwhile. The controller's keys are pinned: https_open() reads where it is and who it is from what natal-agent keeps
 * (CONTROLLER_PATH), so that a guest is never sent elsewhere.
 */
#pragma once
#include "agent/report/channel.h"

struct https;
/* boot_id: of this boot; it is said with each wait. */
int https_new(int root, const char *boot_id, struct https **ret, struct err *e);
void https_free(struct https *h);
/* One that h carries; h outlives it. not-found at its opening: the bundle named no address of a controller. */
struct channel https_channel(struct https *h);
/* Was one of the controller's addresses not tried since it was heard last? */
bool https_has_more(const struct https *h);
/* Was the session of the last connection an earlier one's? */
bool https_resumed(const struct https *h);
