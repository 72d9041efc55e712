/* talk.c - what the ranks of a cell say on comms that they hold together */
#include "kernel/front/gather/talk.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

struct talk {
    struct comms *comms;
    json_t *speakers; /* comm id: the lowest rank that set it unlike others */
    json_t *views;    /* model id: how often each rank shows it, and "shown" at all */
};

struct talk *talk_create(struct comms *comms)
{
    struct talk *talk = xcalloc(1, sizeof(*talk));

    talk->comms = comms;
    talk->speakers = json_object();
    talk->views = json_object();
    return talk;
}

void talk_destroy(struct talk *talk)
{
    if (!talk)
        return;
    json_decref(talk->speakers);
    json_decref(talk->views);
    free(talk);
}

static const char *text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* ipywidgets: the message gives traits of a widget their values.  That an Output
 * widget takes what a rank shows next is no such value: each rank says it for itself.
 */
static bool is_state(const json_t *content)
{
    const json_t *data = json_object_get(content, "data");
    const char *method = text_in(data, "method");

    if (json_object_get(json_object_get(data, "state"), "msg_id"))
        return false;
    return !strcmp(method, "update") || !strcmp(method, "echo_update");
}

static bool passes_state(struct talk *talk, const char *id, const struct idset *ranks,
                         bool is_whole)
{
    const json_t *speaker = json_object_get(talk->speakers, id);

    if (is_whole) {
        json_object_del(talk->speakers, id);
        return true;
    }
    if (speaker && json_integer_value(speaker) < idset_first(ranks))
        return false;
    json_object_set_new(talk->speakers, id, json_integer(idset_first(ranks)));
    return true;
}

bool talk_passes(struct talk *talk, const char *type, struct message_part content,
                 const struct idset *ranks, bool is_whole)
{
    json_t *parsed;
    bool passes = true;
    const char *id;

    /* Most are said by all, and may be large: they are not looked at. */
    if (!strcmp(type, "comm_msg") && is_whole && json_object_size(talk->speakers) == 0)
        return true;
    parsed = message_object(content);
    id = text_in(parsed, "comm_id");
    if (!strcmp(type, "comm_open"))
        passes = comms_open(talk->comms, id);
    else if (!strcmp(type, "comm_close"))
        passes = comms_close(talk->comms, id);
    else if (is_state(parsed))
        passes = passes_state(talk, id, ranks, is_whole);
    json_decref(parsed);
    return passes;
}

static const char view_mime[] = "application/vnd.jupyter.widget-view+json";

static json_int_t count_view(json_t *counts, const char *key)
{
    json_int_t count = json_integer_value(json_object_get(counts, key)) + 1;

    json_object_set_new(counts, key, json_integer(count));
    return count;
}

/* Each rank counts its own; who is ahead of what is shown shows one more. */
static bool is_new_view(struct talk *talk, const char *id, const struct idset *ranks)
{
    json_t *counts = json_object_get(talk->views, id);
    json_int_t shown, most = 0;

    if (!counts) {
        counts = json_object();
        json_object_set_new(talk->views, id, counts);
    }
    shown = json_integer_value(json_object_get(counts, "shown"));
    for (int rank = idset_first(ranks); rank >= 0; rank = idset_next(ranks, rank)) {
        char key[16];
        json_int_t count;

        snprintf(key, sizeof(key), "%d", rank);
        count = count_view(counts, key);
        most = count > most ? count : most;
    }
    if (most <= shown)
        return false;
    count_view(counts, "shown");
    return true;
}

bool talk_shows(struct talk *talk, struct message_part content,
                const struct idset *ranks)
{
    json_t *parsed, *view;
    bool shows = true;
    const char *id;

    if (!memmem(content.data, content.size, view_mime, sizeof(view_mime) - 1))
        return true;
    parsed = message_object(content);
    view = json_object_get(json_object_get(parsed, "data"), view_mime);
    if (*(id = text_in(view, "model_id")))
        shows = is_new_view(talk, id, ranks);
    json_decref(parsed);
    return shows;
}
