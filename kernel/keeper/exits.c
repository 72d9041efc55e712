/* exits.c - how an interpreter ended, in words for the user */
#include "kernel/keeper/exits.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Files of cells live nowhere; their names start so (shell/compiler.py). */
#define CELL_FILES "/tmp/rankbook/"

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

static void add_ending(int status, struct buf *out)
{
    if (!WIFSIGNALED(status)) {
        buf_add_format(out, "exit status %d", WEXITSTATUS(status));
        return;
    }
    exits_signal_name(WTERMSIG(status), out);
    for (size_t i = 0; i < sizeof(signal_words) / sizeof(*signal_words); i++) {
        if (signal_words[i].signal == WTERMSIG(status))
            buf_add_format(out, " (%s)", signal_words[i].words);
    }
}

/* A frame is written as '  File "NAME", line 3 in f', innermost first. */
void exits_where(const char *fault, struct buf *out)
{
    const char *name, *end, *base, *line, *function;
    size_t size;

    if (!(name = strstr(fault, "File \"")))
        return;
    name += strlen("File \"");
    if (!(end = strstr(name, "\", line ")))
        return;
    line = end + strlen("\", line ");
    buf_add_format(out, "line %ld of ", strtol(line, NULL, 10));
    if (!strncmp(name, CELL_FILES, strlen(CELL_FILES))) {
        buf_add_text(out, "the cell");
    } else {
        for (base = end; base > name && base[-1] != '/'; base--)
            ;
        buf_add(out, base, (size_t)(end - base));
    }
    size = strcspn(line, "\n");
    function = memmem(line, size, " in ", 4);
    if (!function || !strncmp(function, " in <module>", 12))
        return;
    buf_add_text(out, ", in ");
    buf_add(out, function + 4, size - (size_t)(function + 4 - line));
}

void exits_text(int rank, int status, const char *where, struct buf *out)
{
    buf_add_format(
        out, WIFSIGNALED(status) ? "rank %d died: killed by " : "rank %d ended with ",
        rank);
    add_ending(status, out);
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
        add_ending(status, out);
        if (size > 0)
            buf_add_text(out, "\n");
    }
    buf_add(out, words, size);
}
