/* gallery.h - displays of one round that differ, to be shown as one
 *
 * What ranks display at the same place of a cell stands side by side, or is one where
 * only addresses in memory differ (alike.h).  Displays are added as the ranks' turn
 * comes, and shown together before anything else is.
 */
#ifndef GATHER_GALLERY_H
#define GATHER_GALLERY_H

#include <stdbool.h>

#include "kernel/front/gather/display.h"
#include "kernel/front/gather/gather.h"

struct gallery;

struct gallery *gallery_create(struct displays *displays, int highest);

/* Accepts NULL. */
void gallery_destroy(struct gallery *gallery);

/* This display may stand beside others: it is labelled, has no id that would be
 * updated, and no type that only stands alone. */
bool gallery_takes(const struct display_event *event);

/* One of these ranks has a display in it already: what it shows next comes below. */
bool gallery_has(const struct gallery *gallery, const struct idset *ranks);

/* Copies the event; the targets are borrowed. */
void gallery_add(struct gallery *gallery, const struct display_event *event);

/* Shows what there is, a display that is alone as it is, and is empty. */
void gallery_show(struct gallery *gallery, gather_f publish, void *arg);

#endif
