/* caller.c - a wait is shown under the name that the user called */
#include <stdatomic.h>

#include "tests/mpi/wait/check.h"

static struct page_wait seen;

/* Copies what this rank waits for, as soon as it does, and ends the wait. */
static void *watch(void *unused)
{
    for (;;) {
        for (int i = 0; i < PAGE_THREADS; i++) {
            if (page_wait_read(check_page, i, &seen)) {
                page_interrupt(check_page, PAGE_REASON_STOP, -1, "");
                return NULL;
            }
        }
        sched_yield();
    }
}

static void expect(const char *call, int peer, int tag, int size)
{
    check(!strcmp(seen.call, call), "shown as %s, not %s", seen.call, call);
    check(seen.peer == peer && seen.tag == tag && seen.comm_size == size,
          "%s: peer %d, tag %d, %d members", call, seen.peer, seen.tag, seen.comm_size);
}

#define WATCHED(expression)                                                            \
    do {                                                                               \
        pthread_t keeper;                                                              \
                                                                                       \
        check_begin_cell();                                                            \
        pthread_create(&keeper, NULL, watch, NULL);                                    \
        check((expression) != MPI_SUCCESS, #expression " is interrupted");             \
        pthread_join(keeper, NULL);                                                    \
    } while (0)

int main(void)
{
    MPI_Message message;
    MPI_Request request;

    check_begin_cell();
    check_init();
    mpiwait_call_as("recv", MPI_COMM_WORLD, 0, 5);
    WATCHED(MPI_Mprobe(MPI_ANY_SOURCE, 6, MPI_COMM_WORLD, &message, MPI_STATUS_IGNORE));
    expect("recv", -1, 6, check_size); /* MPI's call knows better */
    MPI_Irecv(NULL, 0, MPI_BYTE, check_rank, 7, MPI_COMM_WORLD, &request);
    mpiwait_call_as("send", MPI_COMM_WORLD, 0, 5);
    WATCHED(MPI_Wait(&request, MPI_STATUS_IGNORE));
    expect("send", 0, 5, check_size);
    mpiwait_call_as("wait", MPI_COMM_NULL, 0, 0);
    WATCHED(MPI_Wait(&request, MPI_STATUS_IGNORE));
    expect("wait", -2, -2, 0);
    mpiwait_call_as(NULL, MPI_COMM_NULL, 0, 0);
    WATCHED(MPI_Wait(&request, MPI_STATUS_IGNORE));
    expect("Wait", -2, -2, 0);
    MPI_Cancel(&request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    return check_done();
}
