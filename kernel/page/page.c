/* page.c - the memory that a keeper and its interpreter share
 *
 * Generations only grow.  The keeper makes them, in the interrupt word; 'consumed'
 * follows, by compare-and-swap, so that of all threads, and of SIGINT and the wait
 * loop, one turns an interrupt into an exception.
 */
#include "kernel/page/page.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernel/base/platform.h"

/* A seqlock that stays odd has lost its writer. */
#define READ_TRIES 1000

#define POLLS_NS 500000000u /* between two tests of a loop */

static_assert(offsetof(struct page, unsent) <= 4096,
              "one page is enough, but for text");

static uint32_t word_generation(uint64_t word)
{
    return (uint32_t)(word >> 32);
}

static bool is_newer(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* ---- memory ---- */

static struct page *map(int fd, struct error *err)
{
    void *memory =
        mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED) {
        error_set(err, "map the page: %s", strerror(errno));
        return NULL;
    }
    return memory;
}

struct page *page_create(int *fd, struct error *err)
{
    struct page *page;
    int made = platform_memfd("rankbook-page", sizeof(struct page), err);

    if (made < 0)
        return NULL;
    if (!(page = map(made, err))) {
        close(made);
        return NULL;
    }
    page->version = PAGE_VERSION;
    page->magic = PAGE_MAGIC;
    *fd = made;
    return page;
}

struct page *page_attach(int fd, struct error *err)
{
    struct page *page;
    struct stat st;

    if (fstat(fd, &st) < 0) {
        error_set(err, "the page's descriptor %d: %s", fd, strerror(errno));
        return NULL;
    }
    if (st.st_size < (off_t)sizeof(struct page)) {
        error_set(err, "descriptor %d is no page: %lld bytes", fd,
                  (long long)st.st_size);
        return NULL;
    }
    if (!(page = map(fd, err)))
        return NULL;
    if (page->magic != PAGE_MAGIC || page->version != PAGE_VERSION) {
        error_set(err, "descriptor %d is no page of version %d", fd, PAGE_VERSION);
        page_detach(page);
        return NULL;
    }
    return page;
}

void page_detach(struct page *page)
{
    if (page)
        munmap(page, sizeof(*page));
}

int page_detach_child(struct page *page)
{
    char copy[offsetof(struct page, unsent)]; /* what waits there is the parent's */
    void *memory;

    memcpy(copy, page, sizeof(copy));
    memory = mmap(page, sizeof(*page), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    memcpy(page, copy, sizeof(copy));
    atomic_store(&page->detached, 1);
    atomic_store(&page->cell, 0);
    return 0;
}

/* ---- interrupts ---- */

void page_interrupt(struct page *page, enum page_reason reason, int rank,
                    const char *text)
{
    uint64_t word = atomic_load(&page->interrupt);

    snprintf(page->text, sizeof(page->text), "%s", text ? text : "");
    atomic_store(&page->interrupt, page_word(word_generation(word) + 1, rank, reason));
}

/* 'consumed' never goes back, whoever else moves it on. */
static void consume_up_to(struct page *page, uint32_t generation)
{
    uint32_t consumed = atomic_load(&page->consumed);

    while (is_newer(generation, consumed)
           && !atomic_compare_exchange_weak(&page->consumed, &consumed, generation))
        ;
}

void page_cell_begin(struct page *page, uint64_t cell)
{
    uint32_t generation = word_generation(atomic_load(&page->interrupt));

    assert(cell);
    atomic_store(&page->place, 0);
    atomic_store(&page->ran, generation);
    consume_up_to(page, generation);
    atomic_store(&page->cell, cell);
}

void page_cell_end(struct page *page)
{
    atomic_store(&page->cell, 0);
    atomic_store(&page->place, 0);
}

enum page_reason page_interrupt_take(struct page *page, int *rank)
{
    uint32_t consumed = atomic_load(&page->consumed), generation;
    uint64_t word;
    int who;

    do {
        word = atomic_load(&page->interrupt);
        generation = word_generation(word);
        if (!atomic_load(&page->cell) || !is_newer(generation, consumed)
            || !is_newer(generation, atomic_load(&page->ran)))
            return PAGE_REASON_NONE;
    } while (!atomic_compare_exchange_weak(&page->consumed, &consumed, generation));
    who = (int)(word >> 16 & 0xffff);
    if (rank)
        *rank = who == 0xffff ? -1 : who;
    return (enum page_reason)(word & 0xffff);
}

bool page_signal_take(struct page *page)
{
    uint64_t word = atomic_load(&page->interrupt);
    uint32_t generation = word_generation(word);

    if (atomic_load(&page->detached))
        return true;
    if (!atomic_load(&page->cell))
        return false;
    if (page_interrupt_take(page, NULL) == PAGE_REASON_NONE
        && (word & 0xffff) == PAGE_REASON_STOP
        && is_newer(generation, atomic_load(&page->ran))
        && is_newer(generation, atomic_load(&page->signalled))) {
        atomic_store(&page->signalled, generation);
        return false;
    }
    atomic_store(&page->signalled, generation);
    return true;
}

void page_interrupt_text(const struct page *page, char out[PAGE_TEXT])
{
    atomic_thread_fence(memory_order_acquire);
    memcpy(out, page->text, PAGE_TEXT);
    out[PAGE_TEXT - 1] = '\0';
}

/* ---- waits ---- */

/* The bytes behind 'seq', which both sides copy as one block. */
#define WAIT_BODY offsetof(struct page_wait, active)

void page_wait_write(struct page_wait *slot, const struct page_wait *wait)
{
    uint32_t seq = atomic_load_explicit(&slot->seq, memory_order_relaxed);

    atomic_store_explicit(&slot->seq, seq | 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    memcpy((char *)slot + WAIT_BODY, (const char *)wait + WAIT_BODY,
           sizeof(*slot) - WAIT_BODY);
    atomic_store_explicit(&slot->seq, (seq | 1) + 1, memory_order_release);
}

/* The thread does something else by now. */
static bool is_stale(const struct page_wait *wait)
{
    uint64_t polled = atomic_load_explicit(&wait->polled_ns, memory_order_relaxed);
    struct timespec t;

    if (!polled)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec > polled + POLLS_NS;
}

bool page_wait_read(struct page *page, int idx, struct page_wait *out)
{
    struct page_wait *slot = &page->waits[idx], copy;
    uint32_t before, after;

    assert(idx >= 0 && idx < PAGE_THREADS);
    for (int tries = 0; tries < READ_TRIES; tries++) {
        before = atomic_load_explicit(&slot->seq, memory_order_acquire);
        memcpy((char *)&copy + WAIT_BODY, (char *)slot + WAIT_BODY,
               sizeof(copy) - WAIT_BODY);
        atomic_thread_fence(memory_order_acquire);
        after = atomic_load_explicit(&slot->seq, memory_order_relaxed);
        if (before != after || (before & 1))
            continue;
        if (!copy.active || is_stale(&copy))
            return false;
        /* written by a process that user code may have damaged */
        copy.call[sizeof(copy.call) - 1] = '\0';
        copy.comm[sizeof(copy.comm) - 1] = '\0';
        memcpy((char *)out + WAIT_BODY, (char *)&copy + WAIT_BODY,
               sizeof(copy) - WAIT_BODY);
        atomic_store_explicit(&out->seq, before, memory_order_relaxed);
        return true;
    }
    return false;
}
