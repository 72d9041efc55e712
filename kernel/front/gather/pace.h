/* pace.h - how fast text may go to a browser
 *
 * jupyter_server drops what a kernel writes faster than a megabyte a second, taken
 * over three seconds of its own, and nobody gets it back.  Here it waits instead, in a
 * token bucket: a burst, and a rate behind it.  A server that is busy reads what
 * came meanwhile all at once, so both together are half of what it would let through:
 * it may be two seconds late.
 */
#ifndef GATHER_PACE_H
#define GATHER_PACE_H

#include <stddef.h>
#include <stdint.h>

#define PACE_BURST 1150000 /* bytes: a megabyte in one piece, with its quotes */
#define PACE_RATE 360      /* bytes a millisecond */

/* Zeroed: nothing has gone yet. */
struct pace {
    int64_t
        taken; /* bytes of the burst at 'time'; more than all of it if they had to go */
    int64_t time;
};

/* How many bytes may go now. */
size_t pace_room(struct pace *pace, int64_t now);

/* They have gone. */
void pace_take(struct pace *pace, size_t size);

/* When there will be room for 'size'. */
int64_t pace_when(const struct pace *pace, size_t size);

#endif
