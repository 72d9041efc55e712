/* check.h - a rank's checks: silent while they hold
 *
 * Each program is started with mpiexec; a rank that finds something wrong says so
 * on stderr and ends with 1.  check_done() is what main returns.
 */
#ifndef WAIT_CHECK_H
#define WAIT_CHECK_H

#include <mpi.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bindings/wait/mpiwait.h"
#include "kernel/page/page.h"

static int check_failed, check_rank = -1, check_size;

#define check(good, ...)                                                               \
    do {                                                                               \
        if (!(good)) {                                                                 \
            check_failed = 1;                                                          \
            fprintf(stderr, "rank %d, %s:%d: ", check_rank, __FILE__, __LINE__);       \
            fprintf(stderr, __VA_ARGS__);                                              \
            fputc('\n', stderr);                                                       \
        }                                                                              \
    } while (0)

/* MPI with threads, errors returned, and an alarm that ends a test which hangs. */
__attribute__((unused)) static void check_init(void)
{
    int provided;

    alarm(50);
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &check_rank);
    MPI_Comm_size(MPI_COMM_WORLD, &check_size);
}

__attribute__((unused)) static int check_done(void)
{
    MPI_Finalize();
    return check_failed;
}

/* The keeper's part, played by a thread of the test: it watches what this rank
 * waits for, and interrupts it. */
static struct page *check_page;

__attribute__((unused)) static void check_begin_cell(void)
{
    static uint64_t cell;
    int fd;

    if (!check_page) {
        check_page = page_create(&fd, NULL);
        close(fd);
        mpiwait_attach(check_page);
    }
    page_cell_begin(check_page, ++cell);
}

__attribute__((unused)) static bool check_is_in(const char *call)
{
    struct page_wait wait;

    for (int i = 0; i < PAGE_THREADS; i++) {
        if (page_wait_read(check_page, i, &wait) && !strcmp(wait.call, call))
            return true;
    }
    return false;
}

__attribute__((unused)) static void *check_keep(void *call)
{
    while (!check_is_in(call))
        sched_yield();
    page_interrupt(check_page, PAGE_REASON_STOP, -1, "");
    return NULL;
}

/* Interrupts this rank as soon as it waits in 'call'. */
__attribute__((unused)) static pthread_t check_interrupt_in(const char *call)
{
    pthread_t keeper;

    pthread_create(&keeper, NULL, check_keep, (void *)call);
    return keeper;
}

__attribute__((unused)) static enum mpiwait_reason check_reason(int code)
{
    return mpiwait_reason(code, NULL, NULL);
}

__attribute__((unused)) static const char *check_text(int code)
{
    const char *text = "";

    mpiwait_reason(code, &text, NULL);
    return text;
}

#endif
