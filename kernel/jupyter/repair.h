/* repair.h - JSON that Jansson refuses and others write
 *
 * Python writes integers of any size, lone surrogates and NaN; a message is not
 * worth losing for one of them.
 */
#ifndef JUPYTER_REPAIR_H
#define JUPYTER_REPAIR_H

#include <stddef.h>

/* The same text where what Jansson cannot hold is the nearest that it can: large
 * integers become reals; NaN, infinities and reals beyond a double null; lone
 * surrogates, and bytes that are no UTF-8, U+FFFD.  To be freed. */
char *repair_json(const void *text, size_t size, size_t *result_size);

#endif
