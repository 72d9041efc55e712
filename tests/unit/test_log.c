/* test_log.c - one line a record */
#include "kernel/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static char dir[] = "/tmp/rankbook-test-XXXXXX";
static char path[64];

static const char *content(void)
{
    static char text[8192];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

    if (fd >= 0)
        close(fd);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

/* The text after the time of the last line, without its end. */
static const char *last_line(void)
{
    static char line[8192];
    const char *text = content(), *start = text + strlen(text);

    if (start > text)
        start--;
    while (start > text && start[-1] != '\n')
        start--;
    start = strchr(start, ' ');
    snprintf(line, sizeof(line), "%s", start ? start + 1 : "");
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static int line_count(void)
{
    const char *text = content();
    int count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void check_lines(void)
{
    char text[4000];

    log_open("keeper 3", path);
    log_info("rank %d lost", 3);
    is_str(last_line(), "keeper 3 info: rank 3 lost", "name, level and text");
    ok(content()[4] == '-' && content()[10] == 'T' && content()[23] == 'Z',
       "a line starts with the time");
    log_debug("not heard");
    is_int(line_count(), 1, "debug is left out");
    log_warning("dropped \"%s\"", "a\nb\x1b[2J\x7f");
    is_str(last_line(), "keeper 3 warning: dropped \"a\\nb\\x1b[2J\\x7f\"",
           "what is quoted cannot forge lines");
    is_int(line_count(), 2, "one line a record");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    log_error("%s", text);
    is_int((long long)strlen(last_line()),
           sizeof(text) - 1 + strlen("keeper 3 error: "), "a long record is whole");
    errno = EBADF;
    log_error("kept");
    is_int(errno, EBADF, "errno is left alone");
    log_close();
    log_close();
}

static void check_levels(void)
{
    setenv("RANKBOOK_LOG", "debug", 1);
    log_open("front", path);
    log_debug("heard");
    is_str(last_line(), "front debug: heard", "debug when asked for; the file is kept");
    setenv("RANKBOOK_LOG", "error", 1);
    log_open("front", path);
    log_warning("not heard");
    is_str(last_line(), "front debug: heard", "a warning is below an error");
    setenv("RANKBOOK_LOG", "loud", 1);
    log_open("front", path);
    is_str(last_line(),
           "front warning: RANKBOOK_LOG=loud is none of debug, info, warning, error",
           "an unknown level is said");
    log_info("heard");
    is_str(last_line(), "front info: heard", "and means info");
    unsetenv("RANKBOOK_LOG");
    log_close();
}

/* stderr goes to the file for a while. */
static void check_stderr(void)
{
    int saved = dup(STDERR_FILENO);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

    dup2(fd, STDERR_FILENO);
    log_open("front", NULL);
    log_info("no path");
    is_str(last_line(), "front info: no path", "without a path it is stderr");
    log_open("front", "/nonexistent/log");
    is_str(last_line(),
           "front warning: open /nonexistent/log: No such file or directory; the log "
           "goes to stderr",
           "a path that cannot be opened is said on stderr");
    log_close();
    is_int(fcntl(STDERR_FILENO, F_GETFD) >= 0, 1, "stderr is not closed");
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fd);
}

int main(void)
{
    unsetenv("RANKBOOK_LOG");
    if (!mkdtemp(dir))
        return 1;
    snprintf(path, sizeof(path), "%s/log", dir);
    check_lines();
    check_levels();
    check_stderr();
    unlink(path);
    rmdir(dir);
    return done_testing();
}
