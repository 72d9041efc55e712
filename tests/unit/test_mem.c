/* test_mem.c - allocation that ends the process when memory is out */
#include "kernel/base/mem.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static volatile size_t too_much = SIZE_MAX / 2;

static void exhaust_malloc(void)
{
    free(xmalloc(too_much));
}

static void exhaust_calloc(void)
{
    free(xcalloc(too_much, 16));
}

static void exhaust_realloc(void)
{
    free(xrealloc(xmalloc(1), too_much));
}

/* True when 'call' ends its process with a status that is not 0. */
static bool ends(void (*call)(void))
{
    int status = 0, null;
    pid_t pid = fork();

    if (pid == 0) {
        null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, STDERR_FILENO);
        call();
        _exit(0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid
           && (!WIFEXITED(status) || WEXITSTATUS(status) != 0);
}

int main(void)
{
    char *text, *data;
    void *none;

    none = xmalloc(0);
    ok(none != NULL, "no bytes are an allocation");
    none = xrealloc(none, 0);
    ok(none != NULL, "shrinking to nothing keeps the allocation");
    free(none);
    none = xcalloc(0, 8);
    ok(none != NULL, "no elements are an allocation");
    free(none);
    data = xcalloc(4, 4);
    ok(!memcmp(data, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16), "xcalloc zeroes");
    data = xrealloc(data, 1000);
    ok(!memcmp(data, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16), "xrealloc keeps the bytes");
    free(data);

    text = xstrdup("rank");
    is_str(text, "rank", "xstrdup copies");
    free(text);
    text = xstrndup("rank 0", 4);
    is_str(text, "rank", "xstrndup copies as much as is asked for");
    free(text);
    text = xstrndup("rank", SIZE_MAX);
    is_str(text, "rank", "xstrndup stops at the end of the text");
    free(text);
    data = xmemdup("a\0b", 4);
    ok(!memcmp(data, "a\0b", 4), "xmemdup copies NULs");
    free(data);
    none = xmemdup(NULL, 0);
    ok(none != NULL, "xmemdup of nothing is an allocation");
    free(none);
    text = xasprintf("%s-%d", "rank", 7);
    is_str(text, "rank-7", "xasprintf formats");
    free(text);

    ok(ends(exhaust_malloc), "xmalloc ends the process when memory is out");
    ok(ends(exhaust_calloc), "xcalloc notices an overflow");
    ok(ends(exhaust_realloc), "xrealloc ends the process when memory is out");
    return done_testing();
}
