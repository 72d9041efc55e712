/* buf.c - bytes that grow */
#include "kernel/base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

#define BUF_CAPACITY_MIN 64

/* Room for 'size' more bytes and the NUL. */
static void grow(struct buf *buf, size_t size)
{
    size_t need, capacity = buf->capacity ? buf->capacity : BUF_CAPACITY_MIN;

    if (__builtin_add_overflow(buf->size, size, &need)
        || __builtin_add_overflow(need, 1, &need))
        need = SIZE_MAX; /* xrealloc() ends the process */
    if (need <= buf->capacity)
        return;
    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? SIZE_MAX : capacity * 2;
    buf->data = xrealloc(buf->data, capacity);
    buf->capacity = capacity;
}

void buf_clear(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){ 0 };
}

void buf_reset(struct buf *buf)
{
    buf->size = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

void buf_add(struct buf *buf, const void *data, size_t size)
{
    if (!size)
        return;
    grow(buf, size);
    memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(size >= 0);
    grow(buf, (size_t)size);
    va_start(args, format);
    vsnprintf(buf->data + buf->size, (size_t)size + 1, format, args);
    va_end(args);
    buf->size += (size_t)size;
}

char *buf_reserve(struct buf *buf, size_t size)
{
    grow(buf, size);
    return buf->data + buf->size;
}

void buf_remove(struct buf *buf, size_t size)
{
    assert(size <= buf->size);
    if (!size)
        return;
    memmove(buf->data, buf->data + size, buf->size - size);
    buf->size -= size;
    buf->data[buf->size] = '\0';
}

const char *buf_text(const struct buf *buf)
{
    if (!buf->data)
        return "";
    buf->data[buf->size] = '\0'; /* buf_reserve() leaves it to the caller */
    return buf->data;
}

char *buf_take(struct buf *buf)
{
    char *data = buf->data ? buf->data : xstrdup("");

    data[buf->size] = '\0';
    *buf = (struct buf){ 0 };
    return data;
}
