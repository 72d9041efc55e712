/* idset.c - a set of small numbers, as a bitmap that grows */
#include "kernel/base/idset.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"

#define ID_MAX 1048575
#define WORD_BITS 64

struct idset {
    uint64_t *words;
    int count; /* of words; what lies above them is not in the set */
};

struct idset *idset_create(void)
{
    return xcalloc(1, sizeof(struct idset));
}

struct idset *idset_copy(const struct idset *set)
{
    struct idset *copy = idset_create();

    copy->count = set->count;
    copy->words = xmemdup(set->words, (size_t)set->count * sizeof(*set->words));
    return copy;
}

void idset_destroy(struct idset *set)
{
    if (!set)
        return;
    free(set->words);
    free(set);
}

/* Words that are enough for 'id'. */
static void grow(struct idset *set, int id)
{
    int word = id / WORD_BITS, count;

    if (word < set->count)
        return;
    count = word < 2 * set->count ? 2 * set->count : word + 1;
    set->words = xrealloc(set->words, (size_t)count * sizeof(*set->words));
    memset(set->words + set->count, 0,
           (size_t)(count - set->count) * sizeof(*set->words));
    set->count = count;
}

void idset_add(struct idset *set, int id)
{
    assert(id >= 0 && id <= ID_MAX);
    grow(set, id);
    set->words[id / WORD_BITS] |= UINT64_C(1) << (id % WORD_BITS);
}

/* A word at a time: "0-1048575,0-1048575,..." is one short line to write. */
static void add_range(struct idset *set, int first, int last)
{
    int word, low, high;

    assert(first >= 0 && first <= last && last <= ID_MAX);
    grow(set, last);
    for (word = first / WORD_BITS; word <= last / WORD_BITS; word++) {
        low = word == first / WORD_BITS ? first % WORD_BITS : 0;
        high = word == last / WORD_BITS ? last % WORD_BITS : WORD_BITS - 1;
        set->words[word] |= ~UINT64_C(0) >> (WORD_BITS - 1 - high + low) << low;
    }
}

struct idset *idset_create_range(int first, int count)
{
    struct idset *set = idset_create();

    if (count > 0)
        add_range(set, first, first + count - 1);
    return set;
}

void idset_remove(struct idset *set, int id)
{
    assert(id >= 0 && id <= ID_MAX);
    if (id / WORD_BITS < set->count)
        set->words[id / WORD_BITS] &= ~(UINT64_C(1) << (id % WORD_BITS));
}

bool idset_has(const struct idset *set, int id)
{
    assert(id >= 0 && id <= ID_MAX);
    return id / WORD_BITS < set->count
           && (set->words[id / WORD_BITS] >> (id % WORD_BITS) & 1);
}

int idset_count(const struct idset *set)
{
    int i, count = 0;

    for (i = 0; i < set->count; i++)
        count += __builtin_popcountll(set->words[i]);
    return count;
}

bool idset_is_equal(const struct idset *a, const struct idset *b)
{
    const struct idset *longer = a->count > b->count ? a : b;
    int i, common = a->count < b->count ? a->count : b->count;

    for (i = 0; i < longer->count; i++)
        if (longer->words[i] != (i < common ? (longer == a ? b : a)->words[i] : 0))
            return false;
    return true;
}

int idset_first(const struct idset *set)
{
    return idset_next(set, -1);
}

int idset_next(const struct idset *set, int id)
{
    int start = id + 1, word = start / WORD_BITS;
    uint64_t bits;

    assert(id >= -1 && id <= ID_MAX);
    for (; word < set->count; word++) {
        bits = set->words[word];
        if (word == start / WORD_BITS)
            bits &= ~UINT64_C(0) << (start % WORD_BITS);
        if (bits)
            return word * WORD_BITS + __builtin_ctzll(bits);
    }
    return -1;
}

char *idset_encode(const struct idset *set)
{
    struct buf out = { 0 };
    int first = idset_first(set), last;

    while (first >= 0) {
        for (last = first; last < ID_MAX && idset_has(set, last + 1); last++)
            ;
        buf_add_format(&out, "%s%d", out.size ? "," : "", first);
        if (last > first)
            buf_add_format(&out, "-%d", last);
        first = idset_next(set, last);
    }
    return buf_take(&out);
}

/* Reads one number at '*text' and moves it on; -1 when none is there, or a number
 * above 'ID_MAX'. */
static int decode_number(const char **text)
{
    int number = 0;

    if (**text < '0' || **text > '9')
        return -1;
    for (; **text >= '0' && **text <= '9'; (*text)++)
        if ((number = number * 10 + (**text - '0')) > ID_MAX)
            return -1;
    return number;
}

struct idset *idset_decode(const char *text, struct error *err)
{
    struct idset *set = idset_create();
    const char *pos = text;
    int first, last;

    if (!*text)
        return set;
    for (;;) {
        first = last = decode_number(&pos);
        if (first >= 0 && *pos == '-') {
            pos++;
            last = decode_number(&pos);
        }
        if (first < 0 || last < first || (*pos && *pos != ','))
            break;
        add_range(set, first, last);
        if (!*pos)
            return set;
        pos++;
    }
    error_set(err, "\"%.60s\" is no set of numbers like 0-3,7", text);
    idset_destroy(set);
    return NULL;
}
