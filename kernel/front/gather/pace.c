/* pace.c - how fast text may go to a browser */
#include "kernel/front/gather/pace.h"

size_t pace_room(struct pace *pace, int64_t now)
{
    int64_t back = (now - pace->time) * PACE_RATE;

    pace->taken = pace->taken > back ? pace->taken - back : 0;
    pace->time = now;
    return pace->taken < PACE_BURST ? (size_t)(PACE_BURST - pace->taken) : 0;
}

void pace_take(struct pace *pace, size_t size)
{
    pace->taken += (int64_t)size;
}

int64_t pace_when(const struct pace *pace, size_t size)
{
    int64_t missing = pace->taken + (int64_t)size - PACE_BURST;

    return missing > 0 ? pace->time + (missing + PACE_RATE - 1) / PACE_RATE
                       : pace->time;
}
