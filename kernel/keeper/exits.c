/* exits.c - how an interpreter ended, in words for the user */
#include "kernel/keeper/exits.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Names of cells begin so, with the user's number (shell/compiler.py). */
#define CELL_FILES "/tmp/rankbook-"

static const struct {
    int signal;
    const char *words;
} signal_words[] = {
    { SIGSEGV, "segmentation fault" },
    { SIGBUS, "bus error" },
    { SIGFPE, "arithmetic error" },
    { SIGILL, "illegal instruction" },
    { SIGABRT, "it called abort()" },
    { SIGKILL, "killed from outside, or out of memory" },
    { SIGTERM, "terminated from outside" },
    { SIGXCPU, "out of CPU time" },
};

void exits_signal_name(int signal, struct buf *out)
{
    const char *name = sigabbrev_np(signal);

    if (name)
        buf_add_format(out, "SIG%s", name);
    else
        buf_add_format(out, "signal %d", signal);
}

/* The first of the words that are known: the caller's, or those for the signal. */
static void add_ending(int status, const char *why, struct buf *out)
{
    if (!WIFSIGNALED(status)) {
        buf_add_format(out, "exit status %d", WEXITSTATUS(status));
        return;
    }
    exits_signal_name(WTERMSIG(status), out);
    for (size_t i = 0; !why && i < sizeof(signal_words) / sizeof(*signal_words); i++) {
        if (signal_words[i].signal == WTERMSIG(status))
            why = signal_words[i].words;
    }
    if (why)
        buf_add_format(out, " (%s)", why);
}

/* One frame of a fault, as '  File "NAME", line 3 in f'. */
struct frame {
    const char *name;
    size_t name_size;
    long line;
    const char *function;
    size_t function_size;
};

/* Reads the next frame; returns where to go on, or NULL at the end. */
static const char *next_frame(const char *text, struct frame *frame)
{
    const char *name, *end, *line, *function;
    size_t size;

    if (!(name = strstr(text, "File \"")))
        return NULL;
    name += strlen("File \"");
    if (!(end = strstr(name, "\", line ")))
        return NULL;
    line = end + strlen("\", line ");
    size = strcspn(line, "\n");
    function = memmem(line, size, " in ", 4);
    *frame = (struct frame){
        .name = name,
        .name_size = (size_t)(end - name),
        .line = strtol(line, NULL, 10),
        .function = function ? function + 4 : NULL,
        .function_size = function ? size - (size_t)(function + 4 - line) : 0,
    };
    return line + size;
}

static bool is_of_cell(const struct frame *frame)
{
    const char *user = frame->name + strlen(CELL_FILES);

    return !strncmp(frame->name, CELL_FILES, strlen(CELL_FILES))
           && user[strspn(user, "0123456789")] == '/';
}

static bool is_same_file(const struct frame *a, const struct frame *b)
{
    return a->name_size == b->name_size && !memcmp(a->name, b->name, a->name_size);
}

/* 'cell' is the file of the cell that runs. */
static void add_frame(const struct frame *frame, const struct frame *cell,
                      struct buf *out)
{
    const char *end = frame->name + frame->name_size, *base = end;

    while (base > frame->name && base[-1] != '/')
        base--;
    buf_add_format(out, "line %ld of ", frame->line);
    if (is_of_cell(frame))
        buf_add_text(out, is_same_file(frame, cell) ? "the cell" : "another cell");
    else
        buf_add(out, base, (size_t)(end - base));
    if (frame->function_size == 0 || frame->function[0] == '<')
        return;
    buf_add_text(out, ", in ");
    buf_add(out, frame->function, frame->function_size);
}

/* The cell that runs is the outermost one; of its frames the innermost counts.  False:
 * there is none. */
static bool find_cell(const char *fault, struct frame *out)
{
    struct frame frame;
    bool found = false;

    for (const char *rest = fault; (rest = next_frame(rest, &frame));) {
        if (is_of_cell(&frame) && !(found && is_same_file(&frame, out))) {
            *out = frame;
            found = true;
        }
    }
    return found;
}

void exits_where(const char *fault, struct buf *out)
{
    struct frame inner, cell;

    if (!next_frame(fault, &inner))
        return;
    if (!find_cell(fault, &cell) || cell.name == inner.name) {
        add_frame(&inner, &inner, out);
        return;
    }
    add_frame(&cell, &cell, out);
    buf_add_text(out, " (at ");
    add_frame(&inner, &cell, out);
    buf_add_text(out, ")");
}

void exits_text(int rank, int status, const char *why, const char *where,
                struct buf *out)
{
    buf_add_format(
        out, WIFSIGNALED(status) ? "rank %d died: killed by " : "rank %d ended with ",
        rank);
    add_ending(status, why, out);
    if (where && *where)
        buf_add_format(out, " at %s", where);
}

void exits_start_text(int rank, int status, const char *words, struct buf *out)
{
    size_t size = strlen(words);

    while (size > 0 && strchr(" \n\r", words[size - 1]))
        size--;
    buf_add_format(out, "rank %d could not start: ", rank);
    if (size == 0 || WIFSIGNALED(status)) {
        buf_add_text(out, WIFSIGNALED(status) ? "killed by " : "");
        add_ending(status, NULL, out);
        if (size > 0)
            buf_add_text(out, "\n");
    }
    buf_add(out, words, size);
}
