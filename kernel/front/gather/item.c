/* item.c - one thing that a rank wrote or showed, and the line of them */
#include "kernel/front/gather/item.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

#define HASH_MAX 4096
#define CUT_MAX 16384  /* cut at a time */
#define MALLOC_SIZE 16 /* that malloc() adds */

void item_destroy(struct item *item)
{
    if (!item)
        return;
    buf_clear(&item->bytes);
    free(item->parts);
    free(item);
}

struct item *item_copy(const struct item *item)
{
    struct item *copy = xmemdup(item, sizeof(*item));
    size_t offset = 0;

    copy->next = copy->twin = NULL;
    copy->bytes = (struct buf){ 0 };
    buf_add(&copy->bytes, buf_text(&item->bytes), item->bytes.size);
    copy->parts =
        xcalloc(item->part_count ? item->part_count : 1, sizeof(*copy->parts));
    for (size_t i = 0; i < item->part_count; i++) {
        copy->parts[i].data = buf_text(&copy->bytes) + offset;
        copy->parts[i].size = item->parts[i].size;
        offset += item->parts[i].size;
    }
    return copy;
}

size_t item_size(const struct item *item)
{
    return sizeof(*item) + item->bytes.capacity
           + item->part_count * sizeof(*item->parts) + 2 * MALLOC_SIZE;
}

/* Eight bytes a step, and of a very long text its two ends only: a hash says where
 * to look, and item_is_equal() looks at all of it. */
static uint64_t hash_bytes(const char *data, size_t size)
{
    const uint64_t prime = 0x9e3779b97f4a7c15u;
    uint64_t hash = size * prime, word;

    if (size > 2 * HASH_MAX) {
        hash ^= hash_bytes(data, HASH_MAX);
        data += size - HASH_MAX;
        size = HASH_MAX;
    }
    for (; size >= sizeof(word); data += sizeof(word), size -= sizeof(word)) {
        memcpy(&word, data, sizeof(word));
        hash = (hash ^ word) * prime;
        hash ^= hash >> 29;
    }
    for (; size > 0; data++, size--)
        hash = (hash ^ (unsigned char)*data) * prime;
    /* All of it into the low bits, by which places.c sorts. */
    hash = (hash ^ hash >> 33) * prime;
    return hash ^ hash >> 33;
}

/* It does not change any more. */
static void item_settle(struct items *items, struct item *item, int64_t now)
{
    item->open = false;
    item->arrived = now;
    item->hash = hash_bytes(buf_text(&item->bytes), item->bytes.size);
    places_add(&items->places, item);
}

bool item_is_equal(const struct item *a, const struct item *b)
{
    if (a->kind != b->kind || a->bytes.size != b->bytes.size
        || a->part_count != b->part_count || a->is_rest != b->is_rest
        || !color_is_equal(&a->color, &b->color))
        return false;
    if (!a->open && !b->open && a->hash != b->hash)
        return false;
    for (size_t i = 0; i < a->part_count; i++)
        if (a->parts[i].size != b->parts[i].size)
            return false;
    return !strcmp(a->name, b->name)
           && !memcmp(buf_text(&a->bytes), buf_text(&b->bytes), a->bytes.size);
}

static void items_append(struct items *items, struct item *item)
{
    const struct write *write = uncut_head(&items->uncut);

    item->arrived = write->arrived;
    item->write = write->number;
    item->place = items->count++;
    if (items->tail) {
        if (items->tail->open)
            item_settle(items, items->tail, write->arrived);
        items->tail->next = item;
    } else {
        items->head = item;
    }
    items->tail = item;
    if (item->kind == ITEM_RESULT && !items->result)
        items->result = item;
    items->size += item_size(item);
}

/* The first '\n' or '\r'.  In windows, so that a text of many '\r' is not searched
 * to its end for a '\n' again and again. */
static const char *line_end(const char *text, size_t size)
{
    enum { WINDOW = 512 };

    for (size_t at = 0; at < size; at += WINDOW) {
        size_t step = size - at < WINDOW ? size - at : WINDOW;
        const char *begin = text + at, *back = memchr(begin, '\r', step);
        const char *end = memchr(begin, '\n', back ? (size_t)(back - begin) : step);

        if (end || back)
            return end ? end : back;
    }
    return NULL;
}

/* How many bytes belong to the first line: "\r\n" is one end; a '\r' that comes
 * last may be half of one, and stays with the open line until more is known. */
static size_t line_size(const char *text, size_t size, bool *is_whole)
{
    const char *end = line_end(text, size);

    *is_whole = end && (*end == '\n' || end + 1 < text + size);
    if (!*is_whole)
        return size;
    return (size_t)(end - text) + (*end == '\r' && end[1] == '\n' ? 2 : 1);
}

struct item_stream *items_stream(struct items *items, const char *name)
{
    return &items->streams[!strcmp(name, "stderr")];
}

/* The line that text of this stream goes on with. */
static struct item *open_line(struct items *items, const char *name)
{
    const struct item_stream *stream = items_stream(items, name);
    struct item *item = items->tail;

    if (item && item->open && item->kind == ITEM_LINE && !strcmp(item->name, name))
        return item;
    item = xcalloc(1, sizeof(*item));
    item->kind = ITEM_LINE;
    item->name = name;
    item->open = true;
    item->is_rest = stream->is_broken;
    item->color = stream->reader.color;
    items_append(items, item);
    return item;
}

static void line_add(struct items *items, struct item *line, const char *text,
                     size_t size)
{
    items->size -= item_size(line);
    buf_add(&line->bytes, text, size);
    items->size += item_size(line);
}

static void cut_text(struct items *items, const struct write *write, const char *text,
                     size_t size)
{
    struct item_stream *stream = items_stream(items, write->name);

    while (size > 0) {
        struct item *item = open_line(items, write->name);
        size_t had = item->bytes.size, taken;
        bool is_whole;

        if (had > 0 && item->bytes.data[had - 1] == '\r' && *text != '\n') {
            item_settle(items, item, write->arrived);
            continue;
        }
        taken = line_size(text, size, &is_whole);
        line_add(items, item, text, taken);
        color_read(&stream->reader, text, taken);
        stream->is_broken = text[taken - 1] != '\n';
        item->write = write->number;
        if (is_whole)
            item_settle(items, item, write->arrived);
        text += taken;
        size -= taken;
    }
}

void items_cut(struct items *items)
{
    const struct write *write = uncut_head(&items->uncut);
    const char *text = uncut_text(&items->uncut), *end;
    size_t size = write->size;
    struct item *item = write->item;

    if (item) {
        items_append(items, item);
        item_settle(items, item, write->arrived);
        uncut_take_item(&items->uncut, item_size(item));
        return;
    }
    if (size > CUT_MAX) {
        end = memrchr(text, '\n', CUT_MAX);
        size = end ? (size_t)(end - text) + 1 : CUT_MAX;
    }
    cut_text(items, write, text, size);
    uncut_take_text(&items->uncut, size);
}

void items_add_text(struct items *items, const char *name, const char *text,
                    size_t size, int64_t now)
{
    uncut_add_text(&items->uncut, name, text, size, now);
}

void items_add_message(struct items *items, enum item_kind kind, const char *name,
                       const struct message_part *parts, size_t count, int64_t now)
{
    struct item *item = xcalloc(1, sizeof(*item));
    size_t offset = 0;

    item->kind = kind;
    item->name = name;
    item->parts = xcalloc(count ? count : 1, sizeof(*item->parts));
    item->part_count = count;
    for (size_t i = 0; i < count; i++)
        buf_add(&item->bytes, parts[i].data, parts[i].size);
    for (size_t i = 0; i < count; i++) {
        item->parts[i].data = buf_text(&item->bytes) + offset;
        item->parts[i].size = parts[i].size;
        offset += parts[i].size;
    }
    uncut_add_item(&items->uncut, item, item_size(item), now);
}

static struct item *next_result(struct item *item)
{
    while (item && item->kind != ITEM_RESULT)
        item = item->next;
    return item;
}

struct item *items_take(struct items *items)
{
    struct item *item = items->head;

    if (item) {
        if (items->result == item)
            items->result = next_result(item->next);
        items->head = item->next;
        if (!items->head)
            items->tail = NULL;
        item->next = NULL;
        if (!item->open)
            places_remove(&items->places, item);
        items->size -= item_size(item);
    }
    return item;
}

void items_clear(struct items *items)
{
    struct item *item;

    do {
        while ((item = items_take(items)))
            item_destroy(item);
        if (uncut_head(&items->uncut))
            items_cut(items);
    } while (items->head);
    places_clear(&items->places);
    uncut_clear(&items->uncut);
}

size_t items_size(const struct items *items)
{
    return items->size + places_size(&items->places) + uncut_size(&items->uncut);
}

static bool has_result_before(const struct items *items, const struct item *item)
{
    return items->result && items->result->place < item->place;
}

int64_t items_find(const struct items *items, const struct item *like)
{
    const struct item *found = NULL;

    if (!items->head)
        return -1;
    if (!like->open)
        found = places_find(&items->places, like);
    if (!found && items->tail->open && item_is_equal(items->tail, like))
        found = items->tail;
    if (!found || has_result_before(items, found))
        return -1;
    return (int64_t)(found->place - items->head->place);
}
