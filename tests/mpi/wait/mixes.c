/* mixes.c - what legal programs do beside a blocking collective
 *
 * Messages and nonblocking collectives that are pending must move while a member
 * waits in another; threads use communicators of their own; communicators come and
 * go by the thousand.
 */
#include "tests/mpi/wait/check.h"

#define BIG (1 << 20)
#define COMMS 5000 /* more than MPI has context ids, and the arena places */
#define THREADS 2

static void pending(void)
{
    int right = (check_rank + 1) % check_size;
    int left = (check_rank + check_size - 1) % check_size;
    int in = 1, sum = 0;
    char *out = malloc(BIG), *got = malloc(BIG);
    MPI_Request requests[2];

    memset(out, check_rank + 1, BIG);
    MPI_Ireduce(&in, &sum, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD, &requests[0]);
    check(!MPI_Barrier(MPI_COMM_WORLD), "Barrier beside Ireduce");
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    check(check_rank || sum == check_size, "Ireduce beside Barrier");

    /* The even ranks wait in Barrier, and their send must come through for the odd
     * ones to get there. */
    MPI_Isend(out, BIG, MPI_BYTE, right, 1, MPI_COMM_WORLD, &requests[0]);
    MPI_Irecv(got, BIG, MPI_BYTE, left, 1, MPI_COMM_WORLD, &requests[1]);
    if (check_rank % 2)
        MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    check(!MPI_Barrier(MPI_COMM_WORLD), "Barrier beside a large Isend");
    if (check_rank % 2 == 0)
        MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    check(got[0] == left + 1 && got[BIG - 1] == left + 1, "the large message");
    free(out);
    free(got);
}

static void *use_own(void *arg)
{
    MPI_Comm comm = *(MPI_Comm *)arg;
    int rank, in, out;

    MPI_Comm_rank(comm, &rank);
    for (int i = 0; i < 500; i++) {
        in = i;
        check(!MPI_Allreduce(&in, &out, 1, MPI_INT, MPI_SUM, comm)
                  && out == i * check_size,
              "Allreduce in a thread");
        check(!MPI_Barrier(comm), "Barrier in a thread");
        check(!MPI_Sendrecv(&i, 1, MPI_INT, (rank + 1) % check_size, 1, &out, 1,
                            MPI_INT, (rank + check_size - 1) % check_size, 1, comm,
                            MPI_STATUS_IGNORE)
                  && out == i,
              "Sendrecv in a thread");
    }
    return NULL;
}

static void threads(void)
{
    MPI_Comm comms[THREADS];
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        MPI_Comm_dup(MPI_COMM_WORLD, &comms[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, use_own, &comms[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        MPI_Comm_free(&comms[i]);
}

static void many(void)
{
    int one = 1, sum;
    MPI_Comm comm;

    for (int i = 0; i < (check_size > 2 ? COMMS / 2 : COMMS) && !check_failed; i++) {
        if (i % 2)
            MPI_Comm_dup(MPI_COMM_WORLD, &comm);
        else
            MPI_Comm_split(MPI_COMM_WORLD, 0, i, &comm);
        check(!MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm)
                  && sum == check_size,
              "communicator %d", i);
        MPI_Comm_free(&comm);
    }
}

/* The layer sees it first at its first blocking collective. */
static void unseen(void)
{
    int one = 1, sum;
    MPI_Request request;
    MPI_Comm comm;

    MPI_Comm_idup(MPI_COMM_WORLD, &comm, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    check(!MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm) && sum == check_size,
          "Allreduce after Comm_idup");
    check(!MPI_Barrier(comm), "Barrier after Comm_idup");
    MPI_Comm_free(&comm);
}

/* Made by members of two groups, or of one group only. */
static void grouped(void)
{
    bool low = check_rank == 0;
    int one = 1, sum;
    MPI_Comm half, inter, comm;
    MPI_Group group;
    MPI_Request request;

    MPI_Comm_split(MPI_COMM_WORLD, low, 0, &half);
    check(!MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, low, 1, &inter),
          "Intercomm_create");
    check(!MPI_Intercomm_merge(inter, !low, &comm), "Intercomm_merge");
    /* A barrier is not in the order of the nonblocking ones. */
    if (low)
        MPI_Iallreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm, &request);
    check(!MPI_Barrier(comm), "Barrier after Intercomm_merge");
    if (!low)
        MPI_Iallreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    check(sum == check_size, "Iallreduce after Intercomm_merge");
    MPI_Comm_free(&comm);
    MPI_Comm_free(&inter);
    MPI_Comm_group(half, &group);
    check(!MPI_Comm_create_group(MPI_COMM_WORLD, group, low, &comm),
          "Comm_create_group");
    check(!MPI_Barrier(comm), "Barrier after Comm_create_group");
    MPI_Group_free(&group);
    MPI_Comm_free(&comm);
    MPI_Comm_free(&half);
}

int main(void)
{
    check_init();
    pending();
    threads();
    unseen();
    if (check_size > 1)
        grouped();
    many();
    return check_done();
}
