/* fold.c - which of many ranks' next items belong together, and when they may go */
#include "kernel/front/gather/fold.h"

#include <string.h>

#include "kernel/front/gather/common.h"
#include "kernel/jupyter/text.h"

static bool is_settled(const struct fold_queue *queue)
{
    const struct item *head = queue->items.head;

    return head && (!head->open || queue->is_done);
}

static bool has_open_head(const struct fold *fold)
{
    for (size_t i = 0; i < fold->count; i++)
        if (fold->queues[i].items.head && fold->queues[i].items.head->open)
            return true;
    return false;
}

/* All queues have the same thing to say, and might go on with it; what is settled is
 * compared when its group is chosen. */
static bool is_unanimous(const struct fold *fold)
{
    const struct item *first = fold->queues[0].items.head;

    if (fold->is_apart || !first || !has_open_head(fold))
        return false;
    for (size_t i = 1; i < fold->count; i++) {
        const struct item *head = fold->queues[i].items.head;

        if (!head || !item_is_equal(first, head))
            return false;
    }
    return true;
}

/* What this rank says next is not known yet. */
static bool is_missing(const struct fold_queue *queue)
{
    return !queue->is_done && !is_settled(queue);
}

/* When one of the missing last came after the others with what they had said: who
 * follows is waited for as long as it goes on, however far behind it is. */
static int64_t last_match(const struct fold *fold)
{
    int64_t last = INT64_MIN;

    for (size_t i = 0; i < fold->count; i++)
        if (is_missing(&fold->queues[i]) && fold->queues[i].matched > last)
            last = fold->queues[i].matched;
    return last;
}

/* This rank is so far ahead of the others that its text would fill the memory. */
static bool is_full(const struct fold *fold, const struct fold_queue *queue)
{
    return items_size(&queue->items) > FOLD_HELD_MAX / fold->count;
}

/* It ends inside of a character or of a sequence that sets a colour, or has nothing
 * else but such sequences. */
static bool is_cut(const struct item *item)
{
    const char *text = buf_text(&item->bytes);
    size_t size = item->bytes.size, step;

    if (!item->open)
        return false;
    if (text_partial(text, size) || color_partial(text, size))
        return true;
    while (size > 0 && (step = color_sequence(text, size))) {
        text += step;
        size -= step;
    }
    return size == 0;
}

void fold_set_live(struct fold_queue *queue, const char *name, bool is_live)
{
    queue->is_live[!strcmp(name, "stderr")] = is_live;
}

static bool is_live(const struct fold_queue *queue, const struct item *line)
{
    return queue->is_live[!strcmp(line->name, "stderr")];
}

/* How long the head of a queue waits; -1: for ever. */
static int64_t patience(const struct fold_queue *queue, bool unanimous)
{
    const struct item *head = queue->items.head;

    switch (head->kind) {
    case ITEM_LINE:
        if (is_cut(head))
            break;
        return head->open && !unanimous && !is_live(queue, head) ? FOLD_OPEN_MS
                                                                 : FOLD_TEXT_MS;
    case ITEM_DISPLAY:
        return FOLD_DISPLAY_MS;
    case ITEM_CLEAR:
    case ITEM_COMM:
        return FOLD_TEXT_MS;
    case ITEM_RESULT:
        break;
    }
    return -1;
}

/* When the head of a queue has waited long enough; -1: never. */
static int64_t head_deadline(const struct fold_queue *queue, bool unanimous,
                             int64_t match)
{
    int64_t wait = queue->items.head ? patience(queue, unanimous) : -1;
    int64_t since;

    if (wait < 0)
        return -1;
    since = queue->items.head->arrived;
    return (match > since ? match : since) + wait;
}

/* When what cannot be cut into lines yet has waited long enough; -1: never. */
static int64_t uncut_deadline(const struct fold_queue *queue, int64_t match)
{
    const struct item *head = queue->items.head;
    const struct write *write = uncut_head(&queue->items.uncut);

    if (!write || (head && !head->open))
        return -1;
    return (match > write->arrived ? match : write->arrived) + FOLD_TEXT_MS;
}

static bool is_past(int64_t deadline, int64_t now)
{
    return deadline >= 0 && now >= deadline;
}

/* Ranks differ, or may do so and have waited long enough. */
static bool needs_lines(const struct fold *fold, int64_t match, int64_t now)
{
    bool are_known = true;

    if (fold->is_apart)
        return true;
    for (size_t i = 0; i < fold->count; i++) {
        const struct fold_queue *queue = &fold->queues[i];

        if (queue->items.head || is_full(fold, queue)
            || is_past(uncut_deadline(queue, match), now))
            return true;
        are_known =
            are_known && (queue->is_done || common_is_known(&queue->items.uncut));
    }
    return are_known;
}

/* A full queue is cut as far as it needs a head.  A last line without an end stays,
 * while it does not stand in the way: it may be common. */
static bool can_cut(const struct fold *fold, const struct fold_queue *queue,
                    bool is_due)
{
    const struct items *items = &queue->items;

    if (!uncut_head(&items->uncut))
        return false;
    if (!items->head || items->head->open)
        return is_due || queue->is_done || is_full(fold, queue)
               || common_is_known(&items->uncut);
    return !is_full(fold, queue) && common_is_known(&items->uncut);
}

static void cut_lines(struct fold *fold, int64_t now)
{
    int64_t match = last_match(fold);
    bool is_due = false;

    if (!needs_lines(fold, match, now))
        return;
    for (size_t i = 0; i < fold->count; i++)
        is_due = is_due || is_past(uncut_deadline(&fold->queues[i], match), now);
    for (size_t i = 0; i < fold->count; i++)
        while (can_cut(fold, &fold->queues[i], is_due))
            items_cut(&fold->queues[i].items);
}

/* These ranks show different things, and neither will show the other's later. */
static bool are_rivals(const struct fold_queue *a, const struct fold_queue *b)
{
    const struct item *mine = a->items.head, *theirs = b->items.head;

    return mine && theirs && mine->kind == ITEM_DISPLAY && theirs->kind == ITEM_DISPLAY
           && items_find(&a->items, theirs) < 0 && items_find(&b->items, mine) < 0;
}

static bool has_rivals(const struct fold *fold)
{
    for (size_t i = 0; i < fold->count; i++)
        for (size_t j = i + 1; j < fold->count; j++)
            if (are_rivals(&fold->queues[i], &fold->queues[j]))
                return true;
    return false;
}

/* Marks the queues that take part in a new round. */
static bool round_begin(struct fold *fold, int64_t now)
{
    bool is_complete = true, unanimous = is_unanimous(fold), any = false;
    int64_t match = last_match(fold);

    for (size_t i = 0; i < fold->count; i++)
        is_complete = is_complete && !is_missing(&fold->queues[i]);
    for (size_t i = 0; i < fold->count; i++) {
        struct fold_queue *queue = &fold->queues[i];
        int64_t deadline = head_deadline(queue, unanimous, match);

        queue->is_pending = deadline >= 0
                            && (is_complete || now >= deadline || is_full(fold, queue)
                                || (fold->is_apart && is_settled(queue)));
        any = any || queue->is_pending;
    }
    fold->is_begun = false;
    fold->has_rivals = any && has_rivals(fold);
    return any || is_complete;
}

/* The members are the queues whose heads equal that of 'leader'. */
static void choose_group(struct fold *fold, size_t leader)
{
    const struct item *head = fold->queues[leader].items.head;

    for (size_t i = 0; i < fold->count; i++) {
        const struct item *other = fold->queues[i].items.head;

        fold->queues[i].is_member =
            i == leader || (!fold->is_apart && other && item_is_equal(head, other));
    }
}

static void end_group(struct fold *fold)
{
    for (size_t i = 0; i < fold->count; i++)
        if (fold->queues[i].is_member)
            fold->queues[i].is_pending = false;
    fold->is_begun = true;
}

/* The queue, no member, that comes to 'item' first; -1: none does. */
static int find_elsewhere(const struct fold *fold, const struct item *item,
                          int64_t *distance)
{
    int found = -1;

    for (size_t i = 0; !fold->is_apart && i < fold->count; i++) {
        int64_t before =
            fold->queues[i].is_member ? -1 : items_find(&fold->queues[i].items, item);

        if (before >= 0 && (found < 0 || before < *distance)) {
            found = (int)i;
            *distance = before;
        }
    }
    return found;
}

/* The first pending group that no other rank comes to later.  If there is none, the
 * 'blocker' is who stands in the way of the group that has least to wait for. */
static bool choose_free(struct fold *fold, int *blocker)
{
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < fold->count; i++) {
        int64_t distance = 0;
        int found;

        if (!fold->queues[i].is_pending)
            continue;
        choose_group(fold, i);
        found = find_elsewhere(fold, fold->queues[i].items.head, &distance);
        if (found < 0)
            return true;
        if (distance < least) {
            least = distance;
            *blocker = found;
        }
    }
    return false;
}

static enum fold_step choose_results(struct fold *fold)
{
    bool any = false;

    for (size_t i = 0; i < fold->count; i++) {
        const struct item *head = fold->queues[i].items.head;

        fold->queues[i].is_member = head && head->kind == ITEM_RESULT;
        any = any || fold->queues[i].is_member;
    }
    return any ? FOLD_RESULTS : FOLD_NOTHING;
}

/* What is common to all that have something to say may go, if it arrived by then. */
static int64_t common_until(const struct fold *fold, int64_t now)
{
    bool is_missing_one = false;
    int64_t match = INT64_MIN;

    for (size_t i = 0; i < fold->count; i++) {
        const struct fold_queue *queue = &fold->queues[i];

        if (queue->is_done || queue->items.head || uncut_head(&queue->items.uncut))
            continue;
        is_missing_one = true;
        match = queue->matched > match ? queue->matched : match;
    }
    if (!is_missing_one)
        return INT64_MAX;
    return now - FOLD_TEXT_MS < match ? INT64_MIN : now - FOLD_TEXT_MS;
}

enum fold_step fold_next(struct fold *fold, int64_t now)
{
    if (!fold->is_apart && (fold->common = common_take(fold, common_until(fold, now))))
        return FOLD_GROUP;
    cut_lines(fold, now);
    for (int round = 0; round < 2; round++) {
        bool any = false;
        int blocker = -1;

        for (size_t i = 0; i < fold->count; i++)
            any = any || fold->queues[i].is_pending;
        if (!any && !round_begin(fold, now))
            return FOLD_NOTHING;
        if (choose_free(fold, &blocker)) {
            end_group(fold);
            return FOLD_GROUP;
        }
        if (blocker >= 0 && !fold->is_begun) {
            /* All wait for one another: whoever stands in the way goes first. */
            choose_group(fold, (size_t)blocker);
            end_group(fold);
            return FOLD_GROUP;
        }
        /* The rest of this round is better said in the next one. */
        for (size_t i = 0; i < fold->count; i++)
            fold->queues[i].is_pending = false;
        if (blocker < 0)
            return choose_results(fold);
    }
    return FOLD_NOTHING;
}

struct item *fold_take(struct fold *fold)
{
    struct item *first = fold->common;
    int count = 0;

    if (first) {
        fold->common = NULL;
        return first;
    }
    for (size_t i = 0; i < fold->count; i++)
        count += fold->queues[i].is_member;
    for (size_t i = 0; i < fold->count; i++) {
        struct fold_queue *queue = &fold->queues[i];
        struct item *item;

        if (!queue->is_member)
            continue;
        item = items_take(&queue->items);
        if (count > 1)
            queue->matched = item->arrived;
        if (first)
            item_destroy(item);
        else
            first = item;
    }
    return first;
}

bool fold_continues(const struct fold *fold, const struct item *last)
{
    const struct item *first = NULL;
    int64_t distance;

    if (last->kind != ITEM_LINE)
        return false;
    for (size_t i = 0; i < fold->count; i++) {
        const struct item *head = fold->queues[i].items.head;

        if (!fold->queues[i].is_member)
            continue;
        if (!head || head->open || head->kind != ITEM_LINE
            || (first && !item_is_equal(first, head)))
            return false;
        if (!first && (head->write != last->write || strcmp(head->name, last->name)))
            return false;
        if (!first)
            first = head;
    }
    return first && find_elsewhere(fold, first, &distance) < 0;
}

bool fold_is_alone(const struct fold *fold)
{
    int count = 0;

    for (size_t i = 0; i < fold->count; i++)
        count += fold->queues[i].is_member;
    return count == 1 && !fold->has_rivals;
}

bool fold_is_whole(const struct fold *fold)
{
    for (size_t i = 0; i < fold->count; i++)
        if (!fold->queues[i].is_member)
            return false;
    return true;
}

/* Never for a result, which waits for the end of the cell, nor for a line that needs
 * its rest. */
bool fold_is_ahead(const struct fold *fold, const struct fold_queue *queue, int64_t now)
{
    const struct items *items = &queue->items;
    size_t max = FOLD_AHEAD_MAX / fold->count;

    if (queue->is_done || items->result || (items->head && items->head->open)
        || now - FOLD_TEXT_MS >= last_match(fold))
        return false;
    return items_size(items) > (queue->is_held ? max / 8 * 7 : max);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

int64_t fold_deadline(const struct fold *fold)
{
    bool unanimous = is_unanimous(fold);
    int64_t match = last_match(fold), first = -1;

    for (size_t i = 0; i < fold->count; i++) {
        const struct fold_queue *queue = &fold->queues[i];

        first = earlier(first, head_deadline(queue, unanimous, match));
        first = earlier(first, uncut_deadline(queue, match));
    }
    return first;
}
