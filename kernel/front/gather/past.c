/* past.c - what a cell shows now, by whom */
#include "kernel/front/gather/past.h"

#include <stdlib.h>

#include "kernel/base/mem.h"

struct entry {
    struct entry *next;
    struct item *item;
    struct idset *ranks;
    bool is_labelled;
    bool is_alone;
};

struct past {
    struct entry *first;
    struct entry **end; /* where the next one is linked */
    size_t size;
    struct idset *ranks; /* of all that is shown */
    bool is_given_up;
};

/* The memory that it takes here. */
static size_t cost_of(const struct item *item)
{
    return item_size(item) + sizeof(struct entry);
}

static void forget(struct past *past, struct entry **link)
{
    struct entry *entry = *link;

    *link = entry->next;
    if (past->end == &entry->next)
        past->end = link;
    past->size -= cost_of(entry->item);
    item_destroy(entry->item);
    idset_destroy(entry->ranks);
    free(entry);
}

struct past *past_create(void)
{
    struct past *past = xcalloc(1, sizeof(*past));

    past->end = &past->first;
    past->ranks = idset_create();
    return past;
}

void past_clear(struct past *past)
{
    while (past->first)
        forget(past, &past->first);
    idset_destroy(past->ranks);
    past->ranks = idset_create();
    past->is_given_up = false;
}

void past_destroy(struct past *past)
{
    if (!past)
        return;
    past_clear(past);
    idset_destroy(past->ranks);
    free(past);
}

void past_give_up(struct past *past)
{
    while (past->first)
        forget(past, &past->first);
    past->is_given_up = true;
}

void past_add(struct past *past, const struct said *said)
{
    struct entry *entry;

    for (int rank = idset_first(said->ranks); rank >= 0;
         rank = idset_next(said->ranks, rank))
        idset_add(past->ranks, rank);
    if (past->size + cost_of(said->item) > PAST_MAX)
        past_give_up(past);
    if (past->is_given_up)
        return;
    entry = xcalloc(1, sizeof(*entry));
    entry->item = item_copy(said->item);
    entry->ranks = idset_copy(said->ranks);
    entry->is_labelled = said->is_labelled;
    entry->is_alone = said->is_alone;
    *past->end = entry;
    past->end = &entry->next;
    past->size += cost_of(entry->item);
}

static bool has_others(const struct idset *all, const struct idset *ranks)
{
    for (int rank = idset_first(all); rank >= 0; rank = idset_next(all, rank))
        if (!idset_has(ranks, rank))
            return true;
    return false;
}

bool past_is_of(const struct past *past, const struct idset *ranks)
{
    return !has_others(past->ranks, ranks);
}

static void remove_ranks(struct idset *from, const struct idset *ranks)
{
    for (int rank = idset_first(ranks); rank >= 0; rank = idset_next(ranks, rank))
        idset_remove(from, rank);
}

bool past_remove(struct past *past, const struct idset *ranks)
{
    struct entry **link = &past->first;
    bool is_changed = false;

    if (past->is_given_up)
        return false;
    while (*link) {
        int before = idset_count((*link)->ranks);

        remove_ranks((*link)->ranks, ranks);
        is_changed = is_changed || idset_count((*link)->ranks) < before;
        if (idset_count((*link)->ranks) == 0) {
            forget(past, link);
            continue;
        }
        if (idset_count((*link)->ranks) < before)
            (*link)->is_labelled = true;
        link = &(*link)->next;
    }
    remove_ranks(past->ranks, ranks);
    return is_changed;
}

void past_show(const struct past *past, past_f show, void *arg)
{
    for (const struct entry *entry = past->first; entry; entry = entry->next)
        show(&(struct said){ .item = entry->item,
                             .ranks = entry->ranks,
                             .is_labelled = entry->is_labelled,
                             .is_alone = entry->is_alone },
             arg);
}
