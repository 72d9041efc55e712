/* places.h - where in a queue an item stands
 *
 * Ranks drift apart, so the twin of a line may stand anywhere in the queue of
 * another rank.  Items come and go in order, and are found by their hash.
 */
#ifndef GATHER_PLACES_H
#define GATHER_PLACES_H

#include <stddef.h>

struct item;

/* Zeroed is empty. */
struct places {
    struct place *each;
    size_t size;  /* a power of two */
    size_t count; /* of items */
};

void places_clear(struct places *places);

/* The memory that they take. */
size_t places_size(const struct places *places);

/* Borrowed until places_remove(): 'item' is the newest, and does not change. */
void places_add(struct places *places, struct item *item);

/* 'item' is the oldest. */
void places_remove(struct places *places, struct item *item);

/* The oldest one that is equal to 'like', NULL when there is none.  May overlook one
 * among many others of its hash. */
const struct item *places_find(const struct places *places, const struct item *like);

#endif
