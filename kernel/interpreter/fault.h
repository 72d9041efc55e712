/* fault.h - a stack overflow told apart from other segmentation faults
 *
 * Python's faulthandler writes the frames and lets the process die; only the address
 * of the fault tells what it was, and that is lost by then.
 */
#ifndef INTERPRETER_FAULT_H
#define INTERPRETER_FAULT_H

#include "kernel/page/page.h"

/* On the main thread, once faulthandler is enabled: its handler and its stack come
 * next.  What the page says of a fault is for the keeper. */
void fault_watch(struct page *page);

#endif
