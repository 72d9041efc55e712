/* output.c - the text of a cell on its way out */
#include "kernel/front/gather/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/spill.h"
#include "kernel/jupyter/text.h"

struct output {
    gather_f publish;
    void *arg;
    const char *name;   /* the stream of 'text' */
    struct buf text;    /* not given out yet */
    char *label;        /* whose line is open at its end; NULL: none is */
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
    free(output->label);
    free(output);
}

/* How many bytes at the end begin a UTF-8 character that is not whole. */
static size_t partial_char(const char *text, size_t size)
{
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        unsigned char byte = (unsigned char)text[size - back];

        if (byte < 0x80)
            return 0;
        if (byte >= 0xc0) {
            size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;

            return length > back ? back : 0;
        }
    }
    return 0;
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
    size_t kept = is_final ? 0 : partial_char(buf_text(&output->text), size);

    if (size == kept)
        return;
    publish_within_limit(output, buf_text(&output->text), size - kept);
    if (kept)
        buf_remove(&output->text, size - kept);
    else
        buf_reset(&output->text);
}

static void open_line(struct output *output, const char *label)
{
    free(output->label);
    output->label = label ? xstrdup(label) : NULL;
}

static void use_stream(struct output *output, const char *name)
{
    if (output->name && strcmp(output->name, name)) {
        send_text(output, true);
        open_line(output, NULL);
    }
    output->name = name;
}

void output_add(struct output *output, const char *name, const char *text, size_t size)
{
    use_stream(output, name);
    buf_add(&output->text, text, size);
}

void output_add_line(struct output *output, const char *name, const char *label,
                     const char *text, size_t size)
{
    bool is_whole = size > 0 && text[size - 1] == '\n';

    use_stream(output, name);
    if (output->label && strcmp(output->label, label)) {
        buf_add(&output->text, "\n", 1);
        open_line(output, NULL);
    }
    if (!output->label)
        buf_add_text(&output->text, label);
    buf_add(&output->text, text, size);
    if (is_whole)
        open_line(output, NULL);
    else if (!output->label)
        open_line(output, label);
}

void output_publish(struct output *output, const struct message_out *out)
{
    send_text(output, true);
    open_line(output, NULL);
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
    if (output->text.size == partial_char(buf_text(&output->text), output->text.size))
        return -1;
    return output->flushed + OUTPUT_FLUSH_MS;
}
