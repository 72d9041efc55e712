/* inputs.c - what ranks ask the user */
#include "kernel/front/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/front/origin.h"

#define TOGETHER_MS 50

struct input {
    struct input *next;
    int rank;
    uint64_t cell;
    json_t *content;
    bool is_asked; /* the client has it; only ever the first one */
};

struct inputs {
    struct front *front;
    struct input *first;
    struct loop_watch *timer; /* more ranks may ask in a moment */
};

struct inputs *inputs_create(struct front *front)
{
    struct inputs *inputs = xcalloc(1, sizeof(*inputs));

    inputs->front = front;
    return inputs;
}

static void input_remove(struct input **link)
{
    struct input *input = *link;

    *link = input->next;
    json_decref(input->content);
    free(input);
}

void inputs_destroy(struct inputs *inputs)
{
    if (!inputs)
        return;
    while (inputs->first)
        input_remove(&inputs->first);
    loop_remove(inputs->front->loop, inputs->timer);
    free(inputs);
}

/* False when nobody is there to be asked. */
static bool ask(struct inputs *inputs, struct input *input)
{
    static const char why[] =
        "nobody answers input(): the client that ran this cell has gone";
    static const struct wire_frame none[] = { { "", 0 }, { why, sizeof(why) - 1 } };
    struct front *front = inputs->front;
    struct origin *origin = origins_find(front->origins, input->cell);

    if (origin && channels_is_there(front->channels, origin_request(origin))) {
        if (!input->is_asked)
            channels_reply_new(front->channels, CHANNEL_STDIN, origin_request(origin),
                               "input_request", json_incref(input->content));
        input->is_asked = true;
        return true;
    }
    cluster_send(front->cluster, input->rank, WIRE_INPUT_REPLY, input->cell, none, 2);
    return false;
}

static void ask_next(struct inputs *inputs)
{
    while (!inputs->timer && inputs->first && !ask(inputs, inputs->first))
        input_remove(&inputs->first);
}

static void on_together(struct loop *loop, void *arg)
{
    struct inputs *inputs = arg;

    inputs->timer = NULL;
    ask_next(inputs);
}

void inputs_ask(struct inputs *inputs, int rank, uint64_t cell, const json_t *content,
                bool is_labelled)
{
    const char *prompt = json_string_value(json_object_get(content, "prompt"));
    struct input *input = xcalloc(1, sizeof(*input)), **link = &inputs->first;
    char *text;

    text = is_labelled ? xasprintf("[%d] %s", rank, prompt ? prompt : "")
                       : xstrdup(prompt ? prompt : "");
    input->rank = rank;
    input->cell = cell;
    input->content = json_pack("{s:s, s:b}", "prompt", text, "password",
                               json_is_true(json_object_get(content, "password")));
    free(text);
    while (*link && ((*link)->is_asked || (*link)->rank < rank))
        link = &(*link)->next;
    input->next = *link;
    *link = input;
    /* Ranks ask together, and are answered in rank order. */
    if (is_labelled && !inputs->timer && inputs->first == input)
        inputs->timer =
            loop_add_timer(inputs->front->loop, TOGETHER_MS, 0, on_together, inputs);
    ask_next(inputs);
}

void inputs_reply(struct inputs *inputs, struct message *msg)
{
    const json_t *value = json_object_get(message_content(msg), "value");
    struct input *input = inputs->first;
    struct wire_frame frame;

    if (!input || !input->is_asked || !json_is_string(value)) {
        log_info("an input_reply that nobody waits for, ignored");
        return;
    }
    frame = (struct wire_frame){ json_string_value(value), json_string_length(value) };
    cluster_send(inputs->front->cluster, input->rank, WIRE_INPUT_REPLY, input->cell,
                 &frame, 1);
    input_remove(&inputs->first);
    ask_next(inputs);
}

void inputs_check(struct inputs *inputs)
{
    ask_next(inputs);
}

void inputs_forget(struct inputs *inputs, uint64_t cell)
{
    struct input **link = &inputs->first;

    while (*link)
        if ((*link)->cell == cell)
            input_remove(link);
        else
            link = &(*link)->next;
    ask_next(inputs);
}

void inputs_forget_rank(struct inputs *inputs, int rank)
{
    struct input **link = &inputs->first;

    while (*link)
        if ((*link)->rank == rank)
            input_remove(link);
        else
            link = &(*link)->next;
    ask_next(inputs);
}
