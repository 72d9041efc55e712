/* capture.c - what another program says, for checks */
#include "launcher/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/base/loop.h"
#include "launcher/child.h"

char *capture_last_line(char *text)
{
    size_t size = strlen(text);
    char *line;

    while (size && strchr(" \t\r\n", text[size - 1]))
        text[--size] = '\0';
    line = strrchr(text, '\n');
    return line ? line + 1 : text;
}

/* Until the end of file.  -1 when that did not come in time. */
static int read_all(int fd, int64_t end, struct buf *output)
{
    struct pollfd item = { fd, POLLIN, 0 };
    char data[4096];
    ssize_t size;

    for (;;) {
        int64_t left = end - loop_now();

        if (left <= 0 || poll(&item, 1, (int)left) == 0)
            return -1;
        size = read(fd, data, sizeof(data));
        if (size == 0 || (size < 0 && errno != EINTR))
            return 0;
        if (size > 0)
            buf_add(output, data, (size_t)size);
    }
}

static int explain(int status, const char *program, struct buf *output,
                   struct error *err)
{
    const char *line = output->size ? capture_last_line(output->data) : "";

    if (*line)
        return error_set(err, "%s", line);
    if (WIFSIGNALED(status))
        return error_set(err, "%s ended by %s", program, strsignal(WTERMSIG(status)));
    return error_set(err, "%s ended with status %d", program, WEXITSTATUS(status));
}

int capture_run(char *const *argv, char *const *env, int seconds, struct buf *output,
                struct error *err)
{
    struct child child = { argv, env, -1, -1, true };
    int64_t end = loop_now() + 1000 * (int64_t)seconds;
    int ends[2], status = 0, late;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set(err, "make a pipe: %s", strerror(errno));
    child.output = ends[1];
    pid = child_start(&child, err);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return -1;
    }
    if ((late = read_all(ends[0], end, output)) < 0)
        kill(-pid, SIGKILL);
    close(ends[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (late < 0)
        return error_set(err, "%s does not end within %d s", argv[0], seconds);
    return status ? explain(status, argv[0], output, err) : 0;
}
