/* meeting.c - the ranks of one host wait for each other before MPI starts */
#include "kernel/interpreter/meeting.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 10

/* How many have come, in memory that all of them share. */
static _Atomic uint32_t *open_count(const char *path)
{
    _Atomic uint32_t *count = MAP_FAILED;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return NULL;
    if (ftruncate(fd, sizeof(*count)) == 0)
        count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return count == MAP_FAILED ? NULL : count;
}

static void wait_for(_Atomic uint32_t *count, uint32_t size)
{
    struct timespec end;
    uint32_t seen;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += PATIENCE_S;
    while ((seen = atomic_load(count)) < size) {
        /* the bitset kind takes a point in time, not a duration */
        if (syscall(SYS_futex, count, FUTEX_WAIT_BITSET, seen, &end, NULL,
                    FUTEX_BITSET_MATCH_ANY)
                < 0
            && errno == ETIMEDOUT)
            break;
    }
}

void meeting_wait(const char *path, int size)
{
    _Atomic uint32_t *count = open_count(path);

    if (!count)
        return;
    if (atomic_fetch_add(count, 1) + 1 < (uint32_t)size)
        wait_for(count, (uint32_t)size);
    else
        syscall(SYS_futex, count, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    munmap((void *)count, sizeof(*count));
}
