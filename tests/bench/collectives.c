/* collectives.c - what collectives of one host cost, by whatever MPI it is linked with
 *
 * Usage: mpiexec -n N collectives [BYTES...]
 *
 * Prints JSON: microseconds a call by "Allreduce 8 B" and so on, for the sizes given or
 * for those of the table below; the smallest of some tens of samples, each of as many
 * calls as take a third of a millisecond, and a barrier.  Roots rotate: with one root
 * for all calls those that send nothing back would not be waited for.  "loop" entries
 * use no MPI: an atomic counter in shared memory, and what each rank puts beside it,
 * with yields while waiting.
 */
#include <mpi.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE 300e-6 /* seconds */
#define BUDGET 0.2
#define LARGEST (1 << 20)
#define RANKS_MAX 64
#define SPINS 20

static int rank, ranks, turn;
static char *in, *out;

static struct shared {
    _Atomic unsigned count, generation;
    double value[2][RANKS_MAX];
} * shared;

/* ---- the calls ---- */

static void barrier(int bytes)
{
    MPI_Barrier(MPI_COMM_WORLD);
}

static void bcast(int bytes)
{
    MPI_Bcast(in, bytes, MPI_BYTE, turn++ % ranks, MPI_COMM_WORLD);
}

static void reduce(int bytes)
{
    MPI_Reduce(in, out, bytes / 8, MPI_DOUBLE, MPI_SUM, turn++ % ranks, MPI_COMM_WORLD);
}

static void allreduce(int bytes)
{
    MPI_Allreduce(in, out, bytes / 8, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

static void gather(int bytes)
{
    MPI_Gather(in, bytes, MPI_BYTE, out, bytes, MPI_BYTE, turn++ % ranks,
               MPI_COMM_WORLD);
}

static void scatter(int bytes)
{
    MPI_Scatter(out, bytes, MPI_BYTE, in, bytes, MPI_BYTE, turn++ % ranks,
                MPI_COMM_WORLD);
}

static void allgather(int bytes)
{
    MPI_Allgather(in, bytes, MPI_BYTE, out, bytes, MPI_BYTE, MPI_COMM_WORLD);
}

static void alltoall(int bytes)
{
    MPI_Alltoall(in, bytes, MPI_BYTE, out, bytes, MPI_BYTE, MPI_COMM_WORLD);
}

static void scan(int bytes)
{
    MPI_Scan(in, out, bytes / 8, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

static void loop_barrier(int bytes)
{
    unsigned now = atomic_load(&shared->generation);

    if (atomic_fetch_add(&shared->count, 1) == (unsigned)ranks - 1) {
        atomic_store(&shared->count, 0);
        atomic_store(&shared->generation, now + 1);
        return;
    }
    for (int i = 0; atomic_load(&shared->generation) == now; i++)
        if (i > SPINS)
            sched_yield();
}

static void loop_allreduce(int bytes)
{
    volatile double sum = 0;
    int side = turn++ & 1;

    shared->value[side][rank] = rank;
    loop_barrier(bytes);
    for (int i = 0; i < ranks; i++)
        sum += shared->value[side][i];
}

static const struct {
    const char *name;
    void (*call)(int bytes);
    bool is_sized, is_judged; /* part of the short table */
} calls[] = {
    { "Barrier", barrier, false, true },
    { "Bcast", bcast, true, true },
    { "Allreduce", allreduce, true, true },
    { "Allgather", allgather, true, true },
    { "Reduce", reduce, true, false },
    { "Gather", gather, true, false },
    { "Scatter", scatter, true, false },
    { "Alltoall", alltoall, true, false },
    { "Scan", scan, true, false },
    { "loop Barrier", loop_barrier, false, true },
    { "loop Allreduce", loop_allreduce, false, true },
};
#define CALLS ((int)(sizeof(calls) / sizeof(calls[0])))

/* ---- measuring ---- */

/* Seconds for one of 'count' calls, until all ranks have made them. */
static double sample(void (*call)(int bytes), int bytes, int count)
{
    double begin;

    MPI_Barrier(MPI_COMM_WORLD);
    begin = MPI_Wtime();
    for (int i = 0; i < count; i++)
        call(bytes);
    MPI_Barrier(MPI_COMM_WORLD);
    return (MPI_Wtime() - begin) / count;
}

static int between(double value, int least, int most)
{
    return value < least ? least : value > most ? most : (int)value;
}

static double measure(void (*call)(int bytes), int bytes)
{
    double best = sample(call, bytes, 10), next;
    int counts[2];

    counts[0] = between(SAMPLE / best, 10, 300);
    counts[1] = between(BUDGET / (counts[0] * best), 3, 60);
    MPI_Bcast(counts, 2, MPI_INT, 0, MPI_COMM_WORLD);
    for (int i = 0; i < counts[1]; i++)
        if ((next = sample(call, bytes, counts[0])) < best)
            best = next;
    return 1e6 * best;
}

static void print(const char *name, int bytes, double time)
{
    static const char *gap = "{";

    if (rank > 0)
        return;
    printf("%s\"%s", gap, name);
    if (bytes >= 1024)
        printf(" %d KiB", bytes / 1024);
    else if (bytes > 0)
        printf(" %d B", bytes);
    printf("\": %.4f", time);
    gap = ", ";
}

int main(int argc, char **argv)
{
    static const int judged[] = { 8, 4096 };
    int count = argc > 1 ? argc - 1 : 2;
    MPI_Win win;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    MPI_Win_allocate_shared(rank == 0 ? sizeof(*shared) : 0, 1, MPI_INFO_NULL,
                            MPI_COMM_WORLD, &shared, &win);
    if (rank == 0) {
        memset(shared, 0, sizeof(*shared));
    } else {
        MPI_Aint size;
        int unit;

        MPI_Win_shared_query(win, 0, &size, &unit, &shared);
    }
    in = calloc((size_t)ranks, LARGEST);
    out = calloc((size_t)ranks, LARGEST);
    for (int i = 0; i < CALLS; i++) {
        if (argc > 1 ? !calls[i].is_sized : !calls[i].is_judged)
            continue;
        for (int k = 0; k < (calls[i].is_sized ? count : 1); k++) {
            int bytes = !calls[i].is_sized ? 0
                        : argc > 1         ? atoi(argv[k + 1])
                                           : judged[k];

            print(calls[i].name, bytes, measure(calls[i].call, bytes));
        }
    }
    if (rank == 0)
        puts("}");
    MPI_Win_free(&win);
    MPI_Finalize();
    return 0;
}
