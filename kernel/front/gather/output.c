/* output.c - the text of a cell on its way out */
#include "kernel/front/gather/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/label.h"
#include "kernel/front/gather/spill.h"
#include "kernel/jupyter/text.h"

/* A stream, as readers put it together again from its messages. */
struct lane {
    char *label; /* whose line is open at its end; NULL: none is */
    bool is_common;
    struct color_reader reader;
};

struct output {
    gather_f publish;
    void *arg;
    const char *name; /* the stream of 'text' */
    struct buf text;  /* not given out yet */
    struct lane lanes[2];
    int64_t flushed;    /* when text was last given out */
    size_t total;       /* bytes given out */
    struct spill *rest; /* where the rest goes, once there is too much */
    uint64_t cell;
};

struct output *output_create(uint64_t cell, gather_f publish, void *arg)
{
    struct output *output = xcalloc(1, sizeof(*output));

    output->cell = cell;
    output->publish = publish;
    output->arg = arg;
    output->flushed = -OUTPUT_FLUSH_MS;
    return output;
}

void output_destroy(struct output *output)
{
    if (!output)
        return;
    spill_close(output->rest);
    buf_clear(&output->text);
    for (size_t i = 0; i < 2; i++)
        free(output->lanes[i].label);
    free(output);
}

static void publish_text(struct output *output, const char *text, size_t size)
{
    struct buf content = { 0 };
    struct message_out out = { .type = "stream" };

    buf_add_format(&content, "{\"name\":\"%s\",\"text\":", output->name);
    text_add_json(&content, text, size);
    buf_add(&content, "}", 1);
    out.content = (struct message_part){ content.data, content.size };
    output->publish(&out, output->arg);
    buf_clear(&content);
}

static void publish_within_limit(struct output *output, const char *text, size_t size)
{
    if (!output->rest && output->total + size <= OUTPUT_CELL_MAX) {
        output->total += size;
        publish_text(output, text, size);
        return;
    }
    if (!output->rest) {
        char *note;

        output->rest = spill_open(output->cell);
        note = xasprintf("\n[more than %u MB of output: the rest is in %s]\n",
                         OUTPUT_CELL_MAX >> 20, spill_path(output->rest));
        publish_text(output, note, strlen(note));
        free(note);
    }
    spill_write(output->rest, text, size);
}

static void send_text(struct output *output, bool is_final)
{
    size_t size = output->text.size;
    size_t kept = is_final ? 0 : text_partial(buf_text(&output->text), size);

    if (size == kept)
        return;
    publish_within_limit(output, buf_text(&output->text), size - kept);
    if (kept)
        buf_remove(&output->text, size - kept);
    else
        buf_reset(&output->text);
}

static struct lane *lane_of(struct output *output, const char *name)
{
    return &output->lanes[!strcmp(name, "stderr")];
}

static void write_lane(struct output *output, struct lane *lane, const char *text,
                       size_t size)
{
    color_read(&lane->reader, text, size);
    buf_add(&output->text, text, size);
}

static void set_color(struct output *output, struct lane *lane,
                      const struct color *color)
{
    color_change(&output->text, &lane->reader.color, color);
    lane->reader = (struct color_reader){ .color = *color };
}

static void end_line(struct output *output, struct lane *lane)
{
    write_lane(output, lane, "\n", 1);
    free(lane->label);
    lane->label = NULL;
}

/* Other output comes between.  A line without a label is what all wrote and may go
 * on after it; one with a label would go on without. */
static void leave_lane(struct output *output)
{
    struct lane *lane = output->name ? lane_of(output, output->name) : NULL;

    if (lane && lane->label && !lane->is_common)
        end_line(output, lane);
    send_text(output, true);
}

static struct lane *use_lane(struct output *output, const char *name)
{
    if (output->name && strcmp(output->name, name))
        leave_lane(output);
    output->name = name;
    return lane_of(output, name);
}

void output_add(struct output *output, const char *name, const char *text, size_t size)
{
    use_lane(output, name);
    buf_add(&output->text, text, size);
}

static bool is_label_char(char c)
{
    return (c >= '0' && c <= '9') || c == ',' || c == '-';
}

/* A reader could take it for a label, now or when it has gone on. */
static bool begins_like_label(const char *text, size_t size)
{
    size_t at = 0, step;

    while ((step = color_sequence(text + at, size - at)))
        at += step;
    if (at == size || color_partial(text + at, size - at) == size - at)
        return true;
    if (text[at++] != '[')
        return false;
    while (at < size && is_label_char(text[at]))
        at++;
    if (at < size && text[at] != ']')
        return false;
    return at + 1 >= size || text[at + 1] == ' ' || text[at + 1] == LABEL_REST[0];
}

static void begin_line(struct output *output, struct lane *lane,
                       const struct output_line *line)
{
    static const struct color plain = { 0 };

    if (lane->label)
        end_line(output, lane);
    if (line->is_common && !line->is_rest && !begins_like_label(line->text, line->size))
        return;
    set_color(output, lane, &plain);
    if (line->is_rest) {
        /* The mark stands in the place of the last blank. */
        buf_add(&output->text, line->label, strlen(line->label) - 1);
        buf_add_text(&output->text, LABEL_REST);
    } else {
        buf_add_text(&output->text, line->label);
    }
}

void output_add_line(struct output *output, const struct output_line *line)
{
    struct lane *lane = use_lane(output, line->name);
    bool is_whole = line->size > 0 && line->text[line->size - 1] == '\n';

    if (!line->is_rest || !lane->label || strcmp(lane->label, line->label))
        begin_line(output, lane, line);
    set_color(output, lane, &line->color);
    write_lane(output, lane, line->text, line->size);
    free(lane->label);
    lane->label = is_whole ? NULL : xstrdup(line->label);
    lane->is_common = line->is_common;
}

void output_erase(struct output *output, const char *name, size_t size)
{
    struct lane *lane = use_lane(output, name);

    buf_add_format(&output->text, "\r%*s\r", (int)size, "");
    free(lane->label);
    lane->label = NULL;
}

void output_publish(struct output *output, const struct message_out *out)
{
    leave_lane(output);
    output->publish(out, output->arg);
}

void output_flush(struct output *output, int64_t now, bool is_final)
{
    if (output->text.size == 0)
        return;
    if (is_final || output->text.size >= OUTPUT_FLUSH_SIZE
        || now - output->flushed >= OUTPUT_FLUSH_MS) {
        send_text(output, is_final);
        output->flushed = now;
    }
}

int64_t output_deadline(const struct output *output)
{
    /* A piece of a character waits for its rest, not for a time. */
    if (output->text.size == text_partial(buf_text(&output->text), output->text.size))
        return -1;
    return output->flushed + OUTPUT_FLUSH_MS;
}
