/* lines.c - where a line goes: to the text, or, when it is rewritten, to a display */
#include "kernel/front/gather/lines.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "kernel/front/gather/bars.h"
#include "kernel/front/gather/label.h"
#include "kernel/front/gather/screen.h"

/* The open line of a rank. */
struct line {
    struct screen screen;
    bool is_rewritten;
    bool is_displayed; /* among the bars */
};

struct stream {
    struct bars *bars;
    struct line *each; /* by rank */
    struct item *held; /* '\r' of all that begin a line; NULL: none */
    bool is_common;    /* the open line of the text is that of all */
    size_t shared;     /* its width, when it is rewritten */
};

struct lines {
    struct output *output;
    struct idset *targets;
    int highest;
    struct stream streams[2];
    char **labels; /* of single ranks, once they were needed */
};

static struct stream *stream_of(const struct lines *lines, const char *name)
{
    return (struct stream *)&lines->streams[!strcmp(name, "stderr")];
}

struct lines *lines_create(struct output *output, uint64_t cell,
                           const struct idset *targets)
{
    static const char *const names[] = { "stdout", "stderr" };
    struct lines *lines = xcalloc(1, sizeof(*lines));

    lines->output = output;
    lines->targets = idset_copy(targets);
    for (int rank = idset_first(targets); rank >= 0; rank = idset_next(targets, rank))
        lines->highest = rank;
    for (int i = 0; i < 2; i++) {
        struct stream *stream = stream_of(lines, names[i]);

        stream->bars =
            bars_create(cell, names[i], lines->highest, idset_count(targets));
        stream->each = xcalloc((size_t)lines->highest + 1, sizeof(*stream->each));
    }
    lines->labels = xcalloc((size_t)lines->highest + 1, sizeof(*lines->labels));
    return lines;
}

static void line_end(struct line *line)
{
    screen_clear(&line->screen);
    line->is_rewritten = line->is_displayed = false;
}

void lines_reset(struct lines *lines)
{
    for (int i = 0; i < 2; i++) {
        struct stream *stream = &lines->streams[i];

        for (int rank = 0; rank <= lines->highest; rank++)
            line_end(&stream->each[rank]);
        bars_reset(stream->bars);
        item_destroy(stream->held);
        stream->held = NULL;
        stream->is_common = false;
        stream->shared = 0;
    }
}

void lines_destroy(struct lines *lines)
{
    if (!lines)
        return;
    lines_reset(lines);
    for (int i = 0; i < 2; i++) {
        bars_destroy(lines->streams[i].bars);
        free(lines->streams[i].each);
    }
    for (int rank = 0; rank <= lines->highest; rank++)
        free(lines->labels[rank]);
    free(lines->labels);
    idset_destroy(lines->targets);
    free(lines);
}

/* ---- the text ---- */

static void add_labelled(struct lines *lines, const struct said *said,
                         const char *label)
{
    output_add_lines(lines->output, &(struct output_line){
                                        .name = said->item->name,
                                        .label = label,
                                        .is_common = !said->is_labelled,
                                        .is_rest = said->item->is_rest,
                                        .color = said->item->color,
                                        .text = buf_text(&said->item->bytes),
                                        .size = said->item->bytes.size,
                                    });
}

/* Where all lines differ, each has the label of one rank: those are kept. */
static void add_text(struct lines *lines, const struct said *said)
{
    int first = idset_first(said->ranks);
    char *label;

    if (idset_next(said->ranks, first) < 0) {
        if (!lines->labels[first])
            lines->labels[first] = label_of(said->ranks, lines->highest);
        add_labelled(lines, said, lines->labels[first]);
        return;
    }
    label = label_of(said->ranks, lines->highest);
    add_labelled(lines, said, label);
    free(label);
}

/* A '\r' that begins a line shows nothing; as a text it would be an empty line above
 * the display of a bar.  It waits for what follows: it was text after all. */
static void show_held(struct lines *lines, struct stream *stream)
{
    struct said said = { .item = stream->held, .ranks = lines->targets };

    if (stream->held)
        add_text(lines, &said);
    item_destroy(stream->held);
    stream->held = NULL;
}

void lines_leave(struct lines *lines, int64_t now)
{
    for (int i = 0; i < 2; i++)
        show_held(lines, &lines->streams[i]);
    lines_flush(lines, now, false);
}

void lines_break(struct lines *lines, const char *name)
{
    struct stream *stream = stream_of(lines, name);

    show_held(lines, stream);
    stream->is_common = false;
    stream->shared = 0;
}

/* ---- the bars ---- */

static void show_bar(struct stream *stream, int rank, bool is_end)
{
    struct line *line = &stream->each[rank];
    struct buf text = { 0 };

    line->is_displayed = true;
    screen_add(&line->screen, &text);
    bars_update(stream->bars, rank, buf_text(&text), is_end);
    buf_clear(&text);
}

/* The line that all share gives way to the display, which shows it of each. */
static void leave_shared(struct lines *lines, struct stream *stream, const char *name)
{
    item_destroy(stream->held);
    stream->held = NULL;
    if (stream->shared) {
        output_erase(lines->output, name, stream->shared);
        for (int rank = idset_first(lines->targets); rank >= 0;
             rank = idset_next(lines->targets, rank))
            show_bar(stream, rank, false);
        stream->is_common = false;
    }
    stream->shared = 0;
}

static void show_bars(struct lines *lines, struct stream *stream,
                      const struct said *said, bool is_end)
{
    for (int rank = idset_first(said->ranks); rank >= 0;
         rank = idset_next(said->ranks, rank)) {
        show_bar(stream, rank, is_end);
        if (is_end)
            line_end(&stream->each[rank]);
    }
}

/* ---- lines ---- */

/* A line, or the last of several, whose end is not part of it. */
struct tail {
    const char *text;
    size_t size;
    bool is_back;
    bool is_end;
};

static struct tail tail_of(const struct item *item)
{
    const char *text = buf_text(&item->bytes), *end = text + item->bytes.size;
    struct tail tail = { .is_end = end[-1] == '\n', .is_back = end[-1] == '\r' };
    const char *before;

    if (tail.is_end)
        end--;
    before = memrchr(text, '\n', (size_t)(end - text));
    tail.text = before ? before + 1 : text;
    if (tail.is_end && end > tail.text && end[-1] == '\r')
        end--;
    tail.size = (size_t)(end - tail.text);
    return tail;
}

/* The ranks' open lines go on with it; returns whether they are rewritten. */
static bool write_line(struct lines *lines, struct stream *stream,
                       const struct said *said, const struct tail *tail)
{
    bool is_rewritten = tail->is_back;

    for (int rank = idset_first(said->ranks); rank >= 0;
         rank = idset_next(said->ranks, rank))
        is_rewritten = is_rewritten || stream->each[rank].is_rewritten;
    for (int rank = idset_first(said->ranks); rank >= 0;
         rank = idset_next(said->ranks, rank)) {
        struct line *line = &stream->each[rank];

        line->is_rewritten = is_rewritten;
        if (is_rewritten || !tail->is_end)
            screen_write(&line->screen, &said->item->color, tail->text, tail->size);
    }
    return is_rewritten;
}

static bool has_displayed(const struct stream *stream, const struct said *said)
{
    for (int rank = idset_first(said->ranks); rank >= 0;
         rank = idset_next(said->ranks, rank))
        if (stream->each[rank].is_displayed)
            return true;
    return false;
}

/* It will not stay the same on all ranks; or it needs a label, which in the text a
 * '\r' would go back over. */
static bool needs_display(const struct stream *stream, const struct said *said)
{
    struct buf text = { 0 };
    bool is_needed;

    if (said->is_labelled || has_displayed(stream, said)
        || (said->item->is_rest && !stream->is_common && !stream->held))
        return true;
    screen_add(&stream->each[idset_first(said->ranks)].screen, &text);
    is_needed =
        text.size > 0
        && (bars_are_in(buf_text(&text)) || label_is_like(text.data, text.size));
    buf_clear(&text);
    return is_needed;
}

/* All begin a line with a '\r'. */
static bool begins_line(const struct stream *stream, const struct said *said)
{
    const struct line *line = &stream->each[idset_first(said->ranks)];

    return said->item->bytes.size == 1 && !said->is_labelled && line->screen.width == 0
           && !has_displayed(stream, said);
}

static void hold(struct stream *stream, const struct item *item)
{
    if (stream->held)
        buf_add(&stream->held->bytes, "\r", 1);
    else
        stream->held = item_copy(item);
}

static void show_text(struct lines *lines, struct stream *stream,
                      const struct said *said, bool is_rewritten, bool is_end)
{
    show_held(lines, stream);
    add_text(lines, said);
    stream->is_common = !said->is_labelled && !is_end;
    stream->shared =
        is_rewritten && !is_end ? stream->each[lines->highest].screen.width : 0;
}

/* One line or a part of it, or several that are not rewritten. */
static bool add_line(struct lines *lines, struct stream *stream,
                     const struct said *said, int64_t now)
{
    const struct item *item = said->item;
    struct tail tail = tail_of(item);
    bool is_rewritten = write_line(lines, stream, said, &tail);

    if (tail.is_back && begins_line(stream, said)) {
        hold(stream, item);
        return true;
    }
    if (is_rewritten && needs_display(stream, said)) {
        leave_shared(lines, stream, item->name);
        show_bars(lines, stream, said, tail.is_end);
        return true;
    }
    lines_flush(lines, now, false);
    show_text(lines, stream, said, is_rewritten, tail.is_end);
    for (int rank = idset_first(said->ranks); tail.is_end && rank >= 0;
         rank = idset_next(said->ranks, rank))
        line_end(&stream->each[rank]);
    return is_rewritten;
}

/* The first of several lines, when it ends one that is rewritten: a said of its own,
 * to be destroyed. */
static struct item *first_line(const struct stream *stream, const struct said *said)
{
    const struct item *item = said->item;
    const char *text = buf_text(&item->bytes);
    const char *end = memchr(text, '\n', item->bytes.size);
    struct item *first;

    if (!end || end + 1 == text + item->bytes.size
        || !stream->each[idset_first(said->ranks)].is_rewritten)
        return NULL;
    first = item_copy(item);
    buf_reset(&first->bytes);
    buf_add(&first->bytes, text, (size_t)(end + 1 - text));
    return first;
}

static bool add_lines(struct lines *lines, struct stream *stream,
                      const struct said *said, int64_t now)
{
    struct item *first = first_line(stream, said), *rest;
    struct said part = *said;
    struct color_reader reader = { .color = said->item->color };
    bool is_rewritten;

    if (!first)
        return add_line(lines, stream, said, now);
    rest = item_copy(said->item);
    buf_remove(&rest->bytes, first->bytes.size);
    color_read(&reader, buf_text(&first->bytes), first->bytes.size);
    rest->color = reader.color;
    rest->is_rest = false;
    part.item = first;
    is_rewritten = add_line(lines, stream, &part, now);
    part.item = rest;
    is_rewritten = add_line(lines, stream, &part, now) || is_rewritten;
    item_destroy(first);
    item_destroy(rest);
    return is_rewritten;
}

/* Those whose open line is rewritten, or those whose is not. */
static struct idset *select_ranks(const struct stream *stream,
                                  const struct idset *ranks, bool is_rewritten)
{
    struct idset *found = idset_create();

    for (int rank = idset_first(ranks); rank >= 0; rank = idset_next(ranks, rank))
        if (stream->each[rank].is_rewritten == is_rewritten)
            idset_add(found, rank);
    return found;
}

/* Some go on with a line that is rewritten, the others with one that is not. */
static bool are_mixed(const struct stream *stream, const struct idset *ranks)
{
    bool first = stream->each[idset_first(ranks)].is_rewritten;

    for (int rank = idset_first(ranks); rank >= 0; rank = idset_next(ranks, rank))
        if (stream->each[rank].is_rewritten != first)
            return true;
    return false;
}

bool lines_add(struct lines *lines, const struct said *said, int64_t now)
{
    struct stream *stream = stream_of(lines, said->item->name);
    struct said part = *said;
    struct idset *sets[2];
    bool is_rewritten = false;

    if (!are_mixed(stream, said->ranks))
        return add_lines(lines, stream, said, now);
    part.is_labelled = true;
    for (int i = 0; i < 2; i++)
        sets[i] = select_ranks(stream, said->ranks, i == 0);
    for (int i = 0; i < 2; i++) {
        part.ranks = sets[i];
        is_rewritten = add_lines(lines, stream, &part, now) || is_rewritten;
        idset_destroy(sets[i]);
    }
    return is_rewritten;
}

bool lines_is_live(const struct lines *lines, int rank, const char *name)
{
    return stream_of(lines, name)->each[rank].is_rewritten;
}

void lines_flush(struct lines *lines, int64_t now, bool is_final)
{
    for (int i = 0; i < 2; i++)
        bars_flush(lines->streams[i].bars, lines->output, now, is_final);
}

int64_t lines_deadline(const struct lines *lines)
{
    int64_t first = -1;

    for (int i = 0; i < 2; i++) {
        int64_t time = bars_deadline(lines->streams[i].bars);

        if (time >= 0 && (first < 0 || time < first))
            first = time;
    }
    return first;
}
