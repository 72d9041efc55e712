/* wait_latency.c - what libmpiwait's calls cost, beside MPI's own
 *
 * Usage: mpiexec -n N wait_latency [ROUNDS]
 *
 * Rounds of the layer's call and of the plain PMPI one take turns in one process;
 * what is printed are medians over the rounds, in microseconds, their ratio, and
 * the spread (first and last quartile) of the layer's.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 101

static int rank, size;
static double out[131072], in[131072];

static void ring(int (*send)(const void *, int, MPI_Datatype, int, int, MPI_Comm),
                 int (*recv)(void *, int, MPI_Datatype, int, int, MPI_Comm,
                             MPI_Status *))
{
    if (rank == 0) {
        send(out, 1, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
        recv(in, 1, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (rank == 1) {
        recv(in, 1, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        send(out, 1, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD);
    }
}

#define PAIR(name, call)                                                               \
    static void layer_##name(void)                                                     \
    {                                                                                  \
        MPI_##call;                                                                    \
    }                                                                                  \
    static void plain_##name(void)                                                     \
    {                                                                                  \
        PMPI_##call;                                                                   \
    }

PAIR(barrier, Barrier(MPI_COMM_WORLD))
PAIR(bcast, Bcast(out, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD))
PAIR(allreduce, Allreduce(out, in, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD))
PAIR(megabyte, Allreduce(out, in, 131072, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD))

static void layer_ping(void)
{
    ring(MPI_Send, MPI_Recv);
}

static void plain_ping(void)
{
    ring(PMPI_Send, PMPI_Recv);
}

static const struct {
    const char *name;
    void (*layer)(void), (*plain)(void);
    int calls;     /* a round */
    double halves; /* of what is told in one call */
} rows[] = {
    { "8 B half round trip", layer_ping, plain_ping, 400, 2 },
    { "Barrier", layer_barrier, plain_barrier, 200, 1 },
    { "Bcast 8 B", layer_bcast, plain_bcast, 200, 1 },
    { "Allreduce 8 B", layer_allreduce, plain_allreduce, 200, 1 },
    { "Allreduce 1 MiB", layer_megabyte, plain_megabyte, 4, 1 },
};

static double measure(void (*call)(void), int calls)
{
    double start;

    PMPI_Barrier(MPI_COMM_WORLD);
    start = PMPI_Wtime();
    for (int i = 0; i < calls; i++)
        call();
    return (PMPI_Wtime() - start) / calls * 1e6;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 31;
    double layer[ROUNDS_MAX], plain[ROUNDS_MAX];

    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &(int){ 0 });
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (rounds < 1 || rounds > ROUNDS_MAX)
        rounds = ROUNDS_MAX;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (size < 2)
            continue;
        for (int k = 0; k < rounds; k++) {
            layer[k] = measure(rows[i].layer, rows[i].calls) / rows[i].halves;
            plain[k] = measure(rows[i].plain, rows[i].calls) / rows[i].halves;
        }
        qsort(layer, (size_t)rounds, sizeof(*layer), compare);
        qsort(plain, (size_t)rounds, sizeof(*plain), compare);
        if (rank == 0)
            printf("%d ranks  %-20s  layer %8.2f  plain %8.2f  ratio %5.2f  "
                   "(%.2f-%.2f)\n",
                   size, rows[i].name, layer[rounds / 2], plain[rounds / 2],
                   layer[rounds / 2] / plain[rounds / 2], layer[rounds / 4],
                   layer[rounds * 3 / 4]);
    }
    MPI_Finalize();
    return 0;
}
