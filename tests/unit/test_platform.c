/* test_platform.c - what only Linux offers */
#include "kernel/base/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static void check_descriptors(void)
{
    struct error err = { "" };
    int fd = platform_memfd("test", 10000, &err), flags;
    struct stat st;
    char byte = 1;

    ok(fd >= 0, "a memfd is made");
    ok(!fstat(fd, &st) && st.st_size == 10000, "with its size");
    ok(pread(fd, &byte, 1, 9999) == 1 && byte == 0, "and zero bytes");
    ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "it is closed on exec");
    ok(platform_memfd("test", (size_t)-1, &err) == -1 && err.text[0],
       "an absurd size is refused");
    fcntl(fd, F_SETFD, 0);
    ok(platform_set_cloexec(fd) == 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC),
       "CLOEXEC can be set");
    flags = fcntl(fd, F_GETFL);
    ok(platform_set_nonblock(fd) == 0 && fcntl(fd, F_GETFL) == (flags | O_NONBLOCK),
       "O_NONBLOCK can be set, beside the other flags");
    close(fd);
    is_int(platform_set_cloexec(fd), -1, "a closed descriptor: CLOEXEC fails");
    is_int(platform_set_nonblock(fd), -1, "a closed descriptor: O_NONBLOCK fails");
}

static void check_processes(void)
{
    char *dir = platform_program_dir(), *slash, exe[4096];
    ssize_t size = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    uint64_t rss = 0, pss = 0;
    volatile unsigned spin = 0;

    exe[size > 0 ? size : 0] = '\0';
    if ((slash = strrchr(exe, '/')))
        *slash = '\0';
    is_str(dir, exe, "the program's directory");
    free(dir);
    ok(!platform_process_memory(getpid(), &rss, &pss) && pss > 0 && pss <= rss,
       "memory of this process");
    is_int(platform_process_memory(getpid(), NULL, NULL), 0,
           "nobody has to ask for all");
    is_int(platform_process_memory(0, &rss, &pss), -1, "there is no process 0");
    ok(platform_cpu_ticks(getpid()) >= 0, "time of this process");
    is_int(platform_cpu_ticks(0), -1, "process 0 has no time");
    while (platform_cpu_ticks(getpid()) == 0)
        spin++;
    ok(platform_cpu_ticks(getpid()) > 0, "time passes while it computes");
}

static void check_flow(void)
{
    struct platform_flow flow = { 1, 1 };
    char bytes[1000] = "";
    int pair[2];

    ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0
           && platform_socket_flow(pair[0], &flow) == 0 && flow.waiting == 0
           && flow.acked == 0,
       "nothing waits in a new socket");
    ok(write(pair[0], bytes, sizeof(bytes)) == sizeof(bytes)
           && platform_socket_flow(pair[0], &flow) == 0
           && flow.waiting >= sizeof(bytes),
       "until something was written");
    ok(read(pair[1], bytes, sizeof(bytes)) == sizeof(bytes)
           && platform_socket_flow(pair[0], &flow) == 0 && flow.waiting == 0,
       "and after it was read");
    close(pair[0]);
    close(pair[1]);
    ok(platform_socket_flow(pair[0], &flow) < 0, "a closed one says so");
}

static void count_path(const char *path, void *arg)
{
    char *seen = arg;

    if (strstr(path, "(deleted)"))
        strcat(seen, "!");
    strcat(seen, strrchr(path, '/') + 1);
    strcat(seen, ";");
}

static void check_maps(void)
{
    char path[] = "/tmp/rankbook-test-XXXXXX", seen[256] = "", want[64];
    int fd = mkstemp(path);
    void *first, *second;

    if (fd < 0 || ftruncate(fd, 8192) < 0)
        return;
    first = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    second = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4096);
    snprintf(want, sizeof(want), "%s;", path + strlen("/tmp/"));
    is_int(platform_maps_files(getpid(), "/tmp/rankbook-test-", count_path, seen), 1,
           "a file that is mapped twice counts once");
    is_str(seen, want, "its path is given");
    unlink(path);
    seen[0] = '\0';
    platform_maps_files(getpid(), "/tmp/rankbook-test-", count_path, seen);
    is_str(seen, want, "also when it was deleted");
    munmap(first, 4096);
    munmap(second, 4096);
    is_int(platform_maps_files(getpid(), "/tmp/rankbook-test-", count_path, seen), 0,
           "not when it is no longer mapped");
    is_int(platform_maps_files(0, "/", count_path, seen), -1, "process 0 has no files");
    close(fd);
}

/* The middle process ends; the last one must get the signal.  It holds the write
 * end of the pipe, whose end of file is the event. */
static void check_death(void)
{
    int death[2], ready[2], status = 0;
    pid_t middle, last = 0;
    char byte;

    is_int(platform_subreaper(), 0, "this process becomes a subreaper");
    if (pipe2(death, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0)
        return;
    if ((middle = fork()) == 0) {
        pid_t parent = getpid();

        if ((last = fork()) == 0) {
            byte = platform_die_with(SIGKILL, parent) == 0;
            if (write(ready[1], &byte, 1) != 1)
                _exit(1);
            for (;;)
                pause();
        }
        if (write(death[1], &last, sizeof(last)) != sizeof(last)
            || read(ready[0], &byte, 1) != 1)
            _exit(1);
        _exit(0);
    }
    close(death[1]);
    ok(read(death[0], &last, sizeof(last)) == sizeof(last), "a grandchild runs");
    waitpid(middle, &status, 0);
    is_int(read(death[0], &byte, 1), 0, "it ends with its parent");
    ok(waitpid(last, &status, 0) == last && WIFSIGNALED(status)
           && WTERMSIG(status) == SIGKILL,
       "by the signal, and this process reaps it");
    close(death[0]);
    close(ready[0]);
    close(ready[1]);
}

static void check_death_before(void)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        platform_die_with(SIGTERM, getpid()); /* not the parent's: it is gone */
        _exit(0);
    }
    waitpid(pid, &status, 0);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM,
       "a parent that is gone already is noticed");
    if ((pid = fork()) == 0)
        _exit(platform_die_with_parent(SIGTERM) == 0 ? 0 : 1);
    waitpid(pid, &status, 0);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 0,
       "one that lives is not in the way");
    is_int(platform_die_with_parent(1000), -1, "there is no signal 1000");
}

int main(void)
{
    check_descriptors();
    check_processes();
    check_flow();
    check_maps();
    check_death();
    check_death_before();
    return done_testing();
}
