/* uncut.h - what a rank said, before it is cut into lines
 *
 * A line as an item of its own takes many times its text's memory, and time.  Where
 * all ranks write the same there is no need to look at lines: what all begin with is
 * shown as it is (common.h).
 */
#ifndef GATHER_UNCUT_H
#define GATHER_UNCUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/base/buf.h"

struct item;

/* One write, or what is left of it; or another thing, which is an item already. */
struct write {
    const char *name;  /* static text */
    struct item *item; /* NULL: it is text */
    size_t size;       /* of the text */
    uint64_t number;
    int64_t arrived;
};

/* Oldest first.  Zeroed is empty. */
struct uncut {
    struct buf text;
    size_t taken; /* of 'text' */
    struct write *writes;
    size_t first, end, capacity;
    uint64_t number; /* of the newest write */
    size_t held;     /* by the items in it */
};

/* The items in it are the caller's to take before. */
void uncut_clear(struct uncut *uncut);

void uncut_add_text(struct uncut *uncut, const char *name, const char *text,
                    size_t size, int64_t now);

/* Takes 'item', which holds 'size' bytes. */
void uncut_add_item(struct uncut *uncut, struct item *item, size_t size, int64_t now);

/* The oldest write, NULL when there is none; where its text begins, which goes on with
 * that of the writes after it.  Borrowed until it changes. */
const struct write *uncut_head(const struct uncut *uncut);
const char *uncut_text(const struct uncut *uncut);

/* How much text of the oldest write's stream comes before anything else, and had
 * arrived at 'until', as far as 'max'. */
size_t uncut_run(const struct uncut *uncut, int64_t until, size_t max);

/* Nothing comes after the first 'size' bytes. */
bool uncut_is_run(const struct uncut *uncut, size_t size);

/* Removes that much text of the oldest writes; returns when the last of it came. */
int64_t uncut_take_text(struct uncut *uncut, size_t size);

/* Removes the oldest write, which is an item of 'size' bytes: the caller's from here.
 */
struct item *uncut_take_item(struct uncut *uncut, size_t size);

/* The memory that it takes. */
size_t uncut_size(const struct uncut *uncut);

#endif
