/* outbox.h - what this process says to its keeper
 *
 * Text is gathered and leaves on its own within some milliseconds, also while the
 * GIL is held; everything else leaves at once, after the text that was before it.
 * Any thread may call; none of the functions needs the GIL.
 *
 * A forked child is not this rank: its text goes to its descriptors 1 and 2, and
 * its records nowhere.
 */
#ifndef INTERPRETER_OUTBOX_H
#define INTERPRETER_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/base/error.h"
#include "kernel/page/page.h"
#include "kernel/page/record.h"

enum outbox_stream {
    OUTBOX_STDOUT,
    OUTBOX_STDERR,
    OUTBOX_COMMON, /* stdout of one rank that speaks for all: without a label */
};

/* For the rest of the process.  'page' is made private in forked children. */
int outbox_open(int fd, struct page *page, struct error *err);

/* True in a forked child, and before outbox_open(). */
bool outbox_is_detached(void);

int outbox_text(enum outbox_stream stream, uint64_t cell, const char *text, size_t size,
                struct error *err);
int outbox_record(enum record_type type, uint64_t cell,
                  const struct record_frame *frames, uint32_t count, struct error *err);

/* Sends the text that waits. */
int outbox_flush(struct error *err);

/* Before another process writes to the same output: sends it, and waits a moment for
 * the keeper to have it, which reads pipes first. */
void outbox_settle(void);

#endif
