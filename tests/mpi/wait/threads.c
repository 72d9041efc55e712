/* threads.c - threads that wait in different calls, on communicators of their own
 *
 * Usage: threads ROUNDS.  In each round one interrupt ends the waits of all threads
 * that the cell has made, and of the main thread; a thread of an earlier cell goes on
 * until its message comes.
 */
#include "tests/mpi/wait/check.h"

#include <stdatomic.h>

enum { RECV, BARRIER, WAIT, PROBE, JOBS };

static const char *const names[JOBS] = { "Recv", "Barrier", "Wait", "Probe" };

struct job {
    int kind, rc;
    bool is_left_out;
    atomic_bool is_over; /* a Barrier, when another rank was quicker to leave it */
    MPI_Comm comm;
    pthread_t thread;
};

static int wait_in(const struct job *job)
{
    MPI_Request request;
    int value, rc;

    switch (job->kind) {
    case RECV:
        return MPI_Recv(&value, 1, MPI_INT, MPI_ANY_SOURCE, 1, job->comm,
                        MPI_STATUS_IGNORE);
    case BARRIER:
        return MPI_Barrier(job->comm);
    case WAIT:
        MPI_Irecv(&value, 1, MPI_INT, MPI_ANY_SOURCE, 1, job->comm, &request);
        rc = MPI_Wait(&request, MPI_STATUS_IGNORE);
        check(request != MPI_REQUEST_NULL, "an interrupted Wait leaves its request");
        MPI_Cancel(&request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        return rc;
    default:
        return MPI_Probe(MPI_ANY_SOURCE, 1, job->comm, MPI_STATUS_IGNORE);
    }
}

/* What the code means is known to the thread that got it. */
static void *run(void *arg)
{
    struct job *job = arg;
    enum mpiwait_reason reason;

    job->rc = wait_in(job);
    reason = check_reason(job->rc);
    check(reason == MPIWAIT_STOP || (job->kind == BARRIER && reason == MPIWAIT_CLOSED),
          "%s ends with: %s", names[job->kind], check_text(job->rc));
    atomic_store(&job->is_over, true);
    return NULL;
}

/* The keeper: once all of them wait. */
static void *stop_all(void *arg)
{
    struct job *jobs = arg;

    for (int i = 0; i < JOBS; i++) {
        while (!jobs[i].is_left_out && !check_is_in(names[i])
               && !atomic_load(&jobs[i].is_over))
            sched_yield();
    }
    page_interrupt(check_page, PAGE_REASON_STOP, -1, "");
    return NULL;
}

static void round_of(int number, struct job *jobs)
{
    pthread_t keeper;
    int own = number % JOBS, one = 1, sum, rc;

    check_begin_cell();
    for (int i = 0; i < JOBS; i++) {
        jobs[i].is_left_out = i == BARRIER && check_rank == number % check_size;
        atomic_store(&jobs[i].is_over, false);
    }
    if (jobs[own].is_left_out)
        own = RECV;
    for (int i = 0; i < JOBS; i++) {
        if (i != own && !jobs[i].is_left_out)
            pthread_create(&jobs[i].thread, NULL, run, &jobs[i]);
    }
    pthread_create(&keeper, NULL, stop_all, jobs);
    run(&jobs[own]);
    pthread_join(keeper, NULL);
    for (int i = 0; i < JOBS; i++) {
        if (i != own && !jobs[i].is_left_out)
            pthread_join(jobs[i].thread, NULL);
    }
    page_cell_end(check_page);
    rc = mpiwait_heal(0);
    check(rc == MPI_SUCCESS && !mpiwait_heal_text()[0], "round %d heals: %s%s", number,
          check_text(rc), mpiwait_heal_text());
    check_begin_cell();
    for (int i = 0; i < JOBS; i++) {
        rc = MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, jobs[i].comm);
        check(rc == MPI_SUCCESS && sum == check_size, "after round %d: %s", number,
              check_text(rc));
    }
    page_cell_end(check_page);
}

/* Of an earlier cell. */
static void *last(void *arg)
{
    MPI_Message message;
    MPI_Comm *comm = arg;
    int rc = MPI_Mprobe(MPI_ANY_SOURCE, 2, *comm, &message, MPI_STATUS_IGNORE);

    check(rc == MPI_SUCCESS, "no interrupt is for an older thread: %s", check_text(rc));
    if (rc == MPI_SUCCESS)
        MPI_Mrecv(&rc, 1, MPI_INT, &message, MPI_STATUS_IGNORE);
    return NULL;
}

int main(int argc, char **argv)
{
    struct job jobs[JOBS] = { 0 };
    pthread_t older;
    MPI_Comm comm;

    check_init();
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    for (int i = 0; i < JOBS; i++) {
        jobs[i].kind = i;
        MPI_Comm_dup(MPI_COMM_WORLD, &jobs[i].comm);
    }
    check_begin_cell();
    pthread_create(&older, NULL, last, &comm);
    while (!check_is_in("Mprobe"))
        sched_yield();
    page_cell_end(check_page);
    for (int i = 0; i < atoi(argv[1]) && !check_failed; i++)
        round_of(i, jobs);
    MPI_Send(&check_rank, 1, MPI_INT, (check_rank + 1) % check_size, 2, comm);
    pthread_join(older, NULL);
    for (int i = 0; i < JOBS; i++)
        MPI_Comm_free(&jobs[i].comm);
    MPI_Comm_free(&comm);
    return check_done();
}
