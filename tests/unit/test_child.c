/* test_child.c - starting a process, and what it says */
#include "launcher/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/capture.h"
#include "launcher/process.h"
#include "launcher/strings.h"
#include "tests/unit/tap.h"

static struct error err;
static struct buf output;

/* Runs a shell command in the environment of the tests plus 'variable'. */
static int shell(const char *command, const char *variable)
{
    char *argv[] = { "/bin/sh", "-c", (char *)command, NULL };
    struct strings env = { 0 };
    int rc;

    strings_add_list(&env, environ);
    if (variable)
        strings_add(&env, variable);
    buf_reset(&output);
    rc = capture_run(argv, env.list, 10, &output, &err);
    strings_clear(&env);
    return rc;
}

static void check_capture(void)
{
    is_int(shell("echo out; echo err >&2", NULL), 0, "a program runs");
    is_str(buf_text(&output), "out\nerr\n", "both its outputs are caught");
    is_int(shell("echo first; echo why; exit 3", NULL), -1, "a failure is one");
    is_str(err.text, "why", "told by its last line");
    is_int(shell("exit 3", NULL), -1, "a silent failure too");
    is_str(err.text, "/bin/sh ended with status 3", "is told by its status");
    is_int(shell("kill -9 $$", NULL), -1, "a signal too");
    is_str(err.text, "/bin/sh ended by Killed", "is told by its name");
    shell("cat; echo $X", "X=5");
    is_str(buf_text(&output), "5\n", "stdin is empty and the environment is ours");
    open("/dev/null", O_RDONLY); /* a descriptor without CLOEXEC, as others leave */
    shell("ls /proc/self/fd | wc -l", NULL);
    is_str(buf_text(&output), "4\n",
           "no other descriptor is open: 0, 1, 2 and ls's own");
    shell("ps -o pgid= -p $$ | tr -d ' '; echo $$", NULL);
    ok(atoi(buf_text(&output)) == atoi(capture_last_line(output.data)),
       "it leads its process group");
}

static void check_start(void)
{
    char *argv[] = { "/nonexistent/program", NULL };
    struct child child = { argv, environ, -1, -1, false };

    is_int(child_start(&child, &err), -1, "a program that is not there is refused");
    is_str(err.text, "start /nonexistent/program: No such file or directory",
           "with the reason");
    ok(waitpid(-1, NULL, WNOHANG) < 0, "and leaves no child behind");
}

/* A process of a run is one of our programs, known by its name. */
static void check_run(void)
{
    char dir[] = "/tmp/rankbook-test-XXXXXX", path[80], copy[160];
    char *argv[] = { path, "600", NULL }, *env[] = { "A=1", "RANKBOOK_RUN=/r1", NULL };
    struct child child = { argv, env, -1, -1, true };
    int fd, status = 0;
    pid_t pid;

    if (!mkdtemp(dir))
        abort();
    snprintf(path, sizeof(path), "%s/rankbook-sleeper", dir);
    snprintf(copy, sizeof(copy), "cp $(command -v sleep) %s", path);
    is_int(shell(copy, NULL), 0, "a program with a name of ours");
    pid = child_start(&child, &err);
    is_int(process_signal_run("/r2", SIGKILL, 0), 0, "belongs to no other run");
    is_int(process_signal_run("/r1", 0, pid), 0, "is spared when asked");
    is_int(process_signal_run("/r1", 0, 0), 1, "is found by its run");
    fd = process_watch(pid);
    is_int(process_signal_run("/r1", SIGKILL, 0), 1, "is killed");
    ok(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGKILL, "by the signal");
    ok(fd >= 0 && process_watch(pid) < 0, "its end can be watched");
    close(fd);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    check_capture();
    check_start();
    check_run();
    buf_clear(&output);
    return done_testing();
}
