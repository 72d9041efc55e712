/* test_stale.c - shared memory files that killed ranks left behind */
#include "launcher/stale.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "launcher/files.h"
#include "tests/unit/tap.h"

static char scratch[] = "/tmp/rankbook-test-XXXXXX";

static void make(const char *name)
{
    char *path = xasprintf("%s/%s", scratch, name);
    struct error err;

    if (files_write(path, "x", 1, &err) < 0)
        abort();
    free(path);
}

static bool is_there(const char *name)
{
    char *path = xasprintf("%s/%s", scratch, name);
    bool there = access(path, F_OK) == 0;

    free(path);
    return there;
}

int main(void)
{
    time_t now = time(NULL);
    char *path;
    void *map;
    int fd;

    if (!mkdtemp(scratch))
        abort();
    make("mpich_shm_1234_0");
    make("ucx_shm_posix_12ab");
    make("mpich_shm_mapped");
    make("others");
    path = xasprintf("%s/mpich_shm_mapped", scratch);
    fd = open(path, O_RDWR | O_CLOEXEC);
    free(path);
    map = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);

    is_int(stale_remove(scratch, now + 60), 0, "what is older than the run stays");
    is_int(stale_remove(scratch, now - 1), 2, "files that nobody has mapped go");
    ok(!is_there("mpich_shm_1234_0") && !is_there("ucx_shm_posix_12ab"),
       "MPICH's and UCX's");
    ok(is_there("mpich_shm_mapped"), "one that a process has mapped stays");
    ok(is_there("others"), "and one that is not MPI's");
    munmap(map, 1);
    is_int(stale_remove(scratch, now - 1), 1, "until it is mapped no more");
    is_int(stale_remove("/nonexistent", 0), 0, "no directory, nothing to do");
    files_remove_tree(scratch);
    return done_testing();
}
