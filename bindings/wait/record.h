/* record.h - what a thread waits for, where the keeper can read it
 *
 * One slot of the page per waiting thread; without a page, or with more threads
 * than slots, nothing is written.
 */
#ifndef WAIT_RECORD_H
#define WAIT_RECORD_H

#include <stdint.h>

struct wait;

/* As whom and whom for its caller wants it shown: mpiwait_call_as(). */
void record_name(struct wait *wait);

void record_show(const struct wait *wait);

/* What is shown is a loop of tests; the last was 'now'. */
void record_poll(uint64_t now);

/* Members that have arrived meanwhile. */
void record_update(const struct wait *wait);
void record_clear(void);

#endif
