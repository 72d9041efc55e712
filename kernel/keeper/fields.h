/* fields.h - JSON objects without depth: {"reason": "stop", "rank": 3}
 *
 * The keeper says and hears no more JSON than that; everything richer passes through
 * it unread.
 */
#ifndef KEEPER_FIELDS_H
#define KEEPER_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/base/buf.h"

/* Writes: 'begin', fields, 'end'.  Text that is no UTF-8 has '?' for its bytes. */
void fields_begin(struct buf *out);
void fields_add_text(struct buf *out, const char *name, const char *text);
void fields_add_number(struct buf *out, const char *name, int64_t number);
void fields_add_real(struct buf *out, const char *name, double number);
void fields_add_bool(struct buf *out, const char *name, int is_true);
void fields_end(struct buf *out);

/* Reads one field of 'json'; -1 when it is not there or is of another kind.  The text
 * is added to 'out'. */
int fields_text(const char *json, const char *name, struct buf *out);
int fields_number(const char *json, const char *name, int64_t *out);

#endif
