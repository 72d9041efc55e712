/* tail.c - the last bytes of what a program wrote */
#include "launcher/tail.h"

#include <stdbool.h>
#include <string.h>

void tail_add(struct tail *tail, const void *data, size_t size)
{
    const char *from = data;
    size_t kept;

    if (size > TAIL_MAX) {
        from += size - TAIL_MAX;
        size = TAIL_MAX;
    }
    kept = tail->size < TAIL_MAX - size ? tail->size : TAIL_MAX - size;
    memmove(tail->data, tail->data + tail->size - kept, kept);
    memcpy(tail->data + kept, from, size);
    tail->size = kept + size;
}

void tail_text(const struct tail *tail, char *text, size_t max)
{
    const char *from = tail->data, *end = tail->data + tail->size, *line;
    bool is_cut = tail->size == TAIL_MAX; /* maybe, at a line's beginning */
    size_t size = 0;

    while (end > from && strchr(" \t\r\n", end[-1])) /* NUL too */
        end--;
    if ((size_t)(end - from) >= max) {
        from = end - (max - 1);
        is_cut = from[-1] != '\n';
    }
    if (is_cut && (line = memchr(from, '\n', (size_t)(end - from))))
        from = line + 1;
    for (; from < end; from++)
        if (*from)
            text[size++] = *from;
    text[size] = '\0';
}
