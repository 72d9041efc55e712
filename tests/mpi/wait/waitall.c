/* waitall.c - when one request fails, MPI_Waitall completes the others
 *
 * Every rank sends to itself: a message that is too long for its receive, and,
 * when it waits, a second one.
 */
#include <stdatomic.h>

#include "tests/mpi/wait/check.h"

static atomic_bool is_over;

static void *send_late(void *unused)
{
    int value = 7;

    while (!check_is_in("Waitall") && !is_over)
        sched_yield();
    if (!is_over)
        MPI_Send(&value, 1, MPI_INT, check_rank, 2, MPI_COMM_WORLD);
    return NULL;
}

static int class_of(int code)
{
    int class = -1;

    MPI_Error_class(code, &class);
    return class;
}

static void begin(MPI_Request requests[2], int values[2])
{
    int three[3] = { 1, 2, 3 };

    values[1] = 0;
    MPI_Irecv(&values[0], 1, MPI_INT, check_rank, 1, MPI_COMM_WORLD, &requests[0]);
    MPI_Irecv(&values[1], 1, MPI_INT, check_rank, 2, MPI_COMM_WORLD, &requests[1]);
    MPI_Send(three, 3, MPI_INT, check_rank, 1, MPI_COMM_WORLD);
}

static void completes(bool ignore)
{
    MPI_Request requests[2];
    MPI_Status statuses[2];
    pthread_t sender;
    int values[2], rc;

    begin(requests, values);
    is_over = false;
    pthread_create(&sender, NULL, send_late, NULL);
    rc = MPI_Waitall(2, requests, ignore ? MPI_STATUSES_IGNORE : statuses);
    is_over = true;
    pthread_join(sender, NULL);
    check(class_of(rc) == MPI_ERR_IN_STATUS, "the class is %d", class_of(rc));
    check(requests[0] == MPI_REQUEST_NULL && requests[1] == MPI_REQUEST_NULL,
          "both requests are done");
    check(values[1] == 7, "the second has its message");
    if (ignore)
        return;
    check(class_of(statuses[0].MPI_ERROR) == MPI_ERR_TRUNCATE, "the first failed: %d",
          class_of(statuses[0].MPI_ERROR));
    check(statuses[1].MPI_ERROR == MPI_SUCCESS && statuses[1].MPI_TAG == 2,
          "the second did not");
}

static void is_interrupted(void)
{
    MPI_Request requests[2];
    MPI_Status statuses[2];
    int values[2], rc, mine = 9;
    pthread_t keeper;

    begin(requests, values);
    keeper = check_interrupt_in("Waitall");
    rc = MPI_Waitall(2, requests, statuses);
    pthread_join(keeper, NULL);
    check(class_of(rc) == MPI_ERR_IN_STATUS, "interrupted: the class is %d",
          class_of(rc));
    check(class_of(statuses[1].MPI_ERROR) == MPI_ERR_PENDING,
          "interrupted: the second is pending");
    check(page_is_interrupted(check_page), "the interrupt is for the next call");
    check_begin_cell();
    MPI_Send(&mine, 1, MPI_INT, check_rank, 2, MPI_COMM_WORLD);
    check(!MPI_Wait(&requests[1], MPI_STATUS_IGNORE) && values[1] == mine,
          "interrupted: the second is active and completes later");
}

int main(void)
{
    check_begin_cell();
    check_init();
    completes(false);
    completes(true);
    is_interrupted();
    return check_done();
}
