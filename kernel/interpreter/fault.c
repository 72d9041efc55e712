/* fault.c - a stack overflow told apart from other segmentation faults */
#include "kernel/interpreter/fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>

/* The system keeps other mappings so far away from a stack that grows, and a frame that
 * is larger than that misses the end by as much. */
#define GAP (1 << 20)

/* What a handler needs. */
static struct {
    struct page *page;
    uintptr_t end; /* of the main thread's stack: its lowest address */
    struct sigaction next;
} fault;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t)info->si_addr;

    sigaction(signal, &fault.next, NULL);
    if (info->si_code <= 0) /* sent by somebody, who does not do it again */
        raise(signal);
    else if (at >= fault.end - GAP && at < fault.end + GAP)
        atomic_store(&fault.page->fault, PAGE_FAULT_STACK);
    /* The instruction is tried once more, and faults for the next handler. */
}

void fault_watch(struct page *page)
{
    struct sigaction action = { .sa_sigaction = on_fault,
                                .sa_flags = SA_SIGINFO | SA_ONSTACK };
    pthread_attr_t attr;
    void *end = NULL;
    size_t size;

    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return;
    pthread_attr_getstack(&attr, &end, &size);
    pthread_attr_destroy(&attr);
    fault.page = page;
    fault.end = (uintptr_t)end;
    sigaction(SIGSEGV, &action, &fault.next);
}
