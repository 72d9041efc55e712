/* progress.c - one line on a terminal that says how far a replay is */
#include "launcher/replay/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"

#define TURN_MS 200
#define ERASE "\r\033[K"

struct progress {
    struct loop *loop;
    struct loop_watch *timer;
    int fd;
    bool is_terminal;
    size_t total;
    size_t done;
    char *what;
    int64_t since;
};

static size_t columns(int fd)
{
    struct winsize size;

    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* The first line that says something. */
static const char *first_line(const char *text, size_t *size)
{
    text += strspn(text, " \t\r\n");
    *size = strcspn(text, "\r\n");
    return text;
}

char *progress_format(size_t done, size_t total, double seconds, const char *what,
                      size_t width)
{
    struct buf buf = { 0 };
    size_t size, used = 0;

    what = first_line(what, &size);
    buf_add_format(&buf, "[%zu/%zu] %.1f s  ", done, total, seconds);
    width = width > buf.size ? width - buf.size - 1 : 0; /* a full line would wrap */
    for (size_t i = 0; i < size && used <= width; i++) {
        unsigned char letter = (unsigned char)what[i];

        used += (letter & 0xc0) != 0x80; /* bytes that begin a character */
        if (used <= width)
            buf_add(&buf, letter < ' ' || letter == 0x7f ? " " : what + i, 1);
    }
    return buf_take(&buf);
}

static void show(const struct progress *progress)
{
    double seconds = (double)(loop_now() - progress->since) / 1000;
    char *line = progress_format(progress->done, progress->total, seconds,
                                 progress->what, columns(progress->fd));

    dprintf(progress->fd, ERASE "%s", line);
    free(line);
}

static void on_turn(struct loop *loop, void *arg)
{
    show(arg);
}

struct progress *progress_create(struct loop *loop, int fd, size_t total)
{
    struct progress *progress = xcalloc(1, sizeof(*progress));

    progress->loop = loop;
    progress->fd = fd;
    progress->is_terminal = isatty(fd);
    progress->total = total;
    return progress;
}

void progress_destroy(struct progress *progress)
{
    if (!progress)
        return;
    progress_hide(progress);
    free(progress->what);
    free(progress);
}

void progress_step(struct progress *progress, size_t done, const char *what)
{
    free(progress->what);
    progress->what = xstrdup(what);
    progress->done = done;
    progress->since = loop_now();
    if (!progress->is_terminal)
        return;
    show(progress);
    if (!progress->timer)
        progress->timer = loop_add_timer(progress->loop, TURN_MS, 1, on_turn, progress);
}

void progress_hide(struct progress *progress)
{
    if (!progress->timer)
        return;
    loop_remove(progress->loop, progress->timer);
    progress->timer = NULL;
    dprintf(progress->fd, ERASE);
}

bool progress_is_terminal(const struct progress *progress)
{
    return progress->is_terminal;
}
