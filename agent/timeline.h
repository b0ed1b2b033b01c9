/* timeline.h - one boot of timings.h as a picture: an SVG with a bar for each item.  Pure: JSON in, text out. */
#pragma once
#include "common/base/buf.h"
#include "common/data/json.h"

enum { TIMELINE_ROWS = 200 };   /* of more, those that took longest */

void timeline_svg(struct json_object *boot, struct buf *out);
