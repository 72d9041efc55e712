/* inbox.h - when something comes from the keeper, and who looks
 *
 * Between cells the main thread waits for records.  While a cell runs it cannot;
 * then the assist thread does, but only after the cell has run for a moment, so
 * that a short cell wakes nobody.  Neither needs the GIL while it waits.
 */
#ifndef INTERPRETER_INBOX_H
#define INTERPRETER_INBOX_H

#include <stdbool.h>

#include "kernel/base/error.h"
#include "kernel/page/record.h"

/* For the rest of the process; 'fd' is the record stream. */
int inbox_open(int fd, struct error *err);

/* Main thread: until a record comes, inbox_wake() is called, 'ms' have passed (-1:
 * for ever) or a signal has come. */
void inbox_wait(int ms);

/* Ends an inbox_wait(), from any thread; also when it begins later. */
void inbox_wake(void);

/* Readable after inbox_wake(), until inbox_clear(): for an event loop. */
int inbox_wake_fd(void);
void inbox_clear(void);

/* Around a cell: from 'begin' on, after a moment, assist_wait() returns when
 * something comes; inbox_cell_hurry() ends the moment. */
void inbox_cell_begin(void);
void inbox_cell_hurry(void);
void inbox_cell_end(void);

/* The assist thread: until a record comes while a cell runs. */
void inbox_assist_wait(void);

/* The next record that is there; NULL with 'err->text' "" when there is none, NULL
 * with a reason when the keeper is gone.  With the GIL, or one thread only. */
struct record *inbox_next(struct error *err);

#endif
