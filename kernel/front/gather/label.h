/* label.h - "[0-2] ": whose output this is */
#ifndef GATHER_LABEL_H
#define GATHER_LABEL_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/base/idset.h"

/* In the place of the blank that ends a label: the line goes on. */
#define LABEL_REST "\xe2\x80\xa6"

/* To be freed.  Labels of single ranks are padded to the width of 'highest', the
 * highest rank of the cell, so that their texts stand below one another. */
char *label_of(const struct idset *ranks, int highest);

/* A reader could take the beginning of this line for a label, now or when the line has
 * gone on. */
bool label_is_like(const char *text, size_t size);

/* "rank 2", "ranks 0-2"; to be freed. */
char *label_words(const struct idset *ranks);

/* 'text' after 'label', its further lines below the first one; to be freed. */
char *label_text(const char *label, const char *text);

#endif
