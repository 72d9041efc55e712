/* slots.c - communicators beyond those that have slots; a Stop between two halves
 *
 * Usage: slots FILE, which does not exist yet.
 */
#include "tests/mpi/wait/check.h"

#define MANY 300 /* more than there are slabs of slots */

static void use(MPI_Comm comm, int idx)
{
    int one = 1, sum = 0, value = check_rank == idx % check_size ? idx : -1;

    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm);
    MPI_Bcast(&value, 1, MPI_INT, idx % check_size, comm);
    check(sum == check_size && value == idx, "communicator %d: %d, %d", idx, sum,
          value);
}

static void many(void)
{
    static MPI_Comm comms[MANY];

    for (int i = 0; i < MANY; i++)
        MPI_Comm_dup(MPI_COMM_WORLD, &comms[i]);
    for (int i = 0; i < MANY; i++)
        use(comms[i], i);
    for (int i = 0; i < MANY; i++)
        MPI_Comm_free(&comms[i]);
}

static const char *file;

/* Adds; on the first rank, when all others have given up. */
static void add_late(void *in, void *inout, int *count, MPI_Datatype *type)
{
    for (int i = 0; i < *count; i++)
        ((int *)inout)[i] += ((int *)in)[i];
    while (access(file, F_OK) != 0)
        sched_yield();
}

/* The others wait for the result, which the first rank still makes. */
static void stop_between(void)
{
    int one = 1, sum = 0, rc;
    pthread_t keeper;
    MPI_Op op;

    check_begin_cell();
    MPI_Op_create(add_late, 1, &op);
    if (check_rank == 1)
        keeper = check_interrupt_in("Allreduce");
    rc = MPI_Allreduce(&one, &sum, 1, MPI_INT, op, MPI_COMM_WORLD);
    if (check_rank == 1) {
        check(check_reason(rc) == MPIWAIT_STOP, "the Stop: %s", check_text(rc));
        pthread_join(keeper, NULL);
        fclose(fopen(file, "w"));
    } else {
        check(check_reason(rc) == MPIWAIT_CLOSED, "it was left: %s", check_text(rc));
    }
    page_cell_end(check_page);
    check(!mpiwait_heal(0), "healing");
    check_begin_cell();
    rc = MPI_Allreduce(&one, &sum, 1, MPI_INT, op, MPI_COMM_WORLD);
    check(!rc && sum == check_size, "again: %d, %s", sum, check_text(rc));
    MPI_Op_free(&op);
}

int main(int argc, char **argv)
{
    check_init();
    for (int i = 0; i < 3; i++)
        many();
    file = argv[1];
    if (check_size > 1)
        stop_between();
    return check_done();
}
