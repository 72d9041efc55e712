/* mpi_in_c.c - what MPI's own blocking calls cost in C, for comparison
 *
 * Usage: mpiexec -n 1|2 mpi_in_c
 *
 * Prints the JSON that mpi_alone.py (one rank, nanoseconds a call) or mpi_pair.py
 * (two ranks, microseconds for one way) prints, under the same names.  Links no
 * libmpiwait: these are the figures of the MPI library alone.
 */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define REPEATS 25

static double in[4], out[4];
static MPI_Win win;
static int rank;

/* ------------------------------------------------------------ one rank */
static void get_rank(void)
{
    MPI_Comm_rank(MPI_COMM_SELF, &rank);
}

static void iprobe(void)
{
    int found;

    MPI_Iprobe(0, 0, MPI_COMM_SELF, &found, MPI_STATUS_IGNORE);
}

static void barrier(void)
{
    MPI_Barrier(MPI_COMM_SELF);
}

static void send(void)
{
    MPI_Send_c(out, 4, MPI_DOUBLE, MPI_PROC_NULL, 0, MPI_COMM_SELF);
}

static void recv(void)
{
    MPI_Recv_c(in, 4, MPI_DOUBLE, MPI_PROC_NULL, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE);
}

static void sendrecv(void)
{
    MPI_Sendrecv_c(out, 4, MPI_DOUBLE, 0, 0, in, 4, MPI_DOUBLE, 0, 0, MPI_COMM_SELF,
                   MPI_STATUS_IGNORE);
}

static void isend_null(void)
{
    MPI_Request request;

    MPI_Isend_c(out, 4, MPI_DOUBLE, MPI_PROC_NULL, 0, MPI_COMM_SELF, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

static void isend(void)
{
    MPI_Request request;

    MPI_Isend_c(out, 4, MPI_DOUBLE, 0, 0, MPI_COMM_SELF, &request);
    MPI_Recv_c(in, 4, MPI_DOUBLE, 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

static void bcast(void)
{
    MPI_Bcast_c(out, 4, MPI_DOUBLE, 0, MPI_COMM_SELF);
}

static void allreduce(void)
{
    MPI_Allreduce_c(out, in, 4, MPI_DOUBLE, MPI_SUM, MPI_COMM_SELF);
}

static void put(void)
{
    MPI_Put_c(out, 4, MPI_DOUBLE, 0, 0, 4, MPI_DOUBLE, win);
}

static void get(void)
{
    MPI_Get_c(in, 4, MPI_DOUBLE, 0, 0, 4, MPI_DOUBLE, win);
}

static const struct {
    const char *name;
    void (*call)(void);
} alone[] = {
    { "Get_rank", get_rank },
    { "Iprobe", iprobe },
    { "Barrier", barrier },
    { "Send to PROC_NULL", send },
    { "Recv from PROC_NULL", recv },
    { "Isend to PROC_NULL, Wait", isend_null },
    { "Sendrecv", sendrecv },
    { "Isend, Recv, Wait", isend },
    { "Bcast", bcast },
    { "Allreduce", allreduce },
    { "Put", put },
    { "Get", get },
};
#define ALONE (sizeof(alone) / sizeof(alone[0]))

/* The smallest of many short measurements: what other processes do not disturb. */
static double measure(void (*call)(void), int calls)
{
    double best = 1e9, begin, time;

    for (int i = 0; i < REPEATS; i++) {
        begin = MPI_Wtime();
        for (int j = 0; j < calls; j++)
            call();
        time = (MPI_Wtime() - begin) / calls;
        best = time < best ? time : best;
    }
    return best;
}

static void run_alone(void)
{
    double *memory;

    MPI_Win_allocate(sizeof(in), sizeof(in[0]), MPI_INFO_NULL, MPI_COMM_SELF, &memory,
                     &win);
    MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
    for (size_t i = 0; i < ALONE; i++)
        printf("%s\"%s\": %.2f", i ? ", " : "{", alone[i].name,
               1e9 * measure(alone[i].call, 2000));
    printf("}\n");
    MPI_Win_unlock(0, win);
    MPI_Win_free(&win);
}

/* ------------------------------------------------------------ two ranks */
static void trip(char *from, char *to, MPI_Count size)
{
    int other = 1 - rank;

    if (rank == 0) {
        MPI_Send_c(from, size, MPI_BYTE, other, 0, MPI_COMM_WORLD);
        MPI_Recv_c(to, size, MPI_BYTE, other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else {
        MPI_Recv_c(to, size, MPI_BYTE, other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Send_c(from, size, MPI_BYTE, other, 0, MPI_COMM_WORLD);
    }
}

static double one_way(char *from, char *to, MPI_Count size, int trips)
{
    double best = 1e9, begin, time;

    for (int i = 0; i < REPEATS; i++) {
        MPI_Barrier(MPI_COMM_WORLD);
        begin = MPI_Wtime();
        for (int j = 0; j < trips; j++)
            trip(from, to, size);
        time = (MPI_Wtime() - begin) / trips / 2;
        best = time < best ? time : best;
    }
    return best;
}

/* As numpy does: much memory on large pages. */
static char *allocate(size_t size)
{
    char *memory = malloc(size);
    size_t skip = 4096 - (uintptr_t)memory % 4096;

    if (size >= 4u << 20)
        madvise(memory + skip, size - skip, MADV_HUGEPAGE);
    memset(memory, 1, size);
    return memory;
}

static void run_pair(void)
{
    for (size_t size = 8; size <= 64u << 20; size = size == 8 ? 65536 : 4 * size) {
        int trips = size == 8 ? 500 : size < 4 << 20 ? 10 : 1;
        char *from = allocate(size), *to = allocate(size);
        double time = one_way(from, to, (MPI_Count)size, trips);

        if (rank == 0)
            printf("%s\"%zu\": %.3f", size == 8 ? "{" : ", ", size, 1e6 * time);
        free(from);
        free(to);
    }
    if (rank == 0)
        printf("}\n");
}

int main(int argc, char **argv)
{
    int provided, size;

    /* As the bindings start it: several threads may call. */
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size == 1)
        run_alone();
    else
        run_pair();
    MPI_Finalize();
    return 0;
}
