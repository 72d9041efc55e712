/* pace.h - how fast text may go to a browser
 *
 * jupyter_server drops what a kernel writes faster than a megabyte a second, taken
 * over three seconds, and nobody gets it back.  Here it waits instead.
 */
#ifndef GATHER_PACE_H
#define GATHER_PACE_H

#include <stddef.h>
#include <stdint.h>

#define PACE_MS 3000
#define PACE_BYTES 2000000u /* in so much time: leaves room for labels and quotes */
#define PACE_SLOTS 64

/* What went out lately.  Zeroed: nothing has. */
struct pace {
    struct {
        int64_t time;
        size_t size;
    } slots[PACE_SLOTS];
    size_t first, count;
    size_t sum;
};

/* How many bytes may go now. */
size_t pace_room(struct pace *pace, int64_t now);

/* They have gone. */
void pace_take(struct pace *pace, int64_t now, size_t size);

/* When there will be more room; -1: there is no less than ever. */
int64_t pace_next(const struct pace *pace);

#endif
