/* pace.c - how fast text may go to a browser */
#include "kernel/front/gather/pace.h"

size_t pace_room(struct pace *pace, int64_t now)
{
    while (pace->count > 0 && now - pace->slots[pace->first].time >= PACE_MS) {
        pace->sum -= pace->slots[pace->first].size;
        pace->first = (pace->first + 1) % PACE_SLOTS;
        pace->count--;
    }
    return pace->sum < PACE_BYTES ? PACE_BYTES - pace->sum : 0;
}

void pace_take(struct pace *pace, int64_t now, size_t size)
{
    size_t slot;

    pace->sum += size;
    if (pace->count < PACE_SLOTS) {
        slot = (pace->first + pace->count++) % PACE_SLOTS;
        pace->slots[slot].time = now;
        pace->slots[slot].size = size;
        return;
    }
    /* More often than any flood is given out: as if it had all gone now. */
    slot = (pace->first + pace->count - 1) % PACE_SLOTS;
    pace->slots[slot].time = now;
    pace->slots[slot].size += size;
}

int64_t pace_next(const struct pace *pace)
{
    return pace->count > 0 ? pace->slots[pace->first].time + PACE_MS : -1;
}
