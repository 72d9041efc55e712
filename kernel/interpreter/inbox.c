/* inbox.c - when something comes from the keeper, and who looks */
#include "kernel/interpreter/inbox.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "kernel/base/platform.h"

#define MOMENT_NS 20000000

static struct {
    int fd;
    int wake;   /* eventfd: for the main thread */
    int moment; /* timerfd: the cell has run for a moment */
    int over;   /* eventfd: the cell that the assist thread looks after is over */
    atomic_bool is_running;
    atomic_bool is_assisted;
    struct record_reader reader;
} inbox = { .fd = -1, .wake = -1, .moment = -1, .over = -1 };

int inbox_open(int fd, struct error *err)
{
    inbox.fd = fd;
    inbox.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    inbox.over = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    inbox.moment = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (inbox.wake < 0 || inbox.over < 0 || inbox.moment < 0
        || platform_set_nonblock(fd) < 0)
        return error_set(err, "set up the inbox: %s", strerror(errno));
    return 0;
}

static void set(int event)
{
    const uint64_t one = 1;

    if (write(event, &one, sizeof(one)) < 0)
        return; /* full: it is set already */
}

static void unset(int event)
{
    uint64_t count;

    if (read(event, &count, sizeof(count)) < 0)
        return; /* was not set */
}

/* ---- the main thread ---- */

void inbox_wait(int ms)
{
    struct pollfd ready[] = { { .fd = inbox.fd, .events = POLLIN },
                              { .fd = inbox.wake, .events = POLLIN } };

    poll(ready, 2, ms);
    if (ready[1].revents)
        inbox_clear();
}

void inbox_wake(void)
{
    set(inbox.wake);
}

int inbox_wake_fd(void)
{
    return inbox.wake;
}

void inbox_clear(void)
{
    unset(inbox.wake);
}

/* ---- around a cell ---- */

static void set_moment(long ns)
{
    const struct itimerspec time = { .it_value = { .tv_nsec = ns } };

    timerfd_settime(inbox.moment, 0, &time, NULL);
}

void inbox_cell_begin(void)
{
    inbox.is_running = true;
    set_moment(MOMENT_NS);
}

void inbox_cell_hurry(void)
{
    set_moment(1);
}

void inbox_cell_end(void)
{
    inbox.is_running = false;
    set_moment(0);
    if (inbox.is_assisted)
        set(inbox.over);
}

/* ---- the assist thread ---- */

/* Returns true when a record has come while the cell runs. */
static bool assist(void)
{
    struct pollfd ready[] = { { .fd = inbox.fd, .events = POLLIN },
                              { .fd = inbox.over, .events = POLLIN } };

    unset(inbox.over);
    inbox.is_assisted = true;
    while (inbox.is_running) {
        if (poll(ready, 2, -1) < 0 && errno != EINTR)
            break;
        if (ready[1].revents)
            break;
        if (ready[0].revents)
            return inbox.is_running;
    }
    inbox.is_assisted = false;
    return false;
}

void inbox_assist_wait(void)
{
    struct pollfd ready = { .fd = inbox.moment, .events = POLLIN };

    for (;;) {
        if (inbox.is_assisted && assist())
            return;
        if (poll(&ready, 1, -1) < 0)
            continue;
        unset(inbox.moment);
        if (assist())
            return;
    }
}

struct record *inbox_next(struct error *err)
{
    struct record *record = record_reader_next(&inbox.reader, err);
    int rc;

    if (record || err->text[0])
        return record;
    if ((rc = record_reader_fill(&inbox.reader, inbox.fd, err)) < 0)
        return NULL;
    if (!(record = record_reader_next(&inbox.reader, err)) && rc == 0 && !err->text[0])
        error_set(err, "the keeper is gone");
    return record;
}
