/* wait_latency.c - what libmpiwait's calls cost, beside MPI's own
 *
 * Usage: mpiexec -n N wait_latency ROUNDS FEWER
 *
 * Rounds of the layer's call and of the plain PMPI one take turns in one process.
 * Prints JSON: for each call the microseconds of the layer's rounds, and of the plain
 * ones.  FEWER divides how many calls a round has.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 101

static int rank, size;
#define MIB 131072
static double out[MIB], in[MIB];

static void
ring(int count, int (*send)(const void *, int, MPI_Datatype, int, int, MPI_Comm),
     int (*recv)(void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Status *))
{
    if (rank == 0) {
        send(out, count, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
        recv(in, count, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (rank == 1) {
        recv(in, count, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        send(out, count, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD);
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
PAIR(allreduce_mib, Allreduce(out, in, MIB, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD))
PAIR(bcast_mib, Bcast(out, MIB, MPI_DOUBLE, 0, MPI_COMM_WORLD))

static void layer_ping(void)
{
    ring(1, MPI_Send, MPI_Recv);
}

static void plain_ping(void)
{
    ring(1, PMPI_Send, PMPI_Recv);
}

static void layer_ping_mib(void)
{
    ring(MIB, MPI_Send, MPI_Recv);
}

static void plain_ping_mib(void)
{
    ring(MIB, PMPI_Send, PMPI_Recv);
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
    { "1 MiB half round trip", layer_ping_mib, plain_ping_mib, 8, 2 },
    { "Bcast 1 MiB", layer_bcast_mib, plain_bcast_mib, 8, 1 },
    { "Allreduce 1 MiB", layer_allreduce_mib, plain_allreduce_mib, 4, 1 },
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

static void print(const double *times, int rounds)
{
    for (int i = 0; i < rounds; i++)
        printf("%s%.4f", i ? ", " : "[", times[i]);
    printf("]");
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 31, fewer = argc > 2 ? atoi(argv[2]) : 1;
    double layer[ROUNDS_MAX], plain[ROUNDS_MAX];

    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &(int){ 0 });
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (rounds < 1 || rounds > ROUNDS_MAX)
        rounds = ROUNDS_MAX;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int calls = rows[i].calls > fewer ? rows[i].calls / fewer : 1;

        for (int k = 0; k < rounds; k++) {
            layer[k] = measure(rows[i].layer, calls) / rows[i].halves;
            plain[k] = measure(rows[i].plain, calls) / rows[i].halves;
        }
        if (rank != 0)
            continue;
        printf("%s\"%s\": [", i ? ",\n" : "{", rows[i].name);
        print(layer, rounds);
        printf(", ");
        print(plain, rounds);
        printf("]");
    }
    if (rank == 0)
        printf("}\n");
    MPI_Finalize();
    return 0;
}
