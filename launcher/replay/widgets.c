/* widgets.c - the widgets that the cells of a notebook make */
#include "launcher/replay/widgets.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "launcher/replay/notebook.h"

#define MIME "application/vnd.jupyter.widget-state+json"

struct widget {
    struct widget *next;
    char *id;
    json_t *state;
    json_t *buffers; /* path as text: {data, encoding, path} */
    /* an Output widget: */
    json_t *shown; /* what it shows, in the form of a cell; NULL: it is none */
    struct outputs *outputs;
    bool is_changed;
    char *parent; /* it takes what has this parent; NULL: nothing */
    int turn;     /* the last one that began takes it */
};

struct widgets {
    struct displays *displays;
    struct widget *first;
    struct widget **end; /* where the next one is linked */
    int turns;
};

struct widgets *widgets_create(struct displays *displays)
{
    struct widgets *widgets = xcalloc(1, sizeof(*widgets));

    widgets->displays = displays;
    widgets->end = &widgets->first;
    return widgets;
}

static void widget_destroy(struct widget *widget)
{
    outputs_destroy(widget->outputs);
    json_decref(widget->shown);
    json_decref(widget->state);
    json_decref(widget->buffers);
    free(widget->parent);
    free(widget->id);
    free(widget);
}

void widgets_destroy(struct widgets *widgets)
{
    struct widget *widget;

    if (!widgets)
        return;
    while ((widget = widgets->first)) {
        widgets->first = widget->next;
        widget_destroy(widget);
    }
    free(widgets);
}

static struct widget *find(const struct widgets *widgets, const char *id)
{
    struct widget *widget = widgets->first;

    while (widget && strcmp(widget->id, id))
        widget = widget->next;
    return widget;
}

static bool is_output(const json_t *state)
{
    const char *name = json_string_value(json_object_get(state, "_model_name"));
    const char *module = json_string_value(json_object_get(state, "_model_module"));

    return name && module && !strcmp(name, "OutputModel")
           && !strcmp(module, "@jupyter-widgets/output");
}

static struct widget *add(struct widgets *widgets, const char *id, const json_t *state)
{
    struct widget *widget = xcalloc(1, sizeof(*widget));

    widget->id = xstrdup(id);
    widget->state = json_object();
    widget->buffers = json_object();
    if (is_output(state)) {
        widget->shown = json_pack("{s:{}}", "metadata");
        widget->outputs = outputs_create(widget->shown, widgets->displays);
    }
    *widgets->end = widget;
    widgets->end = &widget->next;
    return widget;
}

/* Binary traits, by the paths of the state that they belong at. */
static void set_buffers(struct widget *widget, const struct message *msg,
                        const json_t *paths)
{
    const int variant = sodium_base64_VARIANT_ORIGINAL;
    json_t *path;
    size_t idx;

    json_array_foreach(paths, idx, path)
    {
        struct message_part buffer;
        size_t size;
        char *text, *key;

        if (idx >= message_buffer_count(msg))
            break;
        buffer = message_buffer(msg, idx);
        size = sodium_base64_encoded_len(buffer.size, variant);
        text = xcalloc(1, size);
        sodium_bin2base64(text, size, buffer.data, buffer.size, variant);
        key = json_dumps(path, JSON_COMPACT);
        json_object_set_new(widget->buffers, key,
                            json_pack("{s:s, s:s, s:O}", "data", text, "encoding",
                                      "base64", "path", path));
        free(key);
        free(text);
    }
}

/* "with output:" names the request whose outputs it takes, and ends with "". */
static void set_parent(struct widgets *widgets, struct widget *widget,
                       const char *parent)
{
    free(widget->parent);
    widget->parent = parent && *parent ? xstrdup(parent) : NULL;
    widget->turn = ++widgets->turns;
}

void widgets_apply(struct widgets *widgets, const struct message *msg)
{
    json_t *content = message_content((struct message *)msg);
    const json_t *data = json_object_get(content, "data");
    const json_t *state = json_object_get(data, "state");
    const char *id = json_string_value(json_object_get(content, "comm_id"));
    bool is_open = !strcmp(message_type(msg), "comm_open");
    const json_t *parent = json_object_get(state, "msg_id");
    struct widget *widget;

    if ((!is_open && strcmp(message_type(msg), "comm_msg")) || !id
        || !json_is_object(state))
        return;
    widget = find(widgets, id);
    if (!widget && is_open)
        widget = add(widgets, id, state);
    if (!widget)
        return;
    json_object_update(widget->state, (json_t *)state);
    set_buffers(widget, msg, json_object_get(data, "buffer_paths"));
    if (widget->outputs && json_is_string(parent))
        set_parent(widgets, widget, json_string_value(parent));
}

struct outputs *widgets_output(struct widgets *widgets, const struct message *msg)
{
    static const char *const types[] = { "stream", "display_data", "execute_result",
                                         "error",  "clear_output", NULL };
    struct widget *found = NULL;
    size_t i = 0;

    while (types[i] && strcmp(types[i], message_type(msg)))
        i++;
    if (!types[i])
        return NULL;
    for (struct widget *widget = widgets->first; widget; widget = widget->next)
        if (widget->parent && !strcmp(widget->parent, message_parent_id(msg))
            && (!found || widget->turn > found->turn))
            found = widget;
    if (!found)
        return NULL;
    found->is_changed = true;
    return found->outputs;
}

/* A file has lines where a state has texts. */
static json_t *join_lines(const json_t *value)
{
    char *text;
    json_t *joined;

    if (!json_is_array(value))
        return json_incref((json_t *)value);
    text = notebook_text(value);
    joined = message_text(text, strlen(text));
    free(text);
    return joined;
}

static json_t *outputs_of(const struct widget *widget)
{
    json_t *list, *output, *value, *text;
    const char *mime;
    size_t idx;

    outputs_flush(widget->outputs);
    list = json_deep_copy(json_object_get(widget->shown, "outputs"));
    json_array_foreach(list, idx, output)
    {
        if ((text = json_object_get(output, "text")))
            json_object_set_new(output, "text", join_lines(text));
        json_object_foreach(json_object_get(output, "data"), mime, value)
        {
            if (!strncmp(mime, "text/", 5) || !strncmp(mime, "image/", 6))
                json_object_set_new(json_object_get(output, "data"), mime,
                                    join_lines(value));
        }
    }
    return list;
}

json_t *widgets_news(struct widgets *widgets)
{
    json_t *news = json_array();

    for (struct widget *widget = widgets->first; widget; widget = widget->next) {
        json_t *outputs;

        if (!widget->is_changed)
            continue;
        widget->is_changed = false;
        outputs = outputs_of(widget);
        json_object_set(widget->state, "outputs", outputs);
        json_array_append_new(news,
                              json_pack("{s:s, s:{s:s, s:{s:o}, s:[]}}", "comm_id",
                                        widget->id, "data", "method", "update", "state",
                                        "outputs", outputs, "buffer_paths"));
    }
    return news;
}

static json_t *model_of(const struct widget *widget)
{
    json_t *model = json_pack(
        "{s:O, s:O*, s:O*, s:O}", "model_name",
        json_object_get(widget->state, "_model_name"), "model_module",
        json_object_get(widget->state, "_model_module"), "model_module_version",
        json_object_get(widget->state, "_model_module_version"), "state",
        widget->state);
    json_t *buffers = json_array(), *buffer;
    const char *path;

    json_object_foreach(widget->buffers, path, buffer)
    {
        json_array_append(buffers, buffer);
    }
    if (json_array_size(buffers) > 0)
        json_object_set(model, "buffers", buffers);
    json_decref(buffers);
    return model;
}

json_t *widgets_state(struct widgets *widgets)
{
    json_t *models = json_object();

    for (struct widget *widget = widgets->first; widget; widget = widget->next) {
        if (widget->outputs)
            json_object_set_new(widget->state, "outputs", outputs_of(widget));
        if (json_object_get(widget->state, "_model_name"))
            json_object_set_new(models, widget->id, model_of(widget));
    }
    if (json_object_size(models) == 0) {
        json_decref(models);
        return NULL;
    }
    return json_pack("{s:{s:o, s:i, s:i}}", MIME, "state", models, "version_major", 2,
                     "version_minor", 0);
}
