/* past.h - what a cell shows now, by whom
 *
 * clear_output() of some ranks takes away what these show, and leaves the others'
 * outputs.  Jupyter can only clear a whole cell: what is left is shown once more.
 */
#ifndef GATHER_PAST_H
#define GATHER_PAST_H

#include <stdbool.h>

#include "kernel/base/idset.h"
#include "kernel/front/gather/item.h"

/* What takes more memory is not kept, and then not cleared either. */
#define PAST_MAX (8u << 20)

/* What 'ranks' said alike.  All borrowed. */
struct said {
    const struct item *item;
    const struct idset *ranks;
    bool is_labelled;
    bool is_alone; /* no rank shows another display here */
};

struct past;

struct past *past_create(void);

/* Accepts NULL. */
void past_destroy(struct past *past);

/* Copies it. */
void past_add(struct past *past, const struct said *said);

/* The cell shows nothing any more. */
void past_clear(struct past *past);

/* The cell shows what cannot be shown once more; until past_clear(). */
void past_give_up(struct past *past);

/* All that is shown was shown by 'ranks'. */
bool past_is_of(const struct past *past, const struct idset *ranks);

/* Takes away what 'ranks' show; false when that changes nothing, or cannot be done. */
bool past_remove(struct past *past, const struct idset *ranks);

/* Calls 'show' for each thing, oldest first. */
typedef void (*past_f)(const struct said *said, void *arg);
void past_show(const struct past *past, past_f show, void *arg);

#endif
