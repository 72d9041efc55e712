/* text.h - bytes that should be UTF-8, as JSON
 *
 * Bytes that are no UTF-8, and lone surrogates, become U+FFFD.
 */
#ifndef JUPYTER_TEXT_H
#define JUPYTER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/base/buf.h"

/* It is UTF-8. */
bool text_is_clean(const char *text, size_t size);

/* Adds the text itself. */
void text_add_clean(struct buf *out, const char *text, size_t size);

/* Adds a JSON string with its quotes: in one pass, for text that is long. */
void text_add_json(struct buf *out, const char *text, size_t size);

/* How many bytes at the end of 'text' begin a character that is not whole. */
size_t text_partial(const char *text, size_t size);

#endif
