/* stress.c - members that give up at random: all begin or none does
 *
 * Every rank is interrupted at random moments while all run through collectives.
 * After each round the ranks tell what came of it; an Allreduce that one member
 * finished and another did not is a split, and there must be none.
 */
#include "tests/mpi/wait/check.h"

#include <stdatomic.h>

#define ROUNDS 400

static atomic_bool over;

/* Interrupts at random: as fast as it is scheduled, for a random number of looks. */
static void *harass(void *unused)
{
    unsigned seed = (unsigned)check_rank * 7919 + 1;

    while (!atomic_load(&over)) {
        if (rand_r(&seed) % 256 == 0)
            page_interrupt(check_page, PAGE_REASON_STOP, -1, "");
        sched_yield();
    }
    return NULL;
}

static void come_late(void)
{
    static unsigned seed;

    if (!seed)
        seed = (unsigned)check_rank + 1;
    for (int late = rand_r(&seed) % 200; late > 0; late--)
        sched_yield();
}

static int one_round(int round)
{
    int in = check_rank + round, out = 0, want, rc;

    come_late();
    if (round % 3 == 0)
        return MPI_Barrier(MPI_COMM_WORLD);
    rc = round % 3 == 1 ? MPI_Allreduce(&in, &out, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD)
                        : MPI_Bcast(&in, 1, MPI_INT, 0, MPI_COMM_WORLD);
    want = check_size * (check_size - 1) / 2 + check_size * round;
    if (rc == MPI_SUCCESS && round % 3 == 1)
        check(out == want, "round %d: %d, not %d", round, out, want);
    if (rc == MPI_SUCCESS && round % 3 == 2)
        check(in == round, "round %d: %d", round, in);
    return rc;
}

static int collectives(MPI_Comm tell)
{
    int stopped = 0, counts[2];

    for (int round = 0; round < ROUNDS; round++) {
        int done = one_round(round) == MPI_SUCCESS;

        page_cell_end(check_page);
        PMPI_Allreduce(&done, &counts[0], 1, MPI_INT, MPI_MIN, tell);
        PMPI_Allreduce(&done, &counts[1], 1, MPI_INT, MPI_MAX, tell);
        check(counts[0] == counts[1], "round %d is split", round);
        stopped += !counts[0];
        check(mpiwait_heal(0) == MPI_SUCCESS, "healing after round %d", round);
        check_begin_cell();
    }
    return stopped;
}

/* A receive that is cancelled loses no message: each is received once, in order. */
static int messages(void)
{
    int left = (check_rank + check_size - 1) % check_size, stopped = 0, got;
    MPI_Request request;

    for (int round = 0; round < ROUNDS; round++) {
        come_late();
        MPI_Isend(&round, 1, MPI_INT, (check_rank + 1) % check_size, 9, MPI_COMM_WORLD,
                  &request);
        while (MPI_Recv(&got, 1, MPI_INT, left, 9, MPI_COMM_WORLD, MPI_STATUS_IGNORE)
               != MPI_SUCCESS) {
            stopped++;
            check_begin_cell();
        }
        check(got == round, "message %d came, not %d", got, round);
        while (MPI_Wait(&request, MPI_STATUS_IGNORE) != MPI_SUCCESS)
            check_begin_cell();
    }
    return stopped;
}

int main(void)
{
    int stopped[2];
    pthread_t keeper;
    MPI_Comm tell;

    check_init();
    PMPI_Comm_dup(MPI_COMM_WORLD, &tell); /* the layer knows nothing of its calls */
    check_begin_cell();
    pthread_create(&keeper, NULL, harass, NULL);
    stopped[0] = collectives(tell);
    stopped[1] = messages();
    atomic_store(&over, true);
    pthread_join(keeper, NULL);
    if (check_rank == 0)
        printf("%d of %d collectives and %d receives were stopped\n", stopped[0],
               ROUNDS, stopped[1]);
    PMPI_Comm_free(&tell);
    return check_done();
}
