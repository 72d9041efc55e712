/* outbox.c - what this process says to its keeper
 *
 * A line that is printed after a quiet moment leaves with it, so that it keeps its
 * place among what children and C libraries write to the same output; the lines of
 * a loop leave together.  What still waits is sent by a thread of our own, woken by
 * a timer that is armed once for all that is gathered.
 */
#include "kernel/interpreter/outbox.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "kernel/base/platform.h"

#define PIECE_MAX 1048576 /* of one print: nobody on the way has to hold it whole */
#define QUIET_NS 2000000
#define LATE_NS 10000000
#define SETTLE_NS 20000000
#define STACK_SIZE 65536

static const char *const stream_names[] = { "stdout", "stderr", "common" };

static struct {
    pthread_mutex_t lock;
    int fd; /* -1: detached */
    struct page *page;
    uint64_t sent; /* when text last left, ns */
    int timer;
    bool is_armed;
    bool has_thread;
} outbox = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1, .timer = -1 };

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- with the lock held ---- */

static int send_text(const char *text, size_t size, struct error *err)
{
    struct page_text *unsent = &outbox.page->unsent;
    const struct record_frame frames[] = { { unsent->stream, strlen(unsent->stream) },
                                           { text, size } };

    return record_write(outbox.fd, RECORD_STREAM, unsent->cell, frames, 2, err);
}

/* Whenever this process dies, the keeper has the text once: from the record, or from
 * the page where the record did not come whole. */
static int flush(struct error *err)
{
    struct page_text *unsent = &outbox.page->unsent;
    uint32_t size;
    int rc = 0;

    if (outbox.fd < 0)
        return 0;
    if ((size = unsent->size) > 0)
        rc = send_text(unsent->text, size, err);
    unsent->size = 0;
    unsent->before += size;
    outbox.sent = now_ns();
    return rc;
}

static int write_all(int fd, const char *text, size_t size, struct error *err)
{
    ssize_t count;

    while (size > 0) {
        if ((count = write(fd, text, size)) < 0) {
            if (errno == EINTR)
                continue;
            return error_set(err, "write: %s", strerror(errno));
        }
        text += count;
        size -= (size_t)count;
    }
    return 0;
}

static void *run_thread(void *arg)
{
    uint64_t count;

    for (;;) {
        if (read(outbox.timer, &count, sizeof(count)) < 0 && errno != EINTR)
            return NULL;
        pthread_mutex_lock(&outbox.lock);
        outbox.is_armed = false;
        flush(NULL); /* a keeper that is gone takes this process along */
        pthread_mutex_unlock(&outbox.lock);
    }
}

static void start_thread(void)
{
    sigset_t all, old;
    pthread_attr_t attr;
    pthread_t thread;

    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    outbox.has_thread = pthread_create(&thread, &attr, run_thread, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
}

static void arm(void)
{
    const struct itimerspec late = { .it_value = { .tv_nsec = LATE_NS } };

    if (outbox.is_armed)
        return;
    if (!outbox.has_thread)
        start_thread();
    timerfd_settime(outbox.timer, 0, &late, NULL);
    outbox.is_armed = true;
}

static int gather(const char *stream, uint64_t cell, const char *text, size_t size,
                  struct error *err)
{
    struct page_text *unsent = &outbox.page->unsent;
    int rc = 0;

    if (unsent->size > 0
        && (unsent->cell != cell || strcmp(unsent->stream, stream)
            || unsent->size + size > PAGE_GATHER))
        rc = flush(err);
    if (unsent->size == 0) {
        unsent->cell = cell;
        strcpy(unsent->stream, stream);
    }
    if (size >= PAGE_GATHER) {
        if (rc == 0 && (rc = flush(err)) == 0)
            rc = send_text(text, size, err);
        unsent->before += size;
        return rc;
    }
    memcpy(unsent->text + unsent->size, text, size);
    unsent->size += (uint32_t)size;
    if (text[size - 1] == '\n' && now_ns() - outbox.sent > QUIET_NS)
        return flush(err);
    arm();
    return rc;
}

/* ---- fork ---- */

static void before_fork(void)
{
    pthread_mutex_lock(&outbox.lock);
    flush(NULL);
}

static void after_fork_parent(void)
{
    pthread_mutex_unlock(&outbox.lock);
}

static void after_fork_child(void)
{
    if (outbox.fd >= 0) {
        close(outbox.fd);
        close(outbox.timer);
        page_detach_child(outbox.page);
    }
    outbox.fd = -1;
    pthread_mutex_unlock(&outbox.lock);
}

/* ---- what others call ---- */

int outbox_open(int fd, struct page *page, struct error *err)
{
    outbox.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (outbox.timer < 0)
        return error_set(err, "timerfd_create: %s", strerror(errno));
    outbox.page = page;
    outbox.fd = fd;
    pthread_atfork(before_fork, after_fork_parent, after_fork_child);
    return 0;
}

bool outbox_is_detached(void)
{
    return outbox.fd < 0;
}

/* How much of the text goes at once: no character is cut. */
static size_t piece_size(const char *text, size_t size)
{
    size_t cut = PIECE_MAX;

    if (size <= PIECE_MAX)
        return size;
    while (cut > PIECE_MAX - 4 && ((unsigned char)text[cut] & 0xc0) == 0x80)
        cut--;
    return cut;
}

static int add_text(enum outbox_stream stream, uint64_t cell, const char *text,
                    size_t size, struct error *err)
{
    int rc;

    pthread_mutex_lock(&outbox.lock);
    if (outbox.fd < 0)
        rc = write_all(stream == OUTBOX_STDERR ? 2 : 1, text, size, err);
    else
        rc = gather(stream_names[stream], cell, text, size, err);
    pthread_mutex_unlock(&outbox.lock);
    return rc;
}

/* The lock is left between pieces: answers need not wait for all of them. */
int outbox_text(enum outbox_stream stream, uint64_t cell, const char *text, size_t size,
                struct error *err)
{
    size_t piece;

    for (; size > 0; text += piece, size -= piece) {
        piece = piece_size(text, size);
        if (add_text(stream, cell, text, piece, err) < 0)
            return -1;
    }
    return 0;
}

int outbox_record(enum record_type type, uint64_t cell,
                  const struct record_frame *frames, uint32_t count, struct error *err)
{
    int rc = 0;

    pthread_mutex_lock(&outbox.lock);
    if (outbox.fd >= 0 && (rc = flush(err)) == 0)
        rc = record_write(outbox.fd, type, cell, frames, count, err);
    pthread_mutex_unlock(&outbox.lock);
    return rc;
}

int outbox_flush(struct error *err)
{
    int rc;

    pthread_mutex_lock(&outbox.lock);
    rc = flush(err);
    pthread_mutex_unlock(&outbox.lock);
    return rc;
}

void outbox_settle(void)
{
    const struct timespec nap = { .tv_nsec = 50000 };
    uint64_t begin = now_ns();
    struct platform_flow flow;

    if (outbox_flush(NULL) < 0)
        return;
    while (outbox.fd >= 0 && platform_socket_flow(outbox.fd, &flow) == 0
           && flow.waiting > 0 && now_ns() - begin < SETTLE_NS)
        nanosleep(&nap, NULL);
}
