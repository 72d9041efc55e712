/* uncut.c - what a rank said, before it is cut into lines */
#include "kernel/front/gather/uncut.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

#define WRITES_MIN 16

void uncut_clear(struct uncut *uncut)
{
    buf_clear(&uncut->text);
    free(uncut->writes);
    *uncut = (struct uncut){ .number = uncut->number };
}

static void add_write(struct uncut *uncut, const struct write *write)
{
    if (uncut->end == uncut->capacity) {
        uncut->capacity = uncut->capacity ? 2 * uncut->capacity : WRITES_MIN;
        uncut->writes = xrealloc(uncut->writes, uncut->capacity * sizeof(*write));
    }
    uncut->writes[uncut->end] = *write;
    uncut->writes[uncut->end++].number = ++uncut->number;
}

void uncut_add_text(struct uncut *uncut, const char *name, const char *text,
                    size_t size, int64_t now)
{
    add_write(uncut, &(struct write){ .name = name, .size = size, .arrived = now });
    buf_add(&uncut->text, text, size);
}

void uncut_add_item(struct uncut *uncut, struct item *item, size_t size, int64_t now)
{
    add_write(uncut, &(struct write){ .item = item, .arrived = now });
    uncut->held += size;
}

const struct write *uncut_head(const struct uncut *uncut)
{
    return uncut->first < uncut->end ? &uncut->writes[uncut->first] : NULL;
}

const char *uncut_text(const struct uncut *uncut)
{
    return buf_text(&uncut->text) + uncut->taken;
}

size_t uncut_run(const struct uncut *uncut, int64_t until, size_t max)
{
    const struct write *head = uncut_head(uncut);
    size_t size = 0;

    for (size_t i = uncut->first; i < uncut->end && size < max; i++) {
        const struct write *write = &uncut->writes[i];

        if (write->item || write->arrived > until
            || strcmp(write->name, head->name) != 0)
            break;
        size += write->size;
    }
    return size < max ? size : max;
}

bool uncut_is_run(const struct uncut *uncut, size_t size)
{
    return size == uncut->text.size - uncut->taken && uncut->held == 0;
}

/* What was taken stays in memory until it is more than what is left: so taking all
 * of it bit by bit costs no more than twice. */
static void forget_text(struct uncut *uncut)
{
    struct buf left = { 0 };

    if (uncut->taken <= uncut->text.size / 2)
        return;
    buf_add(&left, uncut_text(uncut), uncut->text.size - uncut->taken);
    buf_clear(&uncut->text);
    uncut->text = left;
    uncut->taken = 0;
}

static void forget_writes(struct uncut *uncut)
{
    size_t left = uncut->end - uncut->first;

    if (left > 0 && (uncut->first <= WRITES_MIN || uncut->first <= left))
        return;
    memmove(uncut->writes, uncut->writes + uncut->first, left * sizeof(*uncut->writes));
    uncut->first = 0;
    uncut->end = left;
    uncut->capacity = left > WRITES_MIN ? left : WRITES_MIN;
    uncut->writes = xrealloc(uncut->writes, uncut->capacity * sizeof(*uncut->writes));
}

int64_t uncut_take_text(struct uncut *uncut, size_t size)
{
    int64_t arrived = 0;

    uncut->taken += size;
    while (size > 0) {
        struct write *write = &uncut->writes[uncut->first];
        size_t step = write->size < size ? write->size : size;

        arrived = write->arrived;
        write->size -= step;
        size -= step;
        if (write->size == 0)
            uncut->first++;
    }
    forget_text(uncut);
    forget_writes(uncut);
    return arrived;
}

struct item *uncut_take_item(struct uncut *uncut, size_t size)
{
    struct item *item = uncut->writes[uncut->first++].item;

    uncut->held -= size;
    forget_writes(uncut);
    return item;
}

size_t uncut_size(const struct uncut *uncut)
{
    return uncut->text.size + uncut->capacity * sizeof(*uncut->writes) + uncut->held;
}
