/* common.c - what all ranks write alike, as they write it */
#include "kernel/front/gather/common.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "kernel/front/gather/label.h"
#include "kernel/jupyter/text.h"

#define COMMON_MAX 65536

bool common_is_known(const struct uncut *uncut)
{
    const struct write *head = uncut_head(uncut);
    const char *text = uncut_text(uncut);
    size_t size;

    if (!head)
        return false;
    size = uncut_run(uncut, INT64_MAX, COMMON_MAX);
    return size == COMMON_MAX || !uncut_is_run(uncut, size) || memchr(text, '\n', size)
           || memchr(text, '\r', size);
}

/* What follows has the same beginning on both. */
static bool are_level(struct items *a, struct items *b, const char *name)
{
    const struct item_stream *mine = items_stream(a, name);
    const struct item_stream *theirs = items_stream(b, name);

    return mine->is_broken == theirs->is_broken && mine->reader.part_size == 0
           && theirs->reader.part_size == 0
           && color_is_equal(&mine->reader.color, &theirs->reader.color);
}

/* The members are those who have something to say.  All have text of the same stream
 * next: its name, or NULL. */
static const char *choose_stream(struct fold *fold)
{
    struct items *first = NULL;
    const char *name = NULL;

    for (size_t i = 0; i < fold->count; i++) {
        struct fold_queue *queue = &fold->queues[i];
        struct items *items = &queue->items;
        const struct write *head = uncut_head(&items->uncut);

        queue->is_member = items->head || head;
        if (!queue->is_member)
            continue;
        if (items->head || !head || head->item
            || (first
                && (strcmp(name, head->name) != 0
                    || !are_level(first, items, head->name))))
            return NULL;
        first = first ? first : items;
        name = head->name;
    }
    return name;
}

static size_t common_prefix(const char *a, const char *b, size_t size)
{
    enum { STEP = 256 };
    size_t at = 0;

    while (at + STEP <= size && !memcmp(a + at, b + at, STEP))
        at += STEP;
    while (at < size && a[at] == b[at])
        at++;
    return at;
}

/* Whole lines of it; of a line without an end what can be shown. */
static size_t whole_lines(const char *text, size_t size)
{
    const char *end = memrchr(text, '\n', size);

    if (end)
        return (size_t)(end - text) + 1;
    if (size < COMMON_MAX)
        return 0;
    size -= text_partial(text, size);
    return size - color_partial(text, size);
}

/* The size of those lines at the beginning that need no look; a line that gets a label
 * anyhow may look like one. */
static size_t plain_lines(const char *text, size_t size, bool is_labelled)
{
    const char *back = memchr(text, '\r', size), *end = text + size, *line = text;

    if (back)
        size = whole_lines(text, (size_t)(back - text));
    while (!is_labelled && (line = memchr(line, '\n', (size_t)(text + size - line)))
           && ++line < text + size) {
        if ((*line == '[' || *line == '\x1b')
            && label_is_like(line, (size_t)(end - line)))
            return (size_t)(line - text);
    }
    return size;
}

static struct items *first_member(struct fold *fold)
{
    size_t i = 0;

    while (!fold->queues[i].is_member)
        i++;
    return &fold->queues[i].items;
}

static size_t common_size(struct fold *fold, int64_t until)
{
    const char *text = uncut_text(&first_member(fold)->uncut);
    size_t size = COMMON_MAX;

    for (size_t i = 0; i < fold->count; i++)
        if (fold->queues[i].is_member)
            size = uncut_run(&fold->queues[i].items.uncut, until, size);
    for (size_t i = 0; i < fold->count; i++)
        if (fold->queues[i].is_member)
            size = common_prefix(text, uncut_text(&fold->queues[i].items.uncut), size);
    return plain_lines(text, whole_lines(text, size), !fold_is_whole(fold));
}

/* Their streams go on after 'text', and they have no longer to say it. */
static int64_t take_text(struct fold *fold, const char *name, const struct item *item)
{
    const char *text = buf_text(&item->bytes);
    size_t size = item->bytes.size;
    int64_t last = 0;

    for (size_t i = 0; i < fold->count; i++) {
        struct fold_queue *queue = &fold->queues[i];
        struct item_stream *stream = items_stream(&queue->items, name);

        if (!queue->is_member)
            continue;
        color_read(&stream->reader, text, size);
        stream->is_broken = text[size - 1] != '\n';
        queue->matched = uncut_take_text(&queue->items.uncut, size);
        last = queue->matched > last ? queue->matched : last;
    }
    return last;
}

struct item *common_take(struct fold *fold, int64_t until)
{
    const char *name = choose_stream(fold);
    size_t size = name ? common_size(fold, until) : 0;
    const struct item_stream *stream;
    struct items *first;
    struct item *item;

    if (size == 0)
        return NULL;
    first = first_member(fold);
    stream = items_stream(first, name);
    item = xcalloc(1, sizeof(*item));
    item->kind = ITEM_LINE;
    item->name = name;
    item->is_rest = stream->is_broken;
    item->color = stream->reader.color;
    buf_add(&item->bytes, uncut_text(&first->uncut), size);
    item->arrived = take_text(fold, name, item);
    return item;
}
