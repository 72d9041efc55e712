/* alike.c - texts that are equal but for addresses in memory */
#include "kernel/front/gather/alike.h"

#include <ctype.h>
#include <string.h>

enum { DIGITS_MIN = 6 };

/* The size of the address that 'text' begins with; 0 when it begins with none. */
static size_t address_size(const char *text, size_t size)
{
    size_t end = 2;

    if (size < 2 + DIGITS_MIN || memcmp(text, "0x", 2) != 0)
        return 0;
    while (end < size && isxdigit((unsigned char)text[end]))
        end++;
    return end < 2 + DIGITS_MIN ? 0 : end;
}

bool alike(const char *a, size_t a_size, const char *b, size_t b_size)
{
    while (a_size > 0 && b_size > 0) {
        size_t a_step = address_size(a, a_size), b_step = address_size(b, b_size);

        if (!a_step || !b_step) {
            if (*a != *b)
                return false;
            a_step = b_step = 1;
        }
        a += a_step;
        a_size -= a_step;
        b += b_step;
        b_size -= b_step;
    }
    return a_size == b_size;
}
