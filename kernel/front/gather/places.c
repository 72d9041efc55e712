/* places.c - where in a queue an item stands */
#include "kernel/front/gather/places.h"

#include <stdlib.h>

#include "kernel/base/mem.h"
#include "kernel/front/gather/item.h"

#define SIZE_MIN 64
#define STEPS_MAX 32
#define KEPT_MAX 4096 /* places that are kept when all are free */

/* Oldest first, linked by 'twin'. */
struct place {
    struct item *first;
    struct item *last;
};

static struct place *place_of(const struct places *places, const struct item *item)
{
    return &places->each[item->hash & (places->size - 1)];
}

static void append(struct places *places, struct item *item)
{
    struct place *place = place_of(places, item);

    item->twin = NULL;
    if (place->first)
        place->last->twin = item;
    else
        place->first = item;
    place->last = item;
}

static void grow(struct places *places)
{
    struct place *old = places->each;
    size_t count = places->size;

    places->size = count ? 2 * count : SIZE_MIN;
    places->each = xcalloc(places->size, sizeof(*places->each));
    for (size_t i = 0; i < count; i++) {
        for (struct item *item = old[i].first, *next; item; item = next) {
            next = item->twin;
            append(places, item);
        }
    }
    free(old);
}

void places_add(struct places *places, struct item *item)
{
    if (places->count == places->size)
        grow(places);
    append(places, item);
    places->count++;
}

void places_remove(struct places *places, struct item *item)
{
    place_of(places, item)->first = item->twin;
    if (--places->count == 0 && places->size > KEPT_MAX)
        places_clear(places);
}

const struct item *places_find(const struct places *places, const struct item *like)
{
    const struct item *item;

    if (places->count == 0)
        return NULL;
    item = place_of(places, like)->first;
    for (int steps = 0; item && steps < STEPS_MAX; steps++, item = item->twin)
        if (item->hash == like->hash && item_is_equal(item, like))
            return item;
    return NULL;
}

size_t places_size(const struct places *places)
{
    return places->size * sizeof(*places->each);
}

void places_clear(struct places *places)
{
    free(places->each);
    *places = (struct places){ 0 };
}
