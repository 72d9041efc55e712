/* outputs.c - what the messages of a kernel make of the outputs of a cell */
#include "launcher/replay/outputs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "launcher/replay/notebook.h"

struct displays {
    json_t *by_id; /* display id -> array of outputs */
};

struct outputs {
    json_t *cell;
    struct displays *displays;
    bool clears_next; /* before the next output: clear_output(wait=True) */
    json_t *stream;   /* the last output, when it is a stream: its text is here */
    struct buf text;
};

struct displays *displays_create(void)
{
    struct displays *displays = xcalloc(1, sizeof(*displays));

    displays->by_id = json_object();
    return displays;
}

void displays_destroy(struct displays *displays)
{
    if (!displays)
        return;
    json_decref(displays->by_id);
    free(displays);
}

struct outputs *outputs_create(json_t *cell, struct displays *displays)
{
    struct outputs *outputs = xcalloc(1, sizeof(*outputs));

    outputs->cell = json_incref(cell);
    outputs->displays = displays;
    json_object_set_new(cell, "outputs", json_array());
    json_object_set_new(cell, "execution_count", json_null());
    return outputs;
}

void outputs_destroy(struct outputs *outputs)
{
    if (!outputs)
        return;
    outputs_flush(outputs);
    json_decref(outputs->stream);
    json_decref(outputs->cell);
    buf_clear(&outputs->text);
    free(outputs);
}

/* ---- text ---- */

static size_t character_size(const char *text, size_t left)
{
    size_t size = 1;

    while (size < left && ((unsigned char)text[size] & 0xc0) == 0x80)
        size++;
    return size;
}

/* One character of a line: bytes of the text it came from. */
struct glyph {
    const char *at;
    size_t size;
};

/* One line without its newline. */
static void overwrite_line(struct buf *out, const char *text, size_t size)
{
    struct glyph *glyphs = xcalloc(size, sizeof(*glyphs));
    size_t count = 0, cursor = 0;
    const char *end = text + size;

    while (text < end) {
        size_t step = character_size(text, (size_t)(end - text));

        if (*text == '\r') {
            cursor = 0;
        } else if (*text == '\b') {
            cursor -= cursor > 0;
        } else {
            glyphs[cursor++] = (struct glyph){ text, step };
            count = cursor > count ? cursor : count;
        }
        text += step;
    }
    for (size_t i = 0; i < count; i++)
        buf_add(out, glyphs[i].at, glyphs[i].size);
    free(glyphs);
}

static bool goes_back(const char *text, size_t size)
{
    return memchr(text, '\r', size) || memchr(text, '\b', size);
}

char *outputs_overwrite(const char *text, size_t size, size_t *result_size)
{
    struct buf out = { 0 };
    bool pending = size > 0 && text[size - 1] == '\r';

    buf_add_text(&out, "");
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;

        if (goes_back(text, length))
            overwrite_line(&out, text, length);
        else
            buf_add(&out, text, length);
        if (end)
            buf_add(&out, "\n", 1);
        text += length + (end != NULL);
        size -= length + (end != NULL);
    }
    if (pending)
        buf_add(&out, "\r", 1);
    *result_size = out.size;
    return buf_take(&out);
}

/* Where the last line begins: only that one can be overwritten. */
static size_t last_line(const struct buf *text)
{
    const char *end = text->size ? memrchr(text->data, '\n', text->size) : NULL;

    return end ? (size_t)(end + 1 - text->data) : 0;
}

static void append_text(struct buf *text, const char *more, size_t size)
{
    size_t start = last_line(text), result_size;
    bool is_plain =
        !goes_back(more, size) && !(text->size && text->data[text->size - 1] == '\r');
    char *result;

    buf_add(text, more, size);
    if (is_plain)
        return;
    result = outputs_overwrite(text->data + start, text->size - start, &result_size);
    text->size = start;
    buf_add(text, result, result_size);
    free(result);
}

/* ---- outputs ---- */

static json_t *list_of(struct outputs *outputs)
{
    return json_object_get(outputs->cell, "outputs");
}

static void close_stream(struct outputs *outputs)
{
    json_t *text;

    if (!outputs->stream)
        return;
    text = message_text(outputs->text.data, outputs->text.size);
    json_object_set_new(outputs->stream, "text", notebook_lines(text));
    json_decref(text);
}

void outputs_flush(struct outputs *outputs)
{
    close_stream(outputs);
}

static void forget_stream(struct outputs *outputs)
{
    close_stream(outputs);
    json_decref(outputs->stream);
    outputs->stream = NULL;
    buf_reset(&outputs->text);
}

static void clear(struct outputs *outputs)
{
    forget_stream(outputs);
    json_array_clear(list_of(outputs));
    outputs->clears_next = false;
}

/* The output's reference is stolen. */
static void add_output(struct outputs *outputs, json_t *output)
{
    if (outputs->clears_next)
        clear(outputs);
    forget_stream(outputs);
    json_array_append_new(list_of(outputs), output);
}

static const char *text_in(const json_t *content, const char *name)
{
    const char *text = json_string_value(json_object_get(content, name));

    return text ? text : "";
}

static json_t *object_in(const json_t *content, const char *name)
{
    json_t *object = json_object_get(content, name);

    return json_is_object(object) ? json_incref(object) : json_object();
}

/* "application/json" and "application/...+json" */
static bool is_json_type(const char *mime)
{
    const char *family = "application/", *json = "json", *end;

    if (strncmp(mime, family, strlen(family)) != 0)
        return false;
    mime += strlen(family);
    if (strlen(mime) < strlen(json))
        return false;
    end = mime + strlen(mime) - strlen(json);
    return !strcmp(end, json) && (end == mime || end[-1] == '+');
}

/* nbformat splits these into lines, and no others. */
static bool is_split(const char *mime)
{
    return !strncmp(mime, "text/", 5) || !strcmp(mime, "image/svg+xml")
           || !strcmp(mime, "application/javascript");
}

/* The data of a bundle in the form of a file; all that is not JSON is text there. */
static json_t *file_data(const json_t *bundle)
{
    json_t *data = json_object(), *value;
    const char *mime;

    json_object_foreach((json_t *)bundle, mime, value)
    {
        char *text;

        if (is_json_type(mime) || (json_is_string(value) && !is_split(mime))) {
            json_object_set(data, mime, value);
        } else if (json_is_string(value)) {
            json_object_set_new(data, mime, notebook_lines(value));
        } else {
            text = json_is_array(value) ? notebook_text(value)
                                        : json_dumps(value, JSON_ENCODE_ANY);
            json_object_set_new(data, mime, message_text(text, strlen(text)));
            free(text);
        }
    }
    return data;
}

static json_t *data_in(const json_t *content)
{
    json_t *bundle = object_in(content, "data"), *data = file_data(bundle);

    json_decref(bundle);
    return data;
}

static void on_stream(struct outputs *outputs, const json_t *content)
{
    const json_t *text = json_object_get(content, "text");
    const char *name = text_in(content, "name");

    if (!json_is_string(text))
        return;
    if (outputs->clears_next || !outputs->stream
        || strcmp(text_in(outputs->stream, "name"), name) != 0) {
        json_t *output = json_pack("{s:s, s:s, s:[]}", "output_type", "stream", "name",
                                   name, "text");

        add_output(outputs, output);
        outputs->stream = json_incref(output);
    }
    append_text(&outputs->text, json_string_value(text), json_string_length(text));
}

static void on_error(struct outputs *outputs, const json_t *content)
{
    json_t *traceback = json_array(), *line;
    size_t idx;

    json_array_foreach(json_object_get(content, "traceback"), idx, line)
    {
        if (json_is_string(line))
            json_array_append(traceback, line);
    }
    add_output(outputs, json_pack("{s:s, s:s, s:s, s:o}", "output_type", "error",
                                  "ename", text_in(content, "ename"), "evalue",
                                  text_in(content, "evalue"), "traceback", traceback));
}

/* All displays of one id show the same, whatever cell they are in. */
static void update_displays(const struct outputs *outputs, const char *id,
                            const json_t *content)
{
    json_t *shown = json_object_get(outputs->displays->by_id, id), *output;
    size_t idx;

    json_array_foreach(shown, idx, output)
    {
        json_object_set_new(output, "data", data_in(content));
        json_object_set_new(output, "metadata", object_in(content, "metadata"));
    }
}

static const char *display_id(const json_t *content)
{
    const json_t *transient = json_object_get(content, "transient");

    return json_string_value(json_object_get(transient, "display_id"));
}

static void add_display(struct outputs *outputs, const char *type,
                        const json_t *content, json_t *count)
{
    json_t *output =
        json_pack("{s:s, s:o, s:o}", "output_type", type, "data", data_in(content),
                  "metadata", object_in(content, "metadata"));
    json_t *by_id = outputs->displays->by_id;
    const char *id = display_id(content);

    if (count)
        json_object_set(output, "execution_count", count);
    if (id) {
        update_displays(outputs, id, content);
        if (!json_object_get(by_id, id))
            json_object_set_new(by_id, id, json_array());
        json_array_append(json_object_get(by_id, id), output);
    }
    add_output(outputs, output);
}

static void on_display(struct outputs *outputs, const json_t *content)
{
    add_display(outputs, "display_data", content, NULL);
}

static void set_count(struct outputs *outputs, const json_t *content)
{
    json_t *count = json_object_get(content, "execution_count");

    if (json_is_integer(count) && json_integer_value(count) >= 0)
        json_object_set(outputs->cell, "execution_count", count);
}

static void on_result(struct outputs *outputs, const json_t *content)
{
    set_count(outputs, content);
    add_display(outputs, "execute_result", content,
                json_object_get(outputs->cell, "execution_count"));
}

static void on_update(struct outputs *outputs, const json_t *content)
{
    const char *id = display_id(content);

    if (id)
        update_displays(outputs, id, content);
}

static void on_clear(struct outputs *outputs, const json_t *content)
{
    if (json_is_true(json_object_get(content, "wait")))
        outputs->clears_next = true;
    else
        clear(outputs);
}

static const struct {
    const char *type;
    void (*apply)(struct outputs *outputs, const json_t *content);
} appliers[] = {
    { "stream", on_stream },
    { "display_data", on_display },
    { "execute_result", on_result },
    { "error", on_error },
    { "update_display_data", on_update },
    { "clear_output", on_clear },
    { "execute_input", set_count },
    { "execute_reply", set_count },
};

/* When it happened, under the names that nbclient and JupyterLab use. */
static void set_time(struct outputs *outputs, const struct message *msg)
{
    static const struct {
        const char *type;
        const char *state; /* of a status; NULL: any */
        const char *name;
    } times[] = {
        { "status", "busy", "iopub.status.busy" },
        { "execute_input", NULL, "iopub.execute_input" },
        { "execute_reply", NULL, "shell.execute_reply" },
        { "status", "idle", "iopub.status.idle" },
    };
    json_t *metadata = json_object_get(outputs->cell, "metadata"), *execution;
    const char *state = text_in(message_content(msg), "execution_state");

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        if (strcmp(times[i].type, message_type(msg))
            || (times[i].state && strcmp(times[i].state, state)))
            continue;
        if (!(execution = json_object_get(metadata, "execution"))) {
            execution = json_object();
            json_object_set_new(metadata, "execution", execution);
        }
        json_object_set_new(execution, times[i].name, json_string(message_date(msg)));
    }
}

void outputs_apply(struct outputs *outputs, const struct message *msg)
{
    const json_t *content = message_content(msg);

    if (!content)
        return;
    set_time(outputs, msg);
    for (size_t i = 0; i < sizeof(appliers) / sizeof(appliers[0]); i++) {
        if (!strcmp(appliers[i].type, message_type(msg)))
            appliers[i].apply(outputs, content);
    }
}
