/* common.h - what all ranks write alike, as they write it
 *
 * Most text of most cells: it is compared as it is, many lines at once, and never
 * becomes an item a line.
 */
#ifndef GATHER_COMMON_H
#define GATHER_COMMON_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/front/gather/fold.h"

/* The uncut text, arrived by 'until', with which all begin that have anything to say,
 * and become the members: whole lines, or a part of a very long one, as one item, to be
 * destroyed.  NULL when they begin with something else, or with what has to be looked
 * at by itself: a '\r', a line that reads as if it had a label. */
struct item *common_take(struct fold *fold, int64_t until);

/* It is known what the first line of this text is, or it is too long to wait for. */
bool common_is_known(const struct uncut *uncut);

#endif
