/* interrupt.h - whether this thread is asked to stop waiting
 *
 * In the kernel the question comes through the page (kernel/page/page.h).  The
 * main thread consumes it, so that it becomes one exception; a thread that made
 * its first MPI call in the running cell obeys it without consuming, once per
 * generation; older threads go on.  Without a page, mpiwait_interrupt() ends the waits
 * that have begun before it, in all threads.
 */
#ifndef WAIT_INTERRUPT_H
#define WAIT_INTERRUPT_H

#include <stdbool.h>

#include "kernel/page/page.h"

/* NULL when this process has none, or is a forked child. */
struct page *interrupt_page(void);

/* The calling thread begins to wait; its first time tells which cell it is of. */
void interrupt_enter(void);

/* True while there is something for this thread to obey.  Cheap: for loops. */
bool interrupt_is_due(void);

/* Why, without taking it: a death is the only reason that ends a collective which
 * has begun. */
enum page_reason interrupt_reason(void);

/* Takes what is due, so that it is raised once. */
enum page_reason interrupt_take(int *rank);

#endif
