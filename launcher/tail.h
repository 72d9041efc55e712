/* tail.h - the last bytes of what a program wrote */
#ifndef LAUNCHER_TAIL_H
#define LAUNCHER_TAIL_H

#include <stddef.h>

#define TAIL_MAX 8192

struct tail {
    size_t size;
    char data[TAIL_MAX];
};

void tail_add(struct tail *tail, const void *data, size_t size);

/* As text of at most 'max' bytes with its NUL: whole lines, when it was cut and
 * there is a line end; NULs and white space at the end are left out. */
void tail_text(const struct tail *tail, char *text, size_t max);

#endif
