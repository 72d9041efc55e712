/* item.h - one thing that a rank wrote or showed, and the line of them */
#ifndef GATHER_ITEM_H
#define GATHER_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/base/buf.h"
#include "kernel/front/gather/color.h"
#include "kernel/front/gather/places.h"
#include "kernel/front/gather/uncut.h"
#include "kernel/jupyter/message.h"

enum item_kind {
    ITEM_LINE,    /* text up to and with its '\n' or '\r', of the stream 'name'; or
                     several such lines, which all ranks wrote */
    ITEM_DISPLAY, /* a message of the type 'name' */
    ITEM_CLEAR,   /* a clear_output */
    ITEM_RESULT,  /* an execute_result */
    ITEM_COMM,    /* a message 'name' of a comm */
};

struct item {
    struct item *next;
    enum item_kind kind;
    const char *name;   /* static text */
    bool open;          /* a line that may still grow */
    bool is_rest;       /* its beginning is an item of its own */
    int64_t arrived;    /* when it came, or was whole */
    uint64_t write;     /* it came with */
    uint64_t hash;      /* of the bytes, while not open */
    uint64_t place;     /* how many items of its rank came before it */
    struct item *twin;  /* the next one in its place (places.h), not open either */
    struct color color; /* in which its text begins */
    struct buf bytes;   /* text, or content and buffers one after the other */
    size_t part_count;
    struct message_part *parts; /* content, (of a comm: metadata,) buffers...: point
                                   into 'bytes' */
};

/* One of the two streams of a rank, after all text so far. */
struct item_stream {
    bool is_broken; /* its last line has no end */
    struct color_reader reader;
};

/* What one rank said and is not given out yet, oldest first.  Zeroed is empty. */
struct items {
    struct item *head; /* what follows the tail is uncut */
    struct item *tail;
    uint64_t count;       /* of all items that ever came */
    struct item *result;  /* the first one that is a result, NULL: there is none */
    size_t size;          /* of the memory of these */
    struct places places; /* those that are not open */
    struct item_stream streams[2];
    struct uncut uncut;
};

void item_destroy(struct item *item);

struct item *item_copy(const struct item *item);

/* The same thing, whoever wrote it. */
bool item_is_equal(const struct item *a, const struct item *b);

/* What an item costs, in memory. */
size_t item_size(const struct item *item);

/* Both stay uncut. */
void items_add_text(struct items *items, const char *name, const char *text,
                    size_t size, int64_t now);
void items_add_message(struct items *items, enum item_kind kind, const char *name,
                       const struct message_part *parts, size_t count, int64_t now);

/* Makes items of the oldest part of what is uncut, of which there is some: text is cut
 * into lines; a last one without an end stays open and grows. */
void items_cut(struct items *items);

/* The memory that all of it takes. */
size_t items_size(const struct items *items);

/* The stream 'name', after all text that was cut. */
struct item_stream *items_stream(struct items *items, const char *name);

/* The first item, to be destroyed by the caller; NULL when there is none but
 * uncut ones. */
struct item *items_take(struct items *items);
void items_clear(struct items *items);

/* How many items stand before the first one that is equal to 'like'; -1 when there
 * is none, or when a result stands between, which nothing overtakes. */
int64_t items_find(const struct items *items, const struct item *like);

#endif
