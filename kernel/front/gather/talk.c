/* talk.c - what the ranks of a cell say on comms that they hold together */
#include "kernel/front/gather/talk.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

struct talk {
    struct comms *comms;
    json_t *speakers; /* comm id: the lowest rank that set it unlike others */
};

struct talk *talk_create(struct comms *comms)
{
    struct talk *talk = xcalloc(1, sizeof(*talk));

    talk->comms = comms;
    talk->speakers = json_object();
    return talk;
}

void talk_destroy(struct talk *talk)
{
    if (!talk)
        return;
    json_decref(talk->speakers);
    free(talk);
}

static const char *text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

/* ipywidgets: the message gives traits of a widget their values. */
static bool is_state(const json_t *content)
{
    const char *method = text_in(json_object_get(content, "data"), "method");

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
