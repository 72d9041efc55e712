/* fold.h - which of many ranks' next items belong together, and when they may go
 *
 * Goes in rounds.  A round begins when each queue has something settled to say or
 * has ended, or when an item has waited for its twins long enough; each rank
 * that takes part says one thing, in rank order, together with those who say the
 * same.  Who would say now what another rank has further behind waits for that
 * one to come to it; where all wait for one another, those wait that have the
 * shortest way to go.
 *
 * Text is cut into lines only where ranks write different things (common.h).  While
 * somebody has not said yet whether he does, the others' text waits as it is.
 *
 * Ranks drift apart, under a flood by far more than an item may wait.  So the wait
 * is one without progress: while a rank that is behind goes on saying what others
 * have said before it, they are not done waiting for it.
 */
#ifndef GATHER_FOLD_H
#define GATHER_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/front/gather/item.h"

#define FOLD_TEXT_MS 100     /* a line waits for its twins */
#define FOLD_OPEN_MS 1000    /* a line without an end, for its end */
#define FOLD_DISPLAY_MS 1000 /* a display: pictures take time to draw */

/* The memory that all queues together may take, about; one that takes more than its
 * part of it waits for nobody. */
#define FOLD_HELD_MAX (128u << 20)

/* Who has so much of its part waits itself, until the others have come closer. */
#define FOLD_AHEAD_MAX (FOLD_HELD_MAX / 16)

struct fold_queue {
    struct items items;
    int rank;
    int64_t matched; /* when the last item came that others had as well */
    bool is_done;    /* nothing will follow */
    bool is_live[2]; /* its open line of stdout, stderr is shown as it grows */
    bool is_held;    /* its rank was told to wait */
    bool is_pending;
    bool is_member; /* of the group that fold_next() chose */
};

struct fold {
    struct fold_queue *queues; /* by ascending rank */
    size_t count;
    bool is_apart;       /* group nothing */
    bool is_begun;       /* this round has given something out */
    bool has_rivals;     /* in this round ranks show different displays */
    struct item *common; /* what all say next, not in the queues any more */
};

enum fold_step {
    FOLD_NOTHING, /* not yet */
    FOLD_GROUP,   /* the members say the same: take and show it */
    FOLD_RESULTS, /* the heads of the members are results, maybe different ones */
};

/* The open line of the stream 'name' is rewritten, and shown as it grows. */
void fold_set_live(struct fold_queue *queue, const char *name, bool is_live);

/* Chooses what goes next. */
enum fold_step fold_next(struct fold *fold, int64_t now);

/* Takes what the members say, which is equal: returns one of it, to be destroyed. */
struct item *fold_take(struct fold *fold);

/* After the heads of the members were taken, 'last' the first of them: the members
 * go on alike, with a line of the same write that no other rank has. */
bool fold_continues(const struct fold *fold, const struct item *last);

/* One queue is the only member, and no other has a display to show here. */
bool fold_is_alone(const struct fold *fold);

/* All queues are members. */
bool fold_is_whole(const struct fold *fold);

/* The rank had better say no more for now: others follow.  That ends when they have
 * come closer, or at a deadline. */
bool fold_is_ahead(const struct fold *fold, const struct fold_queue *queue,
                   int64_t now);

/* When the next head has waited long enough; -1: nothing waits for a time. */
int64_t fold_deadline(const struct fold *fold);

#endif
