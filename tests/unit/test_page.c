/* test_page.c - the memory that a keeper and its interpreter share */
#include "kernel/page/page.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/base/platform.h"
#include "tests/unit/tap.h"

#define ROUNDS 2000

static struct error err;

static void check_attach(void)
{
    int fd = -1, other;
    struct page *page = page_create(&fd, &err), *twin;

    ok(page && fd >= 0, "a keeper makes a page");
    ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "its descriptor is closed on exec");
    ok((twin = page_attach(fd, &err)) != NULL, "an interpreter maps it");
    page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
    ok(atomic_load(&twin->interrupt) == atomic_load(&page->interrupt),
       "both see the same memory");
    page_detach(twin);
    page_detach(NULL);

    page->version++;
    ok(!page_attach(fd, &err), "a page of another version is refused");
    page->version--;
    page->magic++;
    ok(!page_attach(fd, &err), "what is no page is refused");
    page_detach(page);
    close(fd);

    err.text[0] = '\0';
    ok(!page_attach(fd, &err) && err.text[0], "a closed descriptor is refused");
    ok(!page_attach(-1, NULL), "a NULL error is allowed");
    other = platform_memfd("short", 100, NULL);
    ok(!page_attach(other, &err), "memory that is too small is refused");
    close(other);
    other = open("/dev/null", O_RDWR | O_CLOEXEC);
    ok(!page_attach(other, &err), "a device is refused");
    close(other);
}

static void check_interrupts(struct page *page)
{
    char text[PAGE_TEXT], words[2 * PAGE_TEXT];
    int rank = 99;

    ok(!page_is_interrupted(page), "a fresh page has no interrupt");
    is_int(page_interrupt_take(page, &rank), PAGE_REASON_NONE, "and none to take");
    page_cell_begin(page, 1);
    ok(!page_is_interrupted(page), "nor has a cell that begins");
    page_interrupt(page, PAGE_REASON_PEER, 3, "rank 3 raised");
    ok(page_is_interrupted(page), "an interrupt reaches the running cell");
    is_int(page_interrupt_take(page, &rank), PAGE_REASON_PEER, "its reason is taken");
    is_int(rank, 3, "with its rank");
    page_interrupt_text(page, text);
    is_str(text, "rank 3 raised", "and words");
    ok(!page_is_interrupted(page), "then it is gone");
    rank = 99;
    is_int(page_interrupt_take(page, &rank), PAGE_REASON_NONE,
           "for the next caller too");
    is_int(rank, 99, "who gets no rank");

    page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
    page_interrupt(page, PAGE_REASON_DEATH, 0, NULL);
    is_int(page_interrupt_take(page, NULL), PAGE_REASON_DEATH, "the newest one counts");
    is_int(page_interrupt_take(page, NULL), PAGE_REASON_NONE, "and stands for all");
    page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
    page_interrupt_take(page, &rank);
    is_int(rank, -1, "no rank is -1");

    memset(words, 'x', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    page_interrupt(page, PAGE_REASON_PEER, 1, words);
    page_interrupt_text(page, text);
    is_int((long long)strlen(text), PAGE_TEXT - 1, "long words are cut");
}

static void check_signals(struct page *page)
{
    page_cell_end(page);
    ok(!page_signal_take(page), "between cells a SIGINT ends nothing");
    page_cell_begin(page, 1);
    ok(page_signal_take(page), "one that nobody sent is the cell's own");
    page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
    ok(page_signal_take(page), "that of Stop ends the cell");
    is_int(page_interrupt_take(page, NULL), PAGE_REASON_NONE, "and consumes it");
    page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
    page_interrupt_take(page, NULL);
    ok(!page_signal_take(page), "when MPI was first, the signal means nothing");
    ok(page_signal_take(page), "but the next one is the cell's own");
    page_cell_end(page);
}

static void check_cells(struct page *page)
{
    page_cell_begin(page, 2);
    ok(!page_is_interrupted(page),
       "an interrupt of the last cell is not the next one's");
    page_cell_end(page);
    page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
    ok(!page_is_interrupted(page), "while idle nothing is interrupted");
    is_int(page_interrupt_take(page, NULL), PAGE_REASON_NONE, "and nothing is taken");
    page_cell_begin(page, 3);
    is_int((long long)atomic_load(&page->cell), 3, "the page says which cell runs");
    ok(!page_is_interrupted(page), "a Stop while idle has no effect on the next cell");
    is_int(page_interrupt_take(page, NULL), PAGE_REASON_NONE, "not for a taker either");
    page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
    is_int(page_interrupt_take(page, NULL), PAGE_REASON_STOP, "the one after it has");
    page_cell_end(page);
    is_int((long long)atomic_load(&page->cell), 0, "an idle page has no cell");

    /* generations are compared in a circle */
    atomic_store(&page->interrupt, page_word(UINT32_MAX, -1, PAGE_REASON_STOP));
    atomic_store(&page->consumed, UINT32_MAX - 1);
    atomic_store(&page->ran, UINT32_MAX - 1);
    page_cell_begin(page, 4);
    is_int(page_interrupt_take(page, NULL), PAGE_REASON_NONE, "the last generation");
    page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
    is_int(page_interrupt_take(page, NULL), PAGE_REASON_STOP,
           "is followed by the first");
    page_cell_end(page);
}

/* ---- races ---- */

static struct {
    struct page *page;
    pthread_barrier_t barrier;
    atomic_int taken;
} race;

static void *take(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(&race.barrier);
        if (page_interrupt_take(race.page, NULL) != PAGE_REASON_NONE)
            atomic_fetch_add(&race.taken, 1);
        pthread_barrier_wait(&race.barrier);
    }
    return NULL;
}

static void check_one_taker(struct page *page)
{
    pthread_t threads[2];
    int wrong = 0;

    race.page = page;
    pthread_barrier_init(&race.barrier, NULL, 3);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, take, NULL);
    page_cell_begin(page, 5);
    for (int i = 0; i < ROUNDS; i++) {
        page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
        atomic_store(&race.taken, 0);
        pthread_barrier_wait(&race.barrier);
        pthread_barrier_wait(&race.barrier);
        wrong += atomic_load(&race.taken) != 1;
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    page_cell_end(page);
    pthread_barrier_destroy(&race.barrier);
    is_int(wrong, 0, "of two threads exactly one takes an interrupt");
}

static atomic_bool over;

static void *take_all(void *arg)
{
    while (!atomic_load(&over)) {
        if (page_interrupt_take(race.page, NULL) != PAGE_REASON_NONE)
            atomic_fetch_add(&race.taken, 1);
        sched_yield();
    }
    return NULL;
}

/* Cells begin and end while a keeper interrupts and a thread takes: never more is
 * taken than was sent, and what is left at the end can still be taken. */
static void check_begin_races(struct page *page)
{
    pthread_t thread;

    atomic_store(&race.taken, 0);
    pthread_create(&thread, NULL, take_all, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
        page_cell_begin(page, 6);
        if (i % 3 == 0)
            page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
        page_cell_end(page);
    }
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    ok(atomic_load(&race.taken) <= ROUNDS / 3 + 1,
       "only interrupts of a running cell are ever taken");
    page_cell_begin(page, 7);
    page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
    is_int(page_interrupt_take(page, NULL), PAGE_REASON_STOP, "and none is lost");
    page_cell_end(page);
}

/* ---- processes ---- */

/* The interpreter takes one interrupt; the keeper sees that it was consumed. */
static void check_two_processes(struct page *page, int fd)
{
    int pair[2], status = -1;
    char byte = 0;
    pid_t pid;

    if (pipe2(pair, O_CLOEXEC) < 0)
        return;
    if ((pid = fork()) == 0) {
        struct page *mine = page_attach(fd, NULL);
        int rank = -1;

        if (!mine)
            _exit(1);
        page_cell_begin(mine, 8);
        if (write(pair[1], "r", 1) != 1)
            _exit(2);
        while (!page_is_interrupted(mine))
            sched_yield();
        _exit(page_interrupt_take(mine, &rank) == PAGE_REASON_DEATH && rank == 2 ? 0
                                                                                 : 3);
    }
    ok(read(pair[0], &byte, 1) == 1 && atomic_load(&page->cell) == 8,
       "a keeper sees the interpreter's cell");
    page_interrupt(page, PAGE_REASON_DEATH, 2, "rank 2 died");
    waitpid(pid, &status, 0);
    is_int(status, 0, "an interpreter takes the keeper's interrupt");
    ok(atomic_load(&page->consumed) == (uint32_t)(atomic_load(&page->interrupt) >> 32),
       "the keeper sees that it was consumed");
    close(pair[0]);
    close(pair[1]);
}

static void check_forked_child(struct page *page)
{
    int status = -1;
    pid_t pid;

    page_cell_begin(page, 9);
    if ((pid = fork()) == 0) {
        bool good = page_detach_child(page) == 0 && page->magic == PAGE_MAGIC
                    && atomic_load(&page->detached) == 1;

        page_interrupt(page, PAGE_REASON_STOP, -1, NULL);
        _exit(good && !page_is_interrupted(page) ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    is_int(status, 0, "a forked child has its own copy, which nothing interrupts");
    ok(!page_is_interrupted(page) && atomic_load(&page->cell) == 9
           && !atomic_load(&page->detached),
       "its parent does not notice");
    page_cell_end(page);
}

/* ---- waits ---- */

static struct page_wait wait_of(int peer)
{
    struct page_wait wait = { .active = 1, .peer = peer, .tag = peer };

    snprintf(wait.call, sizeof(wait.call), "Recv %d", peer);
    snprintf(wait.comm, sizeof(wait.comm), "comm %d", peer);
    return wait;
}

static void *write_waits(void *arg)
{
    struct page *page = arg;

    for (int i = 0; !atomic_load(&over); i = (i + 1) % 1000) {
        struct page_wait wait = wait_of(i);

        page_wait_write(&page->waits[1], &wait);
    }
    return NULL;
}

static bool is_whole(const struct page_wait *wait)
{
    struct page_wait want = wait_of(wait->peer);

    return wait->tag == wait->peer && !strcmp(wait->call, want.call)
           && !strcmp(wait->comm, want.comm);
}

static void check_waits(struct page *page)
{
    struct page_wait wait = wait_of(7), got = { 0 };
    int seen = 0, torn = 0;
    pthread_t thread;

    ok(!page_wait_read(page, 0, &got), "a thread that does not wait has no record");
    page_wait_write(&page->waits[0], &wait);
    ok(page_wait_read(page, 0, &got) && is_whole(&got) && got.peer == 7,
       "a wait is read as it was written");
    memset(page->waits[0].call, 'x', sizeof(wait.call));
    page_wait_read(page, 0, &got);
    is_int((long long)strlen(got.call), sizeof(wait.call) - 1, "a name is terminated");
    wait.active = 0;
    page_wait_write(&page->waits[0], &wait);
    ok(!page_wait_read(page, 0, &got), "a wait that has ended is gone");
    atomic_fetch_add(&page->waits[0].seq, 1);
    page->waits[0].active = 1;
    ok(!page_wait_read(page, 0, &got),
       "a writer that died does not hold up its reader");
    page_wait_write(&page->waits[0], &(struct page_wait){ .active = 1 });
    ok(page_wait_read(page, 0, &got), "the next writer sets that right");

    atomic_store(&over, false);
    pthread_create(&thread, NULL, write_waits, page);
    while (seen < ROUNDS) {
        if (page_wait_read(page, 1, &got)) {
            seen++;
            torn += !is_whole(&got);
        } else {
            sched_yield();
        }
    }
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    is_int(torn, 0, "a wait is never read half");
}

int main(void)
{
    int fd = -1;
    struct page *page;

    check_attach();
    if (!(page = page_create(&fd, &err)))
        return 1;
    check_interrupts(page);
    check_signals(page);
    check_cells(page);
    check_one_taker(page);
    check_begin_races(page);
    check_two_processes(page, fd);
    check_forked_child(page);
    check_waits(page);
    page_detach(page);
    close(fd);
    return done_testing();
}
