/* word.c - the word protocol by itself: members that give up at random
 *
 * Usage: word MEMBERS ROUNDS ODDS, without mpiexec; members are threads.  Every
 * member notes what it got for each round; those of a round must agree.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "bindings/wait/word.h"
#include "tests/unit/tap.h"

#define MEMBERS_MAX 16

static _Atomic uint64_t words[WORD_RING];
static int members, rounds, odds;
static unsigned char *outcomes; /* by round, then by member */
static pthread_barrier_t healing;

static enum word_state meet(uint32_t sequence, int rank, unsigned *seed)
{
    _Atomic uint64_t *word = &words[sequence % WORD_RING];
    enum word_state state = word_arrive(word, sequence, 5, members, rank % 2);

    while (state == WORD_OPEN) {
        if (rand_r(seed) % odds == 0)
            state = word_leave(word, sequence, rank);
        else
            state = word_state(atomic_load(word));
        sched_yield();
    }
    return state;
}

static void *run(void *arg)
{
    int rank = (int)(intptr_t)arg;
    unsigned seed = (unsigned)rank * 7919 + 1;

    for (int i = 0; i < rounds; i++) {
        enum word_state state = meet((uint32_t)i + 1, rank, &seed);

        outcomes[i * members + rank] = (unsigned char)state;
        if (state != WORD_STARTED)
            pthread_barrier_wait(&healing);
    }
    return NULL;
}

static void stress(void)
{
    pthread_t threads[MEMBERS_MAX];
    int split = 0, started = 0;

    outcomes = calloc((size_t)rounds, (size_t)members);
    pthread_barrier_init(&healing, NULL, (unsigned)members);
    for (int i = 0; i < members; i++)
        pthread_create(&threads[i], NULL, run, (void *)(intptr_t)i);
    for (int i = 0; i < members; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < rounds; i++) {
        const unsigned char *row = &outcomes[i * members];

        for (int k = 1; k < members; k++)
            split += row[k] != row[0];
        started += row[0] == WORD_STARTED;
    }
    ok(split == 0, "no round of %d is split", rounds);
    ok(started > 0 && started < rounds, "some began (%d), some were left", started);
    free(outcomes);
}

static void letters(void)
{
    _Atomic uint64_t word = 0;

    is_int(word_arrive(&word, 1, 7, 3, false), WORD_OPEN, "the first to arrive waits");
    is_int(word_number(word), 1, "and is counted");
    is_int(word_arrive(&word, 1, 7, 3, false), WORD_OPEN, "so does the second");
    is_int(word_arrive(&word, 1, 7, 3, false), WORD_STARTED, "the last one starts it");
    is_int(word_leave(&word, 1, 2), WORD_STARTED, "too late to leave");
    word_fail(&word, 1, 2);
    is_int(word_state(word), WORD_FAILED, "a started call can fail");
    is_int(word_number(word), 2, "and names the member");
    word_fail(&word, 1, 1);
    is_int(word_number(word), 2, "the first one to fail");

    is_int(word_arrive(&word, 5, 7, 2, false), WORD_OPEN,
           "a later call takes the word over");
    is_int(word_arrive(&word, 5, 8, 2, false), WORD_MISMATCH,
           "another digest is a mismatch");
    is_int(word_arrive(&word, 5, 7, 2, false), WORD_MISMATCH,
           "for those who come later too");

    is_int(word_arrive(&word, 9, 7, 2, false), WORD_OPEN, "again");
    is_int(word_leave(&word, 9, 1), WORD_ABANDONED, "a member leaves");
    is_int(word_arrive(&word, 9, 7, 2, false), WORD_ABANDONED,
           "the other finds it left");
    word_fail(&word, 5, 0);
    is_int(word_state(word), WORD_ABANDONED, "an older call's failure changes nothing");
    is_int(word_arrive(&word, 13, 1, 1, false), WORD_STARTED,
           "alone, it starts at once");

    word = 0xffffffffull << 32 | 1ull << 12;
    is_int(word_arrive(&word, 3, 7, 2, false), WORD_OPEN, "sequences wrap");
}

int main(int argc, char **argv)
{
    members = argc > 1 ? atoi(argv[1]) : 4;
    rounds = argc > 2 ? atoi(argv[2]) : 20000;
    odds = argc > 3 ? atoi(argv[3]) : 50;
    letters();
    stress();
    return done_testing();
}
