/* interrupt.c - whether this thread is asked to stop waiting */
#include "bindings/wait/interrupt.h"

#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bindings/wait/layer.h"

static struct page *page;
static atomic_uint flagged; /* how often, without a page */

static _Thread_local struct {
    bool known, main;
    unsigned flagged; /* as its wait began: only newer ones end it */
    uint64_t cell;    /* the cell of its first MPI call */
    uint32_t obeyed;  /* the generation that it raised last; not the main thread */
} self;

EXPORT void mpiwait_attach(struct page *attached)
{
    page = attached;
}

EXPORT void mpiwait_interrupt(void)
{
    atomic_fetch_add(&flagged, 1);
}

struct page *interrupt_page(void)
{
    return page && !atomic_load_explicit(&page->detached, memory_order_relaxed) ? page
                                                                                : NULL;
}

EXPORT uint64_t mpiwait_cell(void)
{
    const struct page *own = interrupt_page();

    return own ? atomic_load_explicit(&own->cell, memory_order_relaxed) : 0;
}

void interrupt_enter(void)
{
    self.flagged = atomic_load_explicit(&flagged, memory_order_relaxed);
    if (self.known)
        return;
    self.known = true;
    self.main = syscall(SYS_gettid) == getpid();
    self.cell = page ? atomic_load(&page->cell) : 0;
}

static uint32_t generation(void)
{
    return (uint32_t)(atomic_load_explicit(&page->interrupt, memory_order_acquire)
                      >> 32);
}

static bool is_due_in_thread(void)
{
    uint32_t now = generation();

    return now != self.obeyed && now != atomic_load(&page->ran) && self.cell != 0
           && self.cell == atomic_load(&page->cell);
}

bool interrupt_is_due(void)
{
    if (!interrupt_page())
        return atomic_load_explicit(&flagged, memory_order_relaxed) != self.flagged;
    return self.main ? page_is_interrupted(page) : is_due_in_thread();
}

enum page_reason interrupt_reason(void)
{
    if (!interrupt_is_due())
        return PAGE_REASON_NONE;
    return interrupt_page() ? (enum page_reason)(atomic_load(&page->interrupt) & 0xffff)
                            : PAGE_REASON_STOP;
}

enum page_reason interrupt_take(int *rank)
{
    uint64_t word;

    *rank = -1;
    if (!interrupt_page()) {
        self.flagged = atomic_load(&flagged);
        return PAGE_REASON_STOP;
    }
    if (self.main)
        return page_interrupt_take(page, rank);
    word = atomic_load(&page->interrupt);
    self.obeyed = (uint32_t)(word >> 32);
    *rank = (word >> 16 & 0xffff) == 0xffff ? -1 : (int)(word >> 16 & 0xffff);
    return (enum page_reason)(word & 0xffff);
}
