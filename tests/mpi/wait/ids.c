/* ids.c - collectives that were left cost MPI nothing
 *
 * Usage: ids ROUNDS.  In each round one rank is interrupted in a collective that the
 * others do not come to, on MPI_COMM_WORLD and on a duplicate by turns.  MPI has 2048
 * context ids: one lost a round, and the duplicates at the end are too many.
 */
#include "tests/mpi/wait/check.h"

#define DUPLICATES 2010

static int barrier(MPI_Comm comm)
{
    return MPI_Barrier(comm);
}

static int allreduce(MPI_Comm comm)
{
    int one = 1, sum;

    return MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
}

static int split(MPI_Comm comm)
{
    MPI_Comm half;

    return MPI_Comm_split(comm, 0, 0, &half);
}

static int create_group(MPI_Comm comm)
{
    MPI_Group group;
    MPI_Comm other;
    int rc;

    MPI_Comm_group(comm, &group);
    rc = MPI_Comm_create_group(comm, group, 3, &other);
    MPI_Group_free(&group);
    if (rc == MPI_SUCCESS)
        MPI_Comm_free(&other);
    return rc;
}

static const struct {
    const char *name;
    int (*call)(MPI_Comm comm);
} calls[] = {
    { "Barrier", barrier },
    { "Allreduce", allreduce },
    { "Comm_split", split },
    { "Comm_create_group", create_group },
};
#define CALLS (int)(sizeof(calls) / sizeof(calls[0]))

static void round_of(int number, MPI_Comm comm)
{
    int victim = number % check_size, one = 1, sum = 0, rc = MPI_SUCCESS;

    check_begin_cell();
    if (check_rank == victim) {
        pthread_t keeper = check_interrupt_in(calls[number % CALLS].name);

        rc = calls[number % CALLS].call(comm);
        check(check_reason(rc) == MPIWAIT_STOP, "round %d: %s", number, check_text(rc));
        pthread_join(keeper, NULL);
    }
    page_cell_end(check_page);
    rc = mpiwait_heal(0);
    check(rc == MPI_SUCCESS && !mpiwait_heal_text()[0], "round %d heals: %s%s", number,
          check_text(rc), mpiwait_heal_text());
    rc = MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
    check(rc == MPI_SUCCESS && sum == check_size, "round %d: %s", number,
          check_text(rc));
    check(number % 16 || !create_group(comm), "a group after round %d", number);
}

/* On a core that they share ranks yield instead of spinning: quick on a busy machine
 * too. */
static void share_core(void)
{
    cpu_set_t cores;

    CPU_ZERO(&cores);
    CPU_SET(sched_getcpu(), &cores);
    sched_setaffinity(0, sizeof(cores), &cores);
}

int main(int argc, char **argv)
{
    static MPI_Comm duplicates[DUPLICATES];
    int rounds = atoi(argv[1]), i;
    MPI_Comm other;

    share_core();
    check_init();
    alarm(50 + (unsigned)rounds / 10);
    MPI_Comm_dup(MPI_COMM_WORLD, &other);
    for (i = 0; i < rounds && !check_failed; i++)
        round_of(i, i % 2 ? other : MPI_COMM_WORLD);
    for (i = 0; i < DUPLICATES && !check_failed; i++)
        check(!MPI_Comm_dup(MPI_COMM_WORLD, &duplicates[i]), "duplicate %d", i);
    while (i > 0)
        MPI_Comm_free(&duplicates[--i]);
    MPI_Comm_free(&other);
    return check_done();
}
