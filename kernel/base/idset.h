/* idset.h - a set of small numbers, above all of ranks: "0-3,7"
 *
 * Written as sorted, comma-separated numbers and ranges, without spaces.
 */
#ifndef BASE_IDSET_H
#define BASE_IDSET_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/base/error.h"

struct idset;

/* An empty set. */
struct idset *idset_create(void);

/* The set {first, ..., first + count - 1}. */
struct idset *idset_create_range(int first, int count);
struct idset *idset_copy(const struct idset *set);

/* Reads "0-3,7" ("" is the empty set).  Returns NULL and sets 'err'. */
struct idset *idset_decode(const char *text, struct error *err);

/* Accepts NULL. */
void idset_destroy(struct idset *set);

/* Numbers are from 0 to 1048575; others are refused by assert. */
void idset_add(struct idset *set, int id);
void idset_remove(struct idset *set, int id);
bool idset_has(const struct idset *set, int id);
int idset_count(const struct idset *set);
bool idset_is_equal(const struct idset *a, const struct idset *b);

/* Iteration: the smallest member, the next one above 'id'; -1 at the end. */
int idset_first(const struct idset *set);
int idset_next(const struct idset *set, int id);

/* "0-3,7", to be freed by the caller. */
char *idset_encode(const struct idset *set);

#endif
