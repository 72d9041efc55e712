/* cause.h - why an interpreter was killed, where the signal's name does not say it
 *
 * A stack overflow comes as SIGSEGV, and a job that is out of memory as SIGKILL.
 */
#ifndef KEEPER_CAUSE_H
#define KEEPER_CAUSE_H

#include <stdint.h>

#include "kernel/page/page.h"

struct cause {
    int64_t kills; /* for want of memory, when it was last counted */
};

/* Before it can happen; and now and then, so that what befell other processes is not
 * taken for it. */
void cause_note(struct cause *cause);

/* For exits_text(): 'status' is that of waitpid(). NULL: no more than the signal. */
const char *cause_words(const struct cause *cause, int status, const struct page *page);

#endif
