/* result.h - the execute_results of many ranks as one */
#ifndef GATHER_RESULT_H
#define GATHER_RESULT_H

#include <jansson.h>
#include <stddef.h>

#include "kernel/base/idset.h"
#include "kernel/jupyter/message.h"

/* What 'ranks' have as their result. */
struct result_group {
    struct idset *ranks;
    struct message_part content;
};

/* The content of one execute_result: text/plain with a labelled piece for each
 * group, and text/html where a group has it; one group that stands alone keeps
 * its other types too.  NULL when no group's content can be read. */
json_t *result_fold(const struct result_group *groups, size_t count, int highest);

#endif
