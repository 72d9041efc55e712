/* bars.c - lines that ranks rewrite, differently, as one display */
#include "kernel/front/gather/bars.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/label.h"

struct bar {
    char *text;   /* NULL: nothing of this rank is seen */
    bool is_open; /* no newline yet */
};

/* Bars that have ended, while their ranks go on with others in the same display. */
struct row {
    struct row *next;
    struct idset *ranks;
    char *text;
};

struct bars {
    uint64_t cell;
    const char *stream;
    unsigned number; /* of the display; 0: none yet */
    bool is_shown;
    bool is_changed;
    int64_t flushed;
    int highest;
    int count;        /* of ranks: what all of them have is not labelled */
    struct bar *each; /* by rank */
    struct row *ended;
};

struct bars *bars_create(uint64_t cell, const char *stream, int highest, int count)
{
    struct bars *bars = xcalloc(1, sizeof(*bars));

    bars->cell = cell;
    bars->stream = stream;
    bars->highest = highest;
    bars->count = count;
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
        bars->each[rank] = (struct bar){ 0 };
    }
}

void bars_reset(struct bars *bars)
{
    forget_bars(bars);
    bars->is_shown = bars->is_changed = false;
}

void bars_destroy(struct bars *bars)
{
    if (!bars)
        return;
    forget_bars(bars);
    free(bars->each);
    free(bars);
}

bool bars_are_in(const char *text)
{
    return (strchr(text, '|') && strchr(text, '%')) || strstr(text, "it/s")
           || strstr(text, "s/it");
}

static bool has_open(const struct bars *bars)
{
    for (int rank = 0; rank <= bars->highest; rank++)
        if (bars->each[rank].is_open)
            return true;
    return false;
}

/* The first number of 'text' that 'unit' follows; -1 when there is none.  For the
 * unit "/" it is a fraction. */
static double find_number(const char *text, const char *unit)
{
    while (*text) {
        char *end;
        double number;

        if (!isdigit((unsigned char)*text)) {
            text++;
            continue;
        }
        number = strtod(text, &end);
        if (!strncmp(end, unit, strlen(unit))) {
            double total = *unit == '/' ? strtod(end + 1, NULL) : 1;

            return total > 0 ? number / total : 1;
        }
        text = end;
    }
    return -1;
}

/* How far a bar is: "30%|###   | 3/10", "30%", "7it"; -1 when it does not say. */
static double progress_of(const char *text)
{
    const char *after = strrchr(text, '|');
    double progress = after ? find_number(after, "/") : -1;

    if (progress < 0 && (progress = find_number(text, "%")) >= 0)
        progress /= 100;
    return progress < 0 ? find_number(text, "it") : progress;
}

/* Ranks that came to the end of the same bar took different times. */
static bool ends_alike(const char *a, const char *b)
{
    const char *bar = strchr(a, '|');

    return !strcmp(a, b)
           || (bar && !strncmp(a, b, (size_t)(bar - a) + 1)
               && progress_of(a) == progress_of(b));
}

/* The bar of a rank has ended, and another one takes its place: takes 'text'. */
static void add_row(struct bars *bars, int rank, char *text)
{
    struct row **end = &bars->ended;

    while (*end && (!ends_alike((*end)->text, text) || idset_has((*end)->ranks, rank)))
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

void bars_update(struct bars *bars, int rank, const char *text, bool is_end)
{
    struct bar *bar = &bars->each[rank];

    if (!bar->is_open && bar->text) {
        add_row(bars, rank, bar->text);
        bar->text = NULL;
    }
    bars->is_changed =
        bars->is_changed || is_end || strcmp(bar->text ? bar->text : "", text) != 0;
    bar->is_open = !is_end;
    free(bar->text);
    bar->text = *text ? xstrdup(text) : NULL;
}

/* The slowest and the fastest rank, which are the same when all are as far. */
struct span {
    int slowest;
    int fastest;
    bool is_known; /* all bars say how far they are */
};

static struct span span_of(const struct bars *bars)
{
    struct span span = { -1, -1, true };

    for (int rank = 0; rank <= bars->highest; rank++) {
        const char *text = bars->each[rank].text;
        double progress = text ? progress_of(text) : -1;

        if (!text)
            continue;
        span.is_known = span.is_known && progress >= 0;
        if (span.slowest < 0 || progress < progress_of(bars->each[span.slowest].text))
            span.slowest = rank;
        if (span.fastest < 0 || progress > progress_of(bars->each[span.fastest].text))
            span.fastest = rank;
    }
    return span;
}

static void add_line(const struct bars *bars, const struct idset *ranks,
                     const char *text, const char *note, struct buf *out)
{
    bool is_all =
        idset_count(ranks) == bars->count && !label_is_like(text, strlen(text));
    char *label = is_all ? xstrdup("") : label_of(ranks, bars->highest);

    buf_add_format(out, "%s%s%s%s", out->size ? "\n" : "", label, text, note);
    free(label);
}

/* Those whose bar is that of 'rank', or that have one at all when 'rank' is -1. */
static struct idset *ranks_like(const struct bars *bars, int rank)
{
    struct idset *ranks = idset_create();

    for (int other = 0; other <= bars->highest; other++) {
        const char *text = bars->each[other].text;

        if (text && (rank < 0 || !strcmp(text, bars->each[rank].text)))
            idset_add(ranks, other);
    }
    return ranks;
}

static void add_span(const struct bars *bars, const struct span *span, struct buf *out)
{
    struct idset *all = ranks_like(bars, -1), *slow, *fast;

    if (span->slowest == span->fastest) {
        add_line(bars, all, bars->each[span->slowest].text, "", out);
    } else {
        slow = ranks_like(bars, span->slowest);
        fast = ranks_like(bars, span->fastest);
        add_line(bars, slow, bars->each[span->slowest].text, "  slowest", out);
        add_line(bars, fast, bars->each[span->fastest].text, "  fastest", out);
        idset_destroy(slow);
        idset_destroy(fast);
    }
    idset_destroy(all);
}

/* One line for each distinct bar, with the ranks that have it. */
static void add_each(const struct bars *bars, struct buf *out)
{
    for (int rank = 0; rank <= bars->highest; rank++) {
        struct idset *alike;

        if (!bars->each[rank].text)
            continue;
        alike = ranks_like(bars, rank);
        if (idset_first(alike) == rank)
            add_line(bars, alike, bars->each[rank].text, "", out);
        idset_destroy(alike);
    }
}

static void add_lines(const struct bars *bars, struct buf *out)
{
    struct span span = span_of(bars);

    for (const struct row *row = bars->ended; row; row = row->next)
        add_line(bars, row->ranks, row->text, "", out);
    if (span.slowest < 0)
        return;
    if (span.is_known)
        add_span(bars, &span, out);
    else
        add_each(bars, out);
}

static void publish(const struct bars *bars, struct output *output)
{
    struct buf lines = { 0 };
    char *id = xasprintf("rankbook-bars-%llu-%s-%u", (unsigned long long)bars->cell,
                         bars->stream, bars->number);
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

static bool is_seen(const struct bars *bars)
{
    for (int rank = 0; rank <= bars->highest; rank++)
        if (bars->each[rank].text)
            return true;
    return bars->ended;
}

void bars_flush(struct bars *bars, struct output *output, int64_t now, bool is_final)
{
    if (!bars->is_changed || (!is_final && now - bars->flushed < BARS_FLUSH_MS))
        return;
    bars->is_changed = false;
    if (bars->is_shown || is_seen(bars)) {
        if (!bars->is_shown)
            bars->number++;
        publish(bars, output);
        bars->is_shown = true;
        bars->flushed = now;
    }
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
