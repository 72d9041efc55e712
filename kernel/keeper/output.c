/* output.c - what the interpreter's process writes to its descriptors 1 and 2
 *
 * A pipe is read in pieces that may end inside a character.  The beginning of
 * such a character waits for its rest; at the end of a cell it is given out as it
 * is, since then the program itself wrote no more.
 */
#include "kernel/keeper/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/base/mem.h"

#define PIECE_SIZE 65536
#define PIECES_MAX 16 /* a flood must let the loop's other watches run */

struct pipe_end {
    struct output *output;
    const char *name;
    int fd;    /* ours, non-blocking; -1 after end of file */
    int child; /* -1 once closed */
    struct loop_watch *watch;
    char partial[4];
    size_t partial_size;
};

struct output {
    struct loop *loop;
    struct pipe_end ends[2];
    output_f call;
    void *arg;
};

size_t output_partial(const char *text, size_t size)
{
    size_t length;

    for (size_t i = 1; i <= 3 && i <= size; i++) {
        unsigned char byte = (unsigned char)text[size - i];

        if ((byte & 0xc0) == 0x80)
            continue;
        length = byte >= 0xf0 && byte < 0xf8 ? 4
                 : byte >= 0xe0              ? 3
                 : byte >= 0xc2              ? 2
                                             : 1;
        return byte < 0xf8 && length > i ? i : 0;
    }
    return 0;
}

static void end_close(struct pipe_end *end)
{
    loop_remove(end->output->loop, end->watch);
    end->watch = NULL;
    if (end->fd >= 0)
        close(end->fd);
    end->fd = -1;
}

static void end_give(struct pipe_end *end, const char *text, size_t size)
{
    if (size > 0)
        end->output->call(end->name, text, size, end->output->arg);
}

/* Returns 1 when it read something. */
static int end_read(struct pipe_end *end)
{
    static char piece[PIECE_SIZE];
    size_t size = end->partial_size;
    ssize_t count;

    if (end->fd < 0)
        return 0;
    memcpy(piece, end->partial, size);
    count = read(end->fd, piece + size, sizeof(piece) - size);
    if (count < 0)
        return 0;
    if (count == 0) {
        end_close(end);
        end_give(end, piece, size);
        end->partial_size = 0;
        return 0;
    }
    size += (size_t)count;
    end->partial_size = output_partial(piece, size);
    size -= end->partial_size;
    memcpy(end->partial, piece + size, end->partial_size);
    end_give(end, piece, size);
    return 1;
}

static void on_readable(struct loop *loop, void *arg)
{
    end_read(arg);
}

static int end_open(struct pipe_end *end, struct error *err)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_set(err, "make a pipe for %s: %s", end->name, strerror(errno));
    end->fd = fds[0];
    end->child = fds[1];
    if (fcntl(end->fd, F_SETFL, O_NONBLOCK) < 0)
        return error_set(err, "set up the pipe for %s: %s", end->name, strerror(errno));
    end->watch = loop_add_fd(end->output->loop, end->fd, on_readable, end);
    return 0;
}

struct output *output_create(struct loop *loop, output_f call, void *arg,
                             struct error *err)
{
    static const char *const names[] = { "stdout", "stderr" };
    struct output *output = xcalloc(1, sizeof(*output));

    output->loop = loop;
    output->call = call;
    output->arg = arg;
    for (int i = 0; i < 2; i++) {
        output->ends[i] = (struct pipe_end){
            .output = output, .name = names[i], .fd = -1, .child = -1
        };
    }
    if (end_open(&output->ends[0], err) < 0 || end_open(&output->ends[1], err) < 0) {
        output_destroy(output);
        return NULL;
    }
    return output;
}

void output_destroy(struct output *output)
{
    if (!output)
        return;
    output_close_child(output);
    end_close(&output->ends[0]);
    end_close(&output->ends[1]);
    free(output);
}

int output_child_fd(const struct output *output, int idx)
{
    return output->ends[idx].child;
}

void output_close_child(struct output *output)
{
    for (int i = 0; i < 2; i++) {
        if (output->ends[i].child >= 0)
            close(output->ends[i].child);
        output->ends[i].child = -1;
    }
}

void output_drain(struct output *output)
{
    for (int i = 0; i < 2; i++) {
        struct pipe_end *end = &output->ends[i];

        for (int n = 0; n < PIECES_MAX && end_read(end); n++)
            ;
        end_give(end, end->partial, end->partial_size);
        end->partial_size = 0;
    }
}

void output_pause(struct output *output, int paused)
{
    for (int i = 0; i < 2; i++) {
        if (output->ends[i].watch)
            loop_watch_pause(output->ends[i].watch, paused);
    }
}
