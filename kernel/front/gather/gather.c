/* gather.c - many ranks' outputs become one program's */
#include "kernel/front/gather/gather.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "kernel/front/gather/alike.h"
#include "kernel/front/gather/arrange.h"
#include "kernel/front/gather/display.h"
#include "kernel/front/gather/fold.h"
#include "kernel/front/gather/gallery.h"
#include "kernel/front/gather/lines.h"
#include "kernel/front/gather/output.h"
#include "kernel/front/gather/past.h"
#include "kernel/front/gather/talk.h"

struct gather {
    struct idset *targets;
    enum gather_mode mode;
    int highest;
    bool is_direct; /* one target, or raw: nothing waits, nothing is labelled */
    struct displays *displays;
    struct gallery *gallery;
    struct talk *talk;
    gather_hold_f hold;
    void *hold_arg;
    struct output *output;
    struct lines *lines;
    struct fold fold;
    struct past *past;
    bool is_past_due; /* before the next output: clear_output(wait=True) of some */
    int64_t now;      /* as it was told last */
};

struct gather *gather_create(const struct gather_config *config)
{
    struct gather *gather = xcalloc(1, sizeof(*gather));
    size_t i = 0;

    assert(idset_count(config->targets) > 0);
    gather->targets = idset_copy(config->targets);
    gather->mode = config->mode;
    gather->is_direct = config->mode == GATHER_RAW || idset_count(config->targets) == 1;
    gather->displays = config->displays;
    gather->talk = talk_create(config->comms);
    gather->hold = config->hold;
    gather->hold_arg = config->arg;
    gather->output =
        output_create(config->cell, config->is_paced, config->publish, config->arg);
    gather->past = past_create();
    gather->fold.is_apart = config->mode == GATHER_RANK;
    gather->fold.count = (size_t)idset_count(config->targets);
    gather->fold.queues = xcalloc(gather->fold.count, sizeof(*gather->fold.queues));
    for (int rank = idset_first(gather->targets); rank >= 0;
         rank = idset_next(gather->targets, rank)) {
        gather->fold.queues[i++].rank = rank;
        gather->highest = rank;
    }
    gather->gallery = gallery_create(config->displays, gather->highest);
    gather->lines = lines_create(gather->output, config->cell, gather->targets);
    return gather;
}

void gather_destroy(struct gather *gather)
{
    if (!gather)
        return;
    for (size_t i = 0; i < gather->fold.count; i++)
        items_clear(&gather->fold.queues[i].items);
    free(gather->fold.queues);
    gallery_destroy(gather->gallery);
    talk_destroy(gather->talk);
    lines_destroy(gather->lines);
    output_destroy(gather->output);
    past_destroy(gather->past);
    idset_destroy(gather->targets);
    free(gather);
}

static struct fold_queue *queue_find(struct gather *gather, int rank)
{
    for (size_t i = 0; i < gather->fold.count; i++)
        if (gather->fold.queues[i].rank == rank)
            return &gather->fold.queues[i];
    return NULL;
}

/* The ranks of the group that fold_next() chose. */
static struct idset *members(const struct gather *gather)
{
    struct idset *ranks = idset_create();

    for (size_t i = 0; i < gather->fold.count; i++)
        if (gather->fold.queues[i].is_member)
            idset_add(ranks, gather->fold.queues[i].rank);
    return ranks;
}

static bool needs_label(const struct gather *gather)
{
    return !gather->is_direct
           && (gather->mode == GATHER_RANK || !fold_is_whole(&gather->fold));
}

static void show_line(struct gather *gather, const struct said *said)
{
    const char *name = said->item->name;

    if (lines_add(gather->lines, said, gather->now))
        past_give_up(gather->past);
    for (size_t i = 0; i < gather->fold.count; i++) {
        struct fold_queue *queue = &gather->fold.queues[i];

        if (idset_has(said->ranks, queue->rank))
            fold_set_live(queue, name, lines_is_live(gather->lines, queue->rank, name));
    }
}

static void collect(const struct message_out *out, void *arg)
{
    struct gather *gather = arg;

    output_publish(gather->output, out);
}

static void publish_parts(struct gather *gather, const struct item *item)
{
    struct message_out out = {
        .type = item->name,
        .content = item->parts[0],
        .buffers = item->parts + 1,
        .buffer_count = item->part_count - 1,
    };

    output_publish(gather->output, &out);
}

static void show_display(struct gather *gather, const struct said *said)
{
    const struct item *item = said->item;
    struct display_event event = {
        .type = item->name,
        .ranks = said->ranks,
        .targets = gather->targets,
        .is_labelled = said->is_labelled,
        .is_alone = said->is_alone,
        .parts = item->parts,
        .part_count = item->part_count,
    };

    if (!gallery_takes(&event) || gallery_has(gather->gallery, said->ranks))
        gallery_show(gather->gallery, collect, gather);
    if (gallery_takes(&event))
        gallery_add(gather->gallery, &event);
    else
        displays_publish(gather->displays, &event, collect, gather);
}

static void show_comm(struct gather *gather, const struct said *said)
{
    const struct item *item = said->item;
    struct message_out out = {
        .type = item->name,
        .content = item->parts[0],
        .metadata = item->parts[1],
        .buffers = item->parts + 2,
        .buffer_count = item->part_count - 2,
    };
    bool is_whole = gather->is_direct || fold_is_whole(&gather->fold);

    /* An Output widget begins or ends to take what is shown. */
    if (memmem(out.content.data, out.content.size, "\"msg_id\"", 8))
        past_give_up(gather->past);
    if (talk_passes(gather->talk, item->name, item->parts[0], said->ranks, is_whole))
        output_publish(gather->output, &out);
}

static void show_said(const struct said *said, void *arg)
{
    struct gather *gather = arg;

    if (said->item->kind != ITEM_LINE)
        lines_leave(gather->lines, gather->now);
    if (said->item->kind != ITEM_DISPLAY)
        gallery_show(gather->gallery, collect, gather);
    switch (said->item->kind) {
    case ITEM_LINE:
        show_line(gather, said);
        break;
    case ITEM_DISPLAY:
        show_display(gather, said);
        break;
    case ITEM_COMM:
        show_comm(gather, said);
        break;
    case ITEM_RESULT:
    case ITEM_CLEAR:
        publish_parts(gather, said->item);
        break;
    }
}

/* The cell is cleared, and what is left of it shown once more. */
static void show_past(struct gather *gather)
{
    static const char content[] = "{\"wait\":true}";
    struct message_out out = { .type = "clear_output",
                               .content = { content, sizeof(content) - 1 } };

    gather->is_past_due = false;
    output_publish(gather->output, &out);
    lines_reset(gather->lines);
    past_show(gather->past, show_said, gather);
    gallery_show(gather->gallery, collect, gather);
}

/* Clears what these ranks show: the cell, when nobody else shows anything. */
static void show_clear(struct gather *gather, const struct said *said)
{
    const struct message_part *content = &said->item->parts[0];
    bool waits = memmem(content->data, content->size, "true", 4);

    if (gather->is_direct || past_is_of(gather->past, said->ranks)) {
        show_said(said, gather);
        past_clear(gather->past);
        gather->is_past_due = false;
        lines_reset(gather->lines);
    } else if (past_remove(gather->past, said->ranks)) {
        gather->is_past_due = true;
        if (!waits)
            show_past(gather);
    }
}

static void show_item(struct gather *gather, const struct said *said)
{
    if (said->item->kind == ITEM_CLEAR) {
        show_clear(gather, said);
        return;
    }
    if (said->item->kind == ITEM_DISPLAY && !gather->is_direct
        && !talk_shows(gather->talk, said->item->parts[0], said->ranks))
        return;
    if (gather->is_past_due && said->item->kind != ITEM_COMM)
        show_past(gather);
    show_said(said, gather);
    if (!gather->is_direct && said->item->kind != ITEM_COMM)
        past_add(gather->past, said);
}

static void show_group(struct gather *gather)
{
    struct idset *ranks = members(gather);
    struct said said = { .ranks = ranks, .is_labelled = needs_label(gather) };
    struct item *item, *next;

    said.is_alone = fold_is_alone(&gather->fold);
    item = fold_take(&gather->fold);
    said.is_alone = said.is_alone && !strcmp(item->name, "display_data");
    said.item = item;
    show_item(gather, &said);
    while (fold_continues(&gather->fold, item)) {
        next = fold_take(&gather->fold);
        said.item = next;
        show_item(gather, &said);
        item_destroy(item);
        item = next;
    }
    item_destroy(item);
    idset_destroy(ranks);
}

static bool results_are_alike(const struct item *a, const struct item *b)
{
    return alike(a->parts[0].data, a->parts[0].size, b->parts[0].data,
                 b->parts[0].size);
}

/* The results that are alike, by the rank that has them first. */
static size_t group_results(struct gather *gather, struct arrange_group *groups,
                            struct item **items)
{
    size_t count = 0;

    for (size_t i = 0; i < gather->fold.count; i++) {
        struct fold_queue *queue = &gather->fold.queues[i];
        struct item *item;
        size_t at = 0;

        if (!queue->is_member)
            continue;
        item = items_take(&queue->items);
        while (at < count && !results_are_alike(items[at], item))
            at++;
        if (at < count) {
            item_destroy(item);
        } else {
            items[count] = item;
            groups[count].content = item->parts[0];
            groups[count++].ranks = idset_create();
        }
        idset_add(groups[at].ranks, queue->rank);
    }
    return count;
}

static void publish_folded(struct gather *gather, const struct arrange_group *groups,
                           size_t count)
{
    json_t *content = arrange(groups, count, gather->highest);
    char *bytes;
    struct message_out out = { .type = "execute_result" };

    if (!content)
        return;
    bytes = json_dumps(content, JSON_COMPACT | JSON_REAL_PRECISION(17));
    out.content = (struct message_part){ bytes, strlen(bytes) };
    output_publish(gather->output, &out);
    free(bytes);
    json_decref(content);
}

static void show_results(struct gather *gather)
{
    struct arrange_group *groups = xcalloc(gather->fold.count, sizeof(*groups));
    struct item **items = xcalloc(gather->fold.count, sizeof(*items));
    size_t count = group_results(gather, groups, items);

    gallery_show(gather->gallery, collect, gather);
    past_give_up(gather->past);

    if (count == 1 && idset_is_equal(groups[0].ranks, gather->targets))
        publish_parts(gather, items[0]);
    else
        publish_folded(gather, groups, count);
    for (size_t i = 0; i < count; i++) {
        idset_destroy(groups[i].ranks);
        item_destroy(items[i]);
    }
    free(groups);
    free(items);
}

/* Ranks that are far ahead wait, and no others. */
static void hold_ranks(struct gather *gather, int64_t now)
{
    for (size_t i = 0; gather->hold && i < gather->fold.count; i++) {
        struct fold_queue *queue = &gather->fold.queues[i];
        bool is_ahead = fold_is_ahead(&gather->fold, queue, now);

        if (is_ahead != queue->is_held)
            gather->hold(queue->rank, is_ahead, gather->hold_arg);
        queue->is_held = is_ahead;
    }
}

static void show_ready(struct gather *gather, int64_t now)
{
    enum fold_step step;

    gather->now = now;
    while ((step = fold_next(&gather->fold, now)) != FOLD_NOTHING) {
        if (step == FOLD_GROUP)
            show_group(gather);
        else
            show_results(gather);
    }
    hold_ranks(gather, now);
    gallery_show(gather->gallery, collect, gather);
    lines_flush(gather->lines, now, false);
    output_flush(gather->output, now, false);
}

void gather_stream(struct gather *gather, int rank, const char *name, const void *text,
                   size_t size, int64_t now)
{
    const char *stream = !strcmp(name, "stderr") ? "stderr" : "stdout";
    struct fold_queue *queue = queue_find(gather, rank);

    if (!queue || size == 0)
        return;
    if (gather->is_direct)
        output_add(gather->output, stream, text, size);
    else
        items_add_text(&queue->items, stream, text, size, now);
    show_ready(gather, now);
}

static void add_message(struct gather *gather, struct fold_queue *queue,
                        enum item_kind kind, const char *type,
                        const struct message_part *parts, size_t count, int64_t now)
{
    struct idset *ranks;
    struct item *item;

    items_add_message(&queue->items, kind, type, parts, count, now);
    if (!gather->is_direct)
        return;
    items_cut(&queue->items);
    item = items_take(&queue->items);
    ranks = idset_create_range(queue->rank, 1);
    show_item(gather, &(struct said){ .item = item, .ranks = ranks });
    idset_destroy(ranks);
    item_destroy(item);
}

void gather_message(struct gather *gather, int rank, const char *type,
                    struct message_part content, const struct message_part *buffers,
                    size_t count, int64_t now)
{
    static const struct {
        const char *type;
        enum item_kind kind;
    } kinds[] = {
        { "display_data", ITEM_DISPLAY },
        { "update_display_data", ITEM_DISPLAY },
        { "clear_output", ITEM_CLEAR },
        { "execute_result", ITEM_RESULT },
    };
    struct fold_queue *queue = queue_find(gather, rank);
    struct message_part *parts;

    for (size_t i = 0; queue && i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(type, kinds[i].type))
            continue;
        parts = xcalloc(count + 1, sizeof(*parts));
        parts[0] = content;
        if (count)
            memcpy(parts + 1, buffers, count * sizeof(*parts));
        add_message(gather, queue, kinds[i].kind, kinds[i].type, parts, count + 1, now);
        free(parts);
    }
    show_ready(gather, now);
}

void gather_comm(struct gather *gather, int rank, const char *type,
                 const struct message_part *parts, size_t count, int64_t now)
{
    static const char *const types[] = { "comm_open", "comm_msg", "comm_close" };
    struct fold_queue *queue = queue_find(gather, rank);

    for (size_t i = 0; queue && i < sizeof(types) / sizeof(*types); i++)
        if (!strcmp(type, types[i]))
            add_message(gather, queue, ITEM_COMM, types[i], parts, count, now);
    show_ready(gather, now);
}

void gather_note(struct gather *gather, const char *name, const char *text, int64_t now)
{
    struct output_line line = {
        .name = !strcmp(name, "stderr") ? "stderr" : "stdout",
        .label = "",
        .is_common = true,
        .text = text,
        .size = strlen(text),
    };

    lines_break(gather->lines, line.name);
    output_add_line(gather->output, &line);
    output_flush(gather->output, now, true);
}

void gather_done(struct gather *gather, int rank, int64_t now)
{
    struct fold_queue *queue = queue_find(gather, rank);

    if (!queue)
        return;
    queue->is_done = true;
    show_ready(gather, now);
}

void gather_finish(struct gather *gather, int64_t now)
{
    for (size_t i = 0; i < gather->fold.count; i++)
        gather->fold.queues[i].is_done = true;
    show_ready(gather, now);
    lines_leave(gather->lines, now);
    lines_flush(gather->lines, now, true);
    output_flush(gather->output, now, true);
    past_give_up(gather->past);
    for (size_t i = 0; i < gather->fold.count; i++)
        gather->fold.queues[i].is_done = false;
}

int64_t gather_deadline(const struct gather *gather)
{
    int64_t times[] = { fold_deadline(&gather->fold), output_deadline(gather->output),
                        lines_deadline(gather->lines) };
    int64_t first = -1;

    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
        if (times[i] >= 0 && (first < 0 || times[i] < first))
            first = times[i];
    return first;
}

void gather_tick(struct gather *gather, int64_t now)
{
    show_ready(gather, now);
}
