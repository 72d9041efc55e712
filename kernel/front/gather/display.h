/* display.h - displays of many ranks, and their ids
 *
 * All displays of one id are updated together, so an id that ranks gave to
 * different contents cannot stay one: while they agree it is what they said,
 * where they differ it becomes "ID.r2".  The ids live as long as the kernel,
 * for a later cell may update them.
 */
#ifndef GATHER_DISPLAY_H
#define GATHER_DISPLAY_H

#include <stddef.h>

#include "kernel/base/idset.h"
#include "kernel/front/gather/gather.h"

struct displays;

struct displays *displays_create(void);

/* Accepts NULL. */
void displays_destroy(struct displays *displays);

/* What 'ranks' showed alike.  All borrowed. */
struct display_event {
    const char *type; /* display_data or update_display_data */
    const struct idset *ranks;
    const struct idset *targets; /* of the cell */
    bool is_labelled;
    bool is_alone; /* no rank shows another one here: no label stands before it */
    const struct message_part *parts; /* content, buffers... */
    size_t part_count;
};

/* Gives out what has to be published: a label in front where ranks differ, the
 * display, its updates. */
void displays_publish(struct displays *displays, const struct display_event *event,
                      gather_f publish, void *arg);

#endif
