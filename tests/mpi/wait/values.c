/* values.c - every wrapped call computes what MPI says, small and large twin */
#include "tests/mpi/wait/check.h"

#define N 5
#define MAX 16

static int rank, size;
static double out[N * MAX], in[N * MAX];

static void fill(void)
{
    for (int i = 0; i < N * MAX; i++) {
        out[i] = rank * 1000 + i;
        in[i] = -1;
    }
}

#define EACH(count, value, what)                                                       \
    for (int i = 0; i < (count); i++)                                                  \
    check(in[i] == (value), "%s: element %d is %g, not %g", what, i, in[i],            \
          (double)(value))

/* T: suffix of the twin; COUNT, DISPL: its types. */
#define COLLECTIVES(T, COUNT, DISPL)                                                   \
    static void collectives##T(MPI_Comm comm)                                          \
    {                                                                                  \
        int root = size - 1;                                                           \
        COUNT counts[MAX];                                                             \
        DISPL displs[MAX];                                                             \
        double sum = 1000.0 * size * (size - 1) / 2;                                   \
                                                                                       \
        for (int i = 0; i < size; i++) {                                               \
            counts[i] = N;                                                             \
            displs[i] = (DISPL)(N * i);                                                \
        }                                                                              \
        fill();                                                                        \
        if (rank == root)                                                              \
            memcpy(in, out, sizeof(in));                                               \
        check(!MPI_Bcast##T(in, N, MPI_DOUBLE, root, comm), "Bcast" #T);               \
        EACH(N, root * 1000 + i, "Bcast" #T);                                          \
        fill();                                                                        \
        MPI_Gather##T(out, N, MPI_DOUBLE, in, N, MPI_DOUBLE, root, comm);              \
        EACH(rank == root ? N * size : 0, i / N * 1000 + i % N, "Gather" #T);          \
        fill();                                                                        \
        MPI_Gatherv##T(out, N, MPI_DOUBLE, in, counts, displs, MPI_DOUBLE, root,       \
                       comm);                                                          \
        EACH(rank == root ? N * size : 0, i / N * 1000 + i % N, "Gatherv" #T);         \
        fill();                                                                        \
        MPI_Scatter##T(out, N, MPI_DOUBLE, in, N, MPI_DOUBLE, root, comm);             \
        EACH(N, root * 1000 + N * rank + i, "Scatter" #T);                             \
        fill();                                                                        \
        MPI_Scatterv##T(out, counts, displs, MPI_DOUBLE, in, N, MPI_DOUBLE, root,      \
                        comm);                                                         \
        EACH(N, root * 1000 + N * rank + i, "Scatterv" #T);                            \
        fill();                                                                        \
        MPI_Allgather##T(out, N, MPI_DOUBLE, in, N, MPI_DOUBLE, comm);                 \
        EACH(N *size, i / N * 1000 + i % N, "Allgather" #T);                           \
        fill();                                                                        \
        MPI_Allgatherv##T(out, N, MPI_DOUBLE, in, counts, displs, MPI_DOUBLE, comm);   \
        EACH(N *size, i / N * 1000 + i % N, "Allgatherv" #T);                          \
        fill();                                                                        \
        MPI_Alltoall##T(out, N, MPI_DOUBLE, in, N, MPI_DOUBLE, comm);                  \
        EACH(N *size, i / N * 1000 + N * rank + i % N, "Alltoall" #T);                 \
        fill();                                                                        \
        MPI_Alltoallv##T(out, counts, displs, MPI_DOUBLE, in, counts, displs,          \
                         MPI_DOUBLE, comm);                                            \
        EACH(N *size, i / N * 1000 + N * rank + i % N, "Alltoallv" #T);                \
        fill();                                                                        \
        MPI_Reduce##T(out, in, N, MPI_DOUBLE, MPI_SUM, root, comm);                    \
        EACH(rank == root ? N : 0, sum + i * size, "Reduce" #T);                       \
        fill();                                                                        \
        MPI_Allreduce##T(out, in, N, MPI_DOUBLE, MPI_SUM, comm);                       \
        EACH(N, sum + i * size, "Allreduce" #T);                                       \
        fill();                                                                        \
        MPI_Reduce_scatter##T(out, in, counts, MPI_DOUBLE, MPI_SUM, comm);             \
        EACH(N, sum + (N * rank + i) * size, "Reduce_scatter" #T);                     \
        fill();                                                                        \
        MPI_Reduce_scatter_block##T(out, in, N, MPI_DOUBLE, MPI_SUM, comm);            \
        EACH(N, sum + (N * rank + i) * size, "Reduce_scatter_block" #T);               \
        fill();                                                                        \
        MPI_Scan##T(out, in, N, MPI_DOUBLE, MPI_SUM, comm);                            \
        EACH(N, 500.0 * rank * (rank + 1) + i * (rank + 1), "Scan" #T);                \
        fill();                                                                        \
        MPI_Exscan##T(out, in, N, MPI_DOUBLE, MPI_SUM, comm);                          \
        EACH(rank ? N : 0, 500.0 * rank * (rank - 1) + i * rank, "Exscan" #T);         \
        fill();                                                                        \
        MPI_Allreduce##T(MPI_IN_PLACE, out, N, MPI_DOUBLE, MPI_MAX, comm);             \
        memcpy(in, out, sizeof(in));                                                   \
        EACH(N, (size - 1) * 1000 + i, "Allreduce in place" #T);                       \
        fill();                                                                        \
        if (rank == root) /* the root's own part, in place */                          \
            MPI_Gather##T(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, in, N, MPI_DOUBLE, root, \
                          comm);                                                       \
        else                                                                           \
            MPI_Gather##T(out, N, MPI_DOUBLE, NULL, 0, MPI_DATATYPE_NULL, root, comm); \
        EACH(rank == root ? N * root : 0, i / N * 1000 + i % N, "Gather in place" #T); \
    }

COLLECTIVES(, int, int)
COLLECTIVES(_c, MPI_Count, MPI_Aint)

#define MESSAGES(T)                                                                    \
    static void messages##T(MPI_Comm comm)                                             \
    {                                                                                  \
        int right = (rank + 1) % size, left = (rank + size - 1) % size;                \
        MPI_Message message;                                                           \
        MPI_Status status;                                                             \
        int count;                                                                     \
                                                                                       \
        fill();                                                                        \
        MPI_Sendrecv##T(out, N, MPI_DOUBLE, right, 3, in, N, MPI_DOUBLE, left, 3,      \
                        comm, &status);                                                \
        EACH(N, left * 1000 + i, "Sendrecv" #T);                                       \
        check(status.MPI_SOURCE == left && status.MPI_TAG == 3, "Sendrecv status");    \
        fill();                                                                        \
        memcpy(in, out, sizeof(in));                                                   \
        MPI_Sendrecv_replace##T(in, N, MPI_DOUBLE, right, 4, left, 4, comm, &status);  \
        EACH(N, left * 1000 + i, "Sendrecv_replace" #T);                               \
        check(status.MPI_SOURCE == left, "Sendrecv_replace status");                   \
        for (int form = 0; form < 3 && size > 1; form++) {                             \
            fill();                                                                    \
            if (rank % 2 == 0 && rank + 1 < size) {                                    \
                if (form == 0)                                                         \
                    MPI_Send##T(out, N, MPI_DOUBLE, rank + 1, form, comm);             \
                else if (form == 1)                                                    \
                    MPI_Ssend##T(out, N, MPI_DOUBLE, rank + 1, form, comm);            \
                else                                                                   \
                    MPI_Send##T(out, N, MPI_DOUBLE, rank + 1, form, comm);             \
            } else if (rank % 2) {                                                     \
                if (form == 2) {                                                       \
                    MPI_Mprobe(rank - 1, MPI_ANY_TAG, comm, &message, &status);        \
                    MPI_Get_count(&status, MPI_DOUBLE, &count);                        \
                    check(count == N && status.MPI_TAG == 2, "Mprobe");                \
                    MPI_Mrecv##T(in, N, MPI_DOUBLE, &message, &status);                \
                } else {                                                               \
                    MPI_Probe(MPI_ANY_SOURCE, form, comm, &status);                    \
                    check(status.MPI_SOURCE == rank - 1, "Probe");                     \
                    MPI_Recv##T(in, N, MPI_DOUBLE, status.MPI_SOURCE, form, comm,      \
                                &status);                                              \
                }                                                                      \
                EACH(N, (rank - 1) * 1000 + i, "Recv" #T);                             \
                check(status.MPI_SOURCE == rank - 1, "Recv status");                   \
            }                                                                          \
        }                                                                              \
        MPI_Recv##T(in, N, MPI_DOUBLE, MPI_PROC_NULL, 0, comm, &status);               \
        check(status.MPI_SOURCE == MPI_PROC_NULL, "Recv from nobody");                 \
        MPI_Send##T(out, N, MPI_DOUBLE, MPI_PROC_NULL, 0, comm);                       \
        check(MPI_Send##T(out, N, MPI_DOUBLE, size, 0, comm) != MPI_SUCCESS,           \
              "a bad rank is refused");                                                \
    }

MESSAGES()
MESSAGES(_c)

static void completion(MPI_Comm comm)
{
    MPI_Request requests[4];
    MPI_Status statuses[4];
    int values[4] = { 0 }, mine = rank, indices[4], idx, count, total = 0;
    int right = (rank + 1) % size, left = (rank + size - 1) % size;

    MPI_Irecv(&values[0], 1, MPI_INT, left, 0, comm, &requests[0]);
    MPI_Isend(&mine, 1, MPI_INT, right, 0, comm, &requests[1]);
    MPI_Wait(&requests[0], &statuses[0]);
    MPI_Wait(&requests[1], MPI_STATUS_IGNORE);
    check(values[0] == left && statuses[0].MPI_SOURCE == left, "Wait");
    check(requests[0] == MPI_REQUEST_NULL, "Wait frees the request");
    check(!MPI_Wait(&requests[0], MPI_STATUS_IGNORE), "Wait for nothing");
    MPI_Irecv(&values[0], 1, MPI_INT, left, 8, comm, &requests[0]);
    MPI_Barrier(comm);
    MPI_Rsend(&mine, 1, MPI_INT, right, 8, comm);
    check(!MPI_Wait(&requests[0], MPI_STATUS_IGNORE) && values[0] == left, "Rsend");
    for (int form = 0; form < 3; form++) {
        memset(values, 0, sizeof(values));
        for (int i = 0; i < 2; i++) {
            MPI_Irecv(&values[i], 1, MPI_INT, left, i, comm, &requests[i]);
            MPI_Isend(&mine, 1, MPI_INT, right, i, comm, &requests[2 + i]);
        }
        if (form == 0)
            check(!MPI_Waitall(4, requests, statuses), "Waitall");
        for (total = 0; form == 1 && total < 4; total++)
            check(!MPI_Waitany(4, requests, &idx, &statuses[0]) && idx >= 0, "Waitany");
        for (total = 0; form == 2 && total < 4; total += count)
            check(!MPI_Waitsome(4, requests, &count, indices, statuses), "Waitsome");
        check(values[0] == left && values[1] == left, "completion form %d", form);
    }
    MPI_Waitany(4, requests, &idx, MPI_STATUS_IGNORE);
    check(idx == MPI_UNDEFINED, "Waitany of nothing");
    MPI_Waitsome(4, requests, &count, indices, MPI_STATUSES_IGNORE);
    check(count == MPI_UNDEFINED, "Waitsome of nothing");
    check(!MPI_Waitall(0, NULL, MPI_STATUSES_IGNORE), "Waitall of none");
}

static void wide(MPI_Comm comm)
{
    MPI_Datatype types[MAX];
    int counts[MAX], displs[MAX];

    for (int i = 0; i < size; i++) {
        types[i] = MPI_DOUBLE;
        counts[i] = N;
        displs[i] = (int)(N * sizeof(double)) * i;
    }
    fill();
    MPI_Alltoallw(out, counts, displs, types, in, counts, displs, types, comm);
    EACH(N * size, i / N * 1000 + N * rank + i % N, "Alltoallw");
}

static void creation(void)
{
    MPI_Comm comm, half;
    MPI_Group group;
    int key = rank % 2, dims[1] = { size }, periods[1] = { 1 }, result, n;
    int around[2] = { -1, -1 };

    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_compare(comm, MPI_COMM_WORLD, &result);
    check(result == MPI_CONGRUENT, "Comm_dup");
    collectives(comm);
    messages(comm);
    MPI_Comm_free(&comm);
    MPI_Comm_dup_with_info(MPI_COMM_WORLD, MPI_INFO_NULL, &comm);
    collectives_c(comm);
    MPI_Comm_split(comm, key, -rank, &half);
    MPI_Comm_size(half, &n);
    check(n == (size + 1 - key) / 2, "Comm_split");
    MPI_Allreduce(&rank, &result, 1, MPI_INT, MPI_MAX, half);
    check(result % 2 == key, "Allreduce on a half");
    MPI_Comm_free(&half);
    MPI_Comm_split(comm, rank ? 1 : MPI_UNDEFINED, 0, &half);
    check((half == MPI_COMM_NULL) == (rank == 0), "Comm_split with undefined");
    if (half != MPI_COMM_NULL)
        MPI_Comm_free(&half);
    MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &half);
    MPI_Barrier(half);
    MPI_Comm_free(&half);
    MPI_Comm_group(comm, &group);
    MPI_Comm_create(comm, group, &half);
    MPI_Barrier(half);
    MPI_Group_free(&group);
    MPI_Comm_free(&half);
    MPI_Cart_create(comm, 1, dims, periods, 0, &half);
    MPI_Neighbor_allgather(&rank, 1, MPI_INT, around, 1, MPI_INT, half);
    check(around[0] == (rank + size - 1) % size && around[1] == (rank + 1) % size,
          "Neighbor_allgather");
    MPI_Comm_free(&half);
    MPI_Comm_free(&comm);
    check(MPI_Barrier(MPI_COMM_NULL) != MPI_SUCCESS, "no communicator");
    result = rank;
    check(MPI_Allreduce(&result, &result, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD)
                  != MPI_SUCCESS
              || size == 1,
          "MPI refuses aliased buffers");
}

int main(void)
{
    check_init();
    rank = check_rank;
    size = check_size;
    for (int round = 0; round < 20; round++) {
        collectives(MPI_COMM_WORLD);
        collectives_c(MPI_COMM_WORLD);
        messages(MPI_COMM_WORLD);
        messages_c(MPI_COMM_WORLD);
        completion(MPI_COMM_WORLD);
        wide(MPI_COMM_WORLD);
        MPI_Barrier(MPI_COMM_WORLD);
    }
    creation();
    MPI_Barrier(MPI_COMM_WORLD);
    return check_done();
}
