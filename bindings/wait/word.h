/* word.h - the atomic word on which the members of a collective meet
 *
 * A collective that has begun cannot be taken back, so its members first decide
 * together, in one 64-bit word that they share, whether it begins:
 *
 *     sequence 32 | digest 16 | bare 1 | state 3 | number 12
 *
 * The sequence is the call's number on its communicator, the digest stands for
 * what all members must call alike.  'number' counts who has come while the word
 * is open, and names the member at fault once it is abandoned or failed.  The word
 * is bare when a member came without its data (carry.h); that holds for all of the
 * call, since members look at it once it has started, and it may have failed by then.
 *
 *     open -> started     by the last member to arrive
 *     open -> abandoned   by a member that gives up waiting
 *     open -> mismatch    by a member that brings another digest
 *     any  -> failed      by a member whose MPI call failed after the start
 *
 * One compare-and-swap decides each, so all members get the same answer.  This
 * holds because a member that got any answer but 'started' makes no further call
 * on the communicator until all have healed it: a word is never two calls behind,
 * and WORD_RING of them serve for ever.
 */
#ifndef WAIT_WORD_H
#define WAIT_WORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WORD_RING 4
#define WORD_MEMBERS 4095

enum word_state {
    WORD_OPEN,
    WORD_STARTED,
    WORD_ABANDONED,
    WORD_MISMATCH,
    WORD_FAILED,
};

static inline uint32_t word_sequence(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

static inline enum word_state word_state(uint64_t word)
{
    return (enum word_state)(word >> 12 & 7);
}

static inline bool word_is_bare(uint64_t word)
{
    return word >> 15 & 1;
}

static inline int word_number(uint64_t word)
{
    return (int)(word & 0xfff);
}

/* A member comes to call 'sequence', which has 'members' of them; 'bare': without its
 * data.  Returns the state that it made or found. */
enum word_state word_arrive(_Atomic uint64_t *word, uint32_t sequence, uint16_t digest,
                            int members, bool bare);

/* Member 'rank', which has arrived, gives up.  Returns WORD_ABANDONED when it or
 * another did, or the state that was reached before. */
enum word_state word_leave(_Atomic uint64_t *word, uint32_t sequence, int rank);

/* Member 'rank' could not do its part.  A word that already serves a later call
 * stays as it is. */
void word_fail(_Atomic uint64_t *word, uint32_t sequence, int rank);

#endif
