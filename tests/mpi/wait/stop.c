/* stop.c - an interrupt ends the call, keeps what must be kept, and heals
 *
 * Rank 1 (rank 0 where it is alone) is interrupted in one call after the other;
 * the others do not take part until the healing.
 */
#include "tests/mpi/wait/check.h"

#define BIG (1 << 20)

static int victim;
static char *big;

/* All ranks, after each cell. */
static void heal(const char *after)
{
    int rc, sum = 0, one = 1;

    page_cell_end(check_page);
    rc = mpiwait_heal(0);
    check(rc == MPI_SUCCESS, "healing after %s: %s", after, check_text(rc));
    check_begin_cell();
    rc = MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(rc == MPI_SUCCESS && sum == check_size, "Allreduce after %s: %s", after,
          check_text(rc));
}

static void expect_stop(const char *call, int rc)
{
    const char *text = "";
    int class, rank = 5;

    MPI_Error_class(rc, &class);
    check(class == mpiwait_error_class(), "%s: class %d", call, class);
    check(mpiwait_reason(rc, &text, &rank) == MPIWAIT_STOP && rank == -1,
          "%s: reason is %s", call, text);
    check(!page_is_interrupted(check_page), "%s consumes the interrupt", call);
}

#define STOPPED(name, expression)                                                      \
    do {                                                                               \
        if (check_rank == victim) {                                                    \
            pthread_t keeper = check_interrupt_in(name);                               \
                                                                                       \
            expect_stop(name, (expression));                                           \
            pthread_join(keeper, NULL);                                                \
        }                                                                              \
        heal(name);                                                                    \
    } while (0)

static void waits(void)
{
    MPI_Request requests[2];
    MPI_Message message;
    int value = -1, values[2] = { -1, -1 }, idx, count, indices[2], mine = 7;

    STOPPED("Recv",
            MPI_Recv(&value, 1, MPI_INT, victim, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    STOPPED("Recv", MPI_Recv_c(&value, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG,
                               MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    STOPPED("Probe", MPI_Probe(MPI_ANY_SOURCE, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    STOPPED("Mprobe",
            MPI_Mprobe(victim, 1, MPI_COMM_WORLD, &message, MPI_STATUS_IGNORE));
    STOPPED("Sendrecv", MPI_Sendrecv(&mine, 1, MPI_INT, victim, 90, &value, 1, MPI_INT,
                                     victim, 91, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    if (check_rank == victim) {
        requests[0] = mpiwait_left_send();
        check(!MPI_Wait(&requests[0], MPI_STATUS_IGNORE), "the sent half was drained");
    }
    STOPPED("Sendrecv_replace",
            MPI_Sendrecv_replace(&mine, 1, MPI_INT, victim, 92, victim, 93,
                                 MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    if (check_rank == victim) {
        check(strstr(mpiwait_heal_text(), "tag 92, 4 bytes"),
              "healing lists what nobody received: %s", mpiwait_heal_text());
        MPI_Irecv(&values[0], 1, MPI_INT, victim, 2, MPI_COMM_WORLD, &requests[0]);
        MPI_Irecv(&values[1], 1, MPI_INT, victim, 3, MPI_COMM_WORLD, &requests[1]);
    }
    STOPPED("Wait", MPI_Wait(&requests[0], MPI_STATUS_IGNORE));
    STOPPED("Waitall", MPI_Waitall(2, requests, MPI_STATUSES_IGNORE));
    STOPPED("Waitany", MPI_Waitany(2, requests, &idx, MPI_STATUS_IGNORE));
    STOPPED("Waitsome",
            MPI_Waitsome(2, requests, &count, indices, MPI_STATUSES_IGNORE));
    if (check_rank == victim) {
        MPI_Send(&mine, 1, MPI_INT, victim, 2, MPI_COMM_WORLD);
        MPI_Send(&mine, 1, MPI_INT, victim, 3, MPI_COMM_WORLD);
        check(!MPI_Waitall(2, requests, MPI_STATUSES_IGNORE) && values[0] == mine
                  && values[1] == mine,
              "interrupted requests are active and complete later");
    }
}

/* A large send stays active; healing receives it, and then it is done. */
static void sends(void)
{
    int peer = (victim + 1) % check_size, done = 0;
    MPI_Request left = MPI_REQUEST_NULL;

    STOPPED("Ssend", MPI_Ssend(big, 4, MPI_BYTE, peer, 4, MPI_COMM_WORLD));
    if (check_rank == victim) {
        left = mpiwait_left_send();
        check(left != MPI_REQUEST_NULL, "the Ssend is left to the caller");
    }
    if (check_rank == victim)
        MPI_Wait(&left, MPI_STATUS_IGNORE);
    STOPPED("Send", MPI_Send(big, BIG, MPI_BYTE, peer, 5, MPI_COMM_WORLD));
    if (check_rank == victim) {
        left = mpiwait_left_send();
        check(left != MPI_REQUEST_NULL, "the Send is left to the caller");
        check(mpiwait_left_send() == MPI_REQUEST_NULL, "once");
        MPI_Test(&left, &done, MPI_STATUS_IGNORE);
        check(done, "what healing received is done");
    }
    if (check_rank == peer && victim != peer)
        check(strstr(mpiwait_heal_text(), "tag 5, 1048576 bytes"), "heal text: %s",
              mpiwait_heal_text());
}

static void collectives(void)
{
    int sum, one = 1, n = check_size;
    MPI_Comm comm, other;

    check_begin_cell();
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    STOPPED("Barrier", MPI_Barrier(MPI_COMM_WORLD));
    STOPPED("Allreduce", MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm));
    STOPPED("Bcast", MPI_Bcast(&sum, 1, MPI_INT, victim, comm));
    STOPPED("Comm_dup", MPI_Comm_dup(comm, &other));
    STOPPED("Comm_split", MPI_Comm_split(comm, 0, 0, &other));
    check(!MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm) && sum == n,
          "the duplicate is healed too");

    /* Closed until then: for those who come late, and for the one that left. */
    if (check_rank == victim) {
        pthread_t keeper = check_interrupt_in("Barrier");

        expect_stop("Barrier", MPI_Barrier(comm));
        pthread_join(keeper, NULL);
        MPI_Send(NULL, 0, MPI_BYTE, 0, 6, MPI_COMM_WORLD);
        sum = MPI_Bcast(&one, 1, MPI_INT, 0, comm);
        check(check_reason(sum) == MPIWAIT_CLOSED, "closed for the one that left");
        check(strstr(check_text(sum), "rank 1 left Barrier #"), "says: %s",
              check_text(sum));
    } else if (check_rank == 0) {
        MPI_Recv(NULL, 0, MPI_BYTE, victim, 6, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        sum = MPI_Allreduce(&one, &n, 1, MPI_INT, MPI_SUM, comm);
        check(check_reason(sum) == MPIWAIT_CLOSED, "closed for those who come late");
        check(strstr(check_text(sum), "rank 1 left Barrier #"), "says: %s",
              check_text(sum));
    }
    heal("a closed communicator");
    check(!MPI_Barrier(comm), "Barrier on the healed duplicate");
    MPI_Comm_free(&comm);
}

static int count_waits(void)
{
    struct page_wait wait;
    int count = 0;

    for (int i = 0; i < PAGE_THREADS; i++)
        count += page_wait_read(check_page, i, &wait);
    return count;
}

static void *receive(void *rc)
{
    *(int *)rc =
        MPI_Recv(NULL, 0, MPI_BYTE, check_rank, 8, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return NULL;
}

static void *interrupt_both(void *unused)
{
    while (count_waits() < 2)
        sched_yield();
    page_interrupt(check_page, PAGE_REASON_STOP, -1, "");
    return NULL;
}

/* A thread that began to use MPI in this cell ends with it; one interrupt does for
 * both, and the main thread's own is the one that is consumed. */
static void threads(void)
{
    pthread_t thread, keeper;
    int in_thread = 0, rc;

    pthread_create(&thread, NULL, receive, &in_thread);
    pthread_create(&keeper, NULL, interrupt_both, NULL);
    expect_stop("Recv", MPI_Recv(NULL, 0, MPI_BYTE, check_rank, 7, MPI_COMM_WORLD,
                                 MPI_STATUS_IGNORE));
    pthread_join(thread, NULL);
    pthread_join(keeper, NULL);
    MPI_Error_class(in_thread, &rc);
    check(rc == mpiwait_error_class(), "the thread ends too");
    heal("threads");
}

int main(void)
{
    check_init();
    mpiwait_keep_sends(1);
    big = calloc(1, BIG);
    check_begin_cell();
    victim = check_size > 1;
    heal("nothing");
    check(!mpiwait_heal_text()[0], "nothing to heal: %s", mpiwait_heal_text());
    waits();
    threads();
    if (check_size > 1) {
        sends();
        collectives();
    }
    free(big);
    return check_done();
}
