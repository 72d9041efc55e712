/* log.c - one line a record, to a file of the run's log directory
 *
 *     2026-01-31T12:00:00.123Z front warning: dropped "junk" on shell
 *
 * One write() a line: several processes may append to one file.
 */
#include "kernel/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel/base/buf.h"

static const char *const levels[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARNING] = "warning",
    [LOG_ERROR] = "error",
};

#define LEVEL_COUNT (sizeof(levels) / sizeof(levels[0]))

/* The process has one log. */
static struct {
    int fd;
    enum log_level level;
    char name[64];
} self = { STDERR_FILENO, LOG_INFO, "rankbook" };

static void add_time(struct buf *line)
{
    struct timespec now;
    struct tm tm;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    buf_add_format(line, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

/* What is quoted comes from outside: it must not forge lines, or move a cursor. */
static void add_escaped(struct buf *line, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            buf_add_text(line, "\\n");
        else if ((unsigned char)*text < ' ' || *text == 127)
            buf_add_format(line, "\\x%02x", (unsigned char)*text);
        else
            buf_add(line, text, 1);
    }
}

__attribute__((format(printf, 2, 0))) static void
write_line(enum log_level level, const char *format, va_list args)
{
    struct buf line = { 0 };
    int saved = errno;
    char *text = NULL;
    ssize_t ignored;

    if (level < self.level)
        return;
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    add_time(&line);
    buf_add_format(&line, " %s %s: ", self.name, levels[level]);
    add_escaped(&line, text ? text : format);
    buf_add_text(&line, "\n");
    ignored = write(self.fd, line.data, line.size); /* nowhere to say that it failed */
    (void)ignored;
    buf_clear(&line);
    free(text);
    errno = saved;
}

void log_open(const char *name, const char *path)
{
    const char *wanted = getenv("RANKBOOK_LOG");
    size_t i;
    int fd;

    log_close();
    snprintf(self.name, sizeof(self.name), "%s", name);
    self.level = LOG_INFO;
    for (i = 0; wanted && i < LEVEL_COUNT && strcmp(wanted, levels[i]); i++)
        ;
    if (wanted && i < LEVEL_COUNT)
        self.level = (enum log_level)i;
    if (path) {
        if ((fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) >= 0)
            self.fd = fd;
        else
            log_warning("open %s: %s; the log goes to stderr", path, strerror(errno));
    }
    if (wanted && *wanted && i == LEVEL_COUNT)
        log_warning("RANKBOOK_LOG=%s is none of debug, info, warning, error", wanted);
}

void log_close(void)
{
    if (self.fd != STDERR_FILENO)
        close(self.fd);
    self.fd = STDERR_FILENO;
}

#define LOG_FUNCTION(name, level)                                                      \
    void name(const char *format, ...)                                                 \
    {                                                                                  \
        va_list args;                                                                  \
                                                                                       \
        va_start(args, format);                                                        \
        write_line(level, format, args);                                               \
        va_end(args);                                                                  \
    }

LOG_FUNCTION(log_debug, LOG_DEBUG)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_warning, LOG_WARNING)
LOG_FUNCTION(log_error, LOG_ERROR)
