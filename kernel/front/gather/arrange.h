/* arrange.h - what ranks show differently, as one bundle
 *
 * Text in lines, each labelled with its ranks; pictures and HTML side by side, each
 * below its ranks.  So a cell has one result, a notebook stays valid, and figures of
 * many ranks can be compared.
 */
#ifndef GATHER_ARRANGE_H
#define GATHER_ARRANGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "kernel/base/idset.h"
#include "kernel/jupyter/message.h"

/* What 'ranks' show alike: the content of a display_data or execute_result. */
struct arrange_group {
    struct idset *ranks;
    struct message_part content;
};

/* Nothing is lost when the bundle is arranged: it has no type that only a frontend
 * of its own can show (widgets, JSON, scripts). */
bool arrange_takes(struct message_part content);

/* The first group's content with the data of all: text/plain, and text/html where a
 * group has more than text.  A single group keeps its other types too.  A new
 * reference; NULL when no group's content can be read. */
json_t *arrange(const struct arrange_group *groups, size_t count, int highest);

#endif
