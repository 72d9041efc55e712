/* word.c - the atomic word on which the members of a collective meet */
#include "bindings/wait/word.h"

#define WORD_BARE (1u << 15)

static uint64_t word_make(uint32_t sequence, uint16_t digest, enum word_state state,
                          int number)
{
    return (uint64_t)sequence << 32 | (uint64_t)digest << 16 | (uint64_t)state << 12
           | (uint64_t)(number & 0xfff);
}

static uint16_t word_digest(uint64_t word)
{
    return (uint16_t)(word >> 16);
}

/* Sequences wrap: how far 'word' is ahead of 'sequence'. */
static int32_t word_ahead(uint64_t word, uint32_t sequence)
{
    return (int32_t)(word_sequence(word) - sequence);
}

enum word_state word_arrive(_Atomic uint64_t *word, uint32_t sequence, uint16_t digest,
                            int members, bool bare)
{
    uint64_t old = atomic_load_explicit(word, memory_order_acquire), next, flag;
    enum word_state state;
    int count;

    do {
        count = 1;
        state = WORD_OPEN;
        flag = bare ? WORD_BARE : 0;
        if (word_ahead(old, sequence) == 0) {
            if (word_state(old) != WORD_OPEN)
                return word_state(old);
            if (word_digest(old) != digest)
                state = WORD_MISMATCH;
            count = word_number(old) + 1;
            flag |= old & WORD_BARE;
        }
        if (state == WORD_OPEN && count == members)
            state = WORD_STARTED;
        next = word_make(sequence, digest, state, count) | flag;
    } while (!atomic_compare_exchange_weak(word, &old, next));
    return state;
}

enum word_state word_leave(_Atomic uint64_t *word, uint32_t sequence, int rank)
{
    uint64_t old = atomic_load_explicit(word, memory_order_acquire);

    for (;;) {
        if (word_state(old) != WORD_OPEN)
            return word_state(old);
        if (atomic_compare_exchange_weak(
                word, &old,
                word_make(sequence, word_digest(old), WORD_ABANDONED, rank)))
            return WORD_ABANDONED;
    }
}

void word_fail(_Atomic uint64_t *word, uint32_t sequence, int rank)
{
    uint64_t old = atomic_load_explicit(word, memory_order_acquire);

    do {
        if (word_ahead(old, sequence) > 0
            || (word_ahead(old, sequence) == 0 && word_state(old) == WORD_FAILED))
            return;
    } while (!atomic_compare_exchange_weak(
        word, &old,
        word_make(sequence, word_digest(old), WORD_FAILED, rank) | (old & WORD_BARE)));
}
