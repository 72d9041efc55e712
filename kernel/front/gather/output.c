/* output.c - the lines of a cell, with labels and colours */
#include "kernel/front/gather/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/label.h"
#include "kernel/front/gather/outlet.h"

#define LARGE 65536 /* text that is not copied once more */

/* A stream, as readers put it together again from its messages. */
struct lane {
    char *label; /* whose line is open at its end; NULL: none is */
    bool is_common;
    struct color_reader reader;
};

struct output {
    struct outlet *outlet;
    const char *name; /* the stream that was written last */
    struct lane lanes[2];
    struct buf text; /* being put together */
};

struct output *output_create(uint64_t cell, bool is_paced, gather_f publish, void *arg)
{
    struct output *output = xcalloc(1, sizeof(*output));

    output->outlet = outlet_create(cell, is_paced, publish, arg);
    return output;
}

void output_destroy(struct output *output)
{
    if (!output)
        return;
    outlet_destroy(output->outlet);
    buf_clear(&output->text);
    for (size_t i = 0; i < 2; i++)
        free(output->lanes[i].label);
    free(output);
}

static struct lane *lane_of(struct output *output, const char *name)
{
    return &output->lanes[!strcmp(name, "stderr")];
}

static void set_color(struct output *output, struct lane *lane,
                      const struct color *color)
{
    color_change(&output->text, &lane->reader.color, color);
    lane->reader = (struct color_reader){ .color = *color };
}

static void end_line(struct output *output, struct lane *lane)
{
    buf_add(&output->text, "\n", 1);
    free(lane->label);
    lane->label = NULL;
}

/* What was put together goes to the stream that is written. */
static void send(struct output *output)
{
    if (output->text.size > 0)
        outlet_add(output->outlet, output->name, output->text.data, output->text.size);
    buf_reset(&output->text);
}

/* Other output comes between.  A line without a label is what all wrote and may go
 * on after it; one with a label would go on without. */
static void leave_lane(struct output *output)
{
    struct lane *lane = output->name ? lane_of(output, output->name) : NULL;

    if (lane && lane->label && !lane->is_common) {
        end_line(output, lane);
        send(output);
    }
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
    outlet_add(output->outlet, name, text, size);
}

static void begin_line(struct output *output, struct lane *lane,
                       const struct output_line *line)
{
    static const struct color plain = { 0 };

    if (lane->label)
        end_line(output, lane);
    if (line->is_common && !line->is_rest && !label_is_like(line->text, line->size))
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
    color_read(&lane->reader, line->text, line->size);
    if (line->size < LARGE) {
        /* In one: the label stays with its text when the cell has enough. */
        buf_add(&output->text, line->text, line->size);
        send(output);
    } else {
        send(output);
        outlet_add(output->outlet, line->name, line->text, line->size);
    }
    free(lane->label);
    lane->label = is_whole ? NULL : xstrdup(line->label);
    lane->is_common = line->is_common;
}

void output_add_lines(struct output *output, const struct output_line *lines)
{
    const char *end = lines->text + lines->size, *next;
    struct color_reader reader = { .color = lines->color };
    struct output_line line = *lines;

    for (; line.text < end; line.text = next) {
        next = NULL;
        if (!line.is_common)
            next = memchr(line.text, '\n', (size_t)(end - line.text));
        next = next ? next + 1 : end;
        line.color = reader.color;
        line.size = (size_t)(next - line.text);
        output_add_line(output, &line);
        color_read(&reader, line.text, line.size);
        line.is_rest = false;
    }
}

void output_erase(struct output *output, const char *name, size_t size)
{
    struct lane *lane = use_lane(output, name);

    buf_add_format(&output->text, "\r%*s\r", (int)size, "");
    free(lane->label);
    lane->label = NULL;
    send(output);
}

void output_publish(struct output *output, const struct message_out *out)
{
    leave_lane(output);
    outlet_publish(output->outlet, out);
}

void output_flush(struct output *output, int64_t now, bool is_final)
{
    outlet_flush(output->outlet, now, is_final);
}

int64_t output_deadline(const struct output *output)
{
    return outlet_deadline(output->outlet);
}
