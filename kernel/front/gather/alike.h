/* alike.h - texts that are equal but for addresses in memory
 *
 * Every rank has its own: "<Line2D at 0x7f5d0c2b1e50>", "buf=0x5585f433a590".  Nobody
 * wants four tracebacks, or a labelled line for each rank, because of them.
 */
#ifndef GATHER_ALIKE_H
#define GATHER_ALIKE_H

#include <stdbool.h>
#include <stddef.h>

/* An address is "0x" and at least six hexadecimal digits. */
bool alike(const char *a, size_t a_size, const char *b, size_t b_size);

#endif
