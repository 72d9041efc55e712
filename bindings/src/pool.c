/* pool.c - memory for what is received */
#define _DEFAULT_SOURCE /* for MAP_ANONYMOUS and madvise() */
#include "bindings/src/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum {
    STEPS = 8, /* classes of size between two powers of 2 */
    PAGE = 4096,
    HUGE = 2 << 20,
    HUGE_LEAST = 4 << 20, /* below, the end of the last huge page would be too much */
    LOOK_EVERY = 256,     /* calls of pool_trim() between two looks at the clock */
};

/* Blocks that nobody uses, the oldest first. */
static struct {
    pthread_mutex_t lock;
    atomic_size_t kept;
    int count;
    struct block {
        void *addr;
        size_t nbytes;
        int64_t since_ms;
    } blocks[POOL_BLOCKS];
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What is mapped for so many bytes: blocks of one class serve each other. */
static size_t class_of(size_t nbytes)
{
    size_t step = PAGE;

    while (step * 2 * STEPS <= nbytes)
        step *= 2;
    return (nbytes + step - 1) / step * step;
}

/* ------------------------------------------------------------ the system's memory */
/* Huge pages want to be aligned: what is too much around them goes back at once. */
static void *map_aligned(size_t nbytes)
{
    size_t mapped = nbytes + HUGE;
    char *base =
        mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t before;

    if (base == MAP_FAILED)
        return NULL;
    before = (HUGE - (uintptr_t)base % HUGE) % HUGE;
    if (before)
        munmap(base, before);
    if (mapped - before > nbytes)
        munmap(base + before + nbytes, mapped - before - nbytes);
    madvise(base + before, nbytes / HUGE * HUGE, MADV_HUGEPAGE);
    return base + before;
}

static void *map(size_t nbytes)
{
    void *addr;

    if (nbytes >= HUGE_LEAST)
        return map_aligned(nbytes);
    addr =
        mmap(NULL, nbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return addr == MAP_FAILED ? NULL : addr;
}

/* ------------------------------------------------------------ the blocks */
/* With the lock. */
static struct block take(int idx)
{
    struct block block = pool.blocks[idx];

    pool.count--;
    memmove(&pool.blocks[idx], &pool.blocks[idx + 1],
            sizeof(block) * (size_t)(pool.count - idx));
    atomic_fetch_sub(&pool.kept, block.nbytes);
    return block;
}

/* The one used last, which may still be in a cache. */
static void *find(size_t nbytes)
{
    void *addr = NULL;
    int idx;

    pthread_mutex_lock(&pool.lock);
    for (idx = pool.count - 1; !addr && idx >= 0; idx--)
        if (pool.blocks[idx].nbytes == nbytes)
            addr = take(idx).addr;
    pthread_mutex_unlock(&pool.lock);
    return addr;
}

/* Gives the oldest back until there is room for 'nbytes' more. */
static void make_room(size_t nbytes)
{
    while (pool.count == POOL_BLOCKS || atomic_load(&pool.kept) + nbytes > POOL_MAX) {
        struct block block = take(0);

        munmap(block.addr, block.nbytes);
    }
}

void *pool_alloc(size_t nbytes)
{
    void *addr;

    if (nbytes < POOL_LEAST)
        return malloc(nbytes ? nbytes : 1);
    if (nbytes > PTRDIFF_MAX / 2)
        return NULL;
    nbytes = class_of(nbytes);
    return (addr = find(nbytes)) ? addr : map(nbytes);
}

void pool_free(void *addr, size_t nbytes)
{
    if (nbytes < POOL_LEAST || !addr) {
        free(addr);
        return;
    }
    nbytes = class_of(nbytes);
    if (nbytes > POOL_MAX) {
        munmap(addr, nbytes);
        return;
    }
    pthread_mutex_lock(&pool.lock);
    make_room(nbytes);
    pool.blocks[pool.count++] = (struct block){ addr, nbytes, now_ms() };
    atomic_fetch_add(&pool.kept, nbytes);
    pthread_mutex_unlock(&pool.lock);
}

int pool_trim(void *unused)
{
    static atomic_uint calls;
    int64_t limit;

    if (pool_kept() == 0
        || atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed) % LOOK_EVERY)
        return 0;
    limit = now_ms() - POOL_IDLE_MS;
    pthread_mutex_lock(&pool.lock);
    while (pool.count && pool.blocks[0].since_ms < limit) {
        struct block block = take(0);

        munmap(block.addr, block.nbytes);
    }
    pthread_mutex_unlock(&pool.lock);
    return 0;
}

size_t pool_kept(void)
{
    return atomic_load_explicit(&pool.kept, memory_order_relaxed);
}
