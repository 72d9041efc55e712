/* buf.h - bytes that grow
 *
 * The bytes are followed by a NUL that is not counted, so that text in a buf is
 * a C string.  Embedded: 'struct buf b = { 0 };' is an empty one.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

struct buf {
    char *data; /* NULL while nothing was added */
    size_t size;
    size_t capacity;
};

/* Frees the bytes; the buf is empty and may be used again. */
void buf_clear(struct buf *buf);

/* Forgets the bytes and keeps the memory. */
void buf_reset(struct buf *buf);

void buf_add(struct buf *buf, const void *data, size_t size);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_format(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));

/* Room for 'size' more bytes, which the caller fills and counts in 'size'. */
char *buf_reserve(struct buf *buf, size_t size);

/* Removes 'size' bytes from the front. */
void buf_remove(struct buf *buf, size_t size);

/* The bytes as a C string, "" when empty.  Borrowed. */
const char *buf_text(const struct buf *buf);

/* The bytes, to be freed by the caller; the buf is empty afterwards. */
char *buf_take(struct buf *buf);

#endif
