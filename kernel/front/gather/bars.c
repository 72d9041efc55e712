/* bars.c - progress bars that differ between ranks */
#include "kernel/front/gather/bars.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/label.h"

struct bar {
    char *text;   /* NULL: this rank has none in the display */
    bool is_open; /* no newline yet */
    bool is_over; /* 'text' has its newline */
};

/* Bars that have ended, while their ranks go on with others in the same display. */
struct row {
    struct row *next;
    struct idset *ranks;
    char *text;
};

struct bars {
    uint64_t cell;
    unsigned number; /* of the display; 0: none yet */
    bool is_shown;
    bool is_changed;
    int64_t flushed;
    int highest;
    struct bar *each; /* by rank */
    struct row *ended;
};

struct bars *bars_create(uint64_t cell, int highest)
{
    struct bars *bars = xcalloc(1, sizeof(*bars));

    bars->cell = cell;
    bars->highest = highest;
    bars->flushed = -BARS_FLUSH_MS;
    bars->each = xcalloc((size_t)highest + 1, sizeof(*bars->each));
    return bars;
}

static void forget_bars(struct bars *bars)
{
    struct row *row;

    while ((row = bars->ended)) {
        bars->ended = row->next;
        idset_destroy(row->ranks);
        free(row->text);
        free(row);
    }
    for (int rank = 0; rank <= bars->highest; rank++) {
        free(bars->each[rank].text);
        bars->each[rank].text = NULL;
    }
}

void bars_destroy(struct bars *bars)
{
    if (!bars)
        return;
    forget_bars(bars);
    free(bars->each);
    free(bars);
}

bool bars_has(const struct bars *bars, int rank)
{
    return bars->each[rank].is_open;
}

static bool has_open(const struct bars *bars)
{
    for (int rank = 0; rank <= bars->highest; rank++)
        if (bars->each[rank].is_open)
            return true;
    return false;
}

/* The bar of a rank has ended, and another one takes its place: takes 'text'. */
static void add_row(struct bars *bars, int rank, char *text)
{
    struct row **end = &bars->ended;

    while (*end && (strcmp((*end)->text, text) || idset_has((*end)->ranks, rank)))
        end = &(*end)->next;
    if (*end) {
        free(text);
    } else {
        *end = xcalloc(1, sizeof(**end));
        (*end)->ranks = idset_create();
        (*end)->text = text;
    }
    idset_add((*end)->ranks, rank);
}

static bool is_same(const char *old, const char *text, size_t size)
{
    return old && strlen(old) == size && !memcmp(old, text, size);
}

void bars_update(struct bars *bars, int rank, const char *text, size_t size)
{
    struct bar *bar = &bars->each[rank];
    bool is_end = size > 0 && text[size - 1] == '\n';

    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    if (size > 0 && bar->text && bar->is_over) {
        add_row(bars, rank, bar->text);
        bar->text = NULL;
    }
    if (size > 0)
        bar->is_over = false;
    bar->is_over = bar->is_over || is_end;
    bar->is_open = !is_end;
    if (size == 0 && !bar->text)
        return;
    if (size > 0 && !is_same(bar->text, text, size)) {
        free(bar->text);
        bar->text = xstrndup(text, size);
        bars->is_changed = true;
    }
    bars->is_changed = bars->is_changed || is_end;
}

static void add_line(const struct bars *bars, const struct idset *ranks,
                     const char *text, struct buf *out)
{
    char *label = label_of(ranks, bars->highest);

    buf_add_format(out, "%s%s%s", out->size ? "\n" : "", label, text);
    free(label);
}

/* One line for each distinct bar, with the ranks that have it. */
static void add_lines(const struct bars *bars, struct buf *out)
{
    struct idset *shown = idset_create();

    for (const struct row *row = bars->ended; row; row = row->next)
        add_line(bars, row->ranks, row->text, out);
    for (int rank = 0; rank <= bars->highest; rank++) {
        const char *text = bars->each[rank].text;
        struct idset *alike;

        if (!text || idset_has(shown, rank))
            continue;
        alike = idset_create();
        for (int other = rank; other <= bars->highest; other++) {
            const char *theirs = bars->each[other].text;

            if (theirs && !strcmp(theirs, text)) {
                idset_add(alike, other);
                idset_add(shown, other);
            }
        }
        add_line(bars, alike, text, out);
        idset_destroy(alike);
    }
    idset_destroy(shown);
}

static void publish(const struct bars *bars, struct output *output)
{
    struct buf lines = { 0 };
    char *id = xasprintf("rankbook-bars-%llu-%u", (unsigned long long)bars->cell,
                         bars->number);
    json_t *content;
    char *bytes;
    struct message_out out = {
        .type = bars->is_shown ? "update_display_data" : "display_data",
    };

    add_lines(bars, &lines);
    content = json_pack("{s:{s:o}, s:{}, s:{s:s}}", "data", "text/plain",
                        message_text(buf_text(&lines), lines.size), "metadata",
                        "transient", "display_id", id);
    bytes = json_dumps(content, JSON_COMPACT);
    out.content = (struct message_part){ bytes, strlen(bytes) };
    output_publish(output, &out);
    free(bytes);
    json_decref(content);
    free(id);
    buf_clear(&lines);
}

void bars_flush(struct bars *bars, struct output *output, int64_t now, bool is_final)
{
    if (!bars->is_changed || (!is_final && now - bars->flushed < BARS_FLUSH_MS))
        return;
    if (!bars->is_shown)
        bars->number++;
    publish(bars, output);
    bars->is_shown = true;
    bars->is_changed = false;
    bars->flushed = now;
    if (!has_open(bars)) {
        /* All have ended: the next bars are another display. */
        bars->is_shown = false;
        forget_bars(bars);
    }
}

int64_t bars_deadline(const struct bars *bars)
{
    return bars->is_changed ? bars->flushed + BARS_FLUSH_MS : -1;
}
