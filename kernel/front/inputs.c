/* inputs.c - what ranks ask the user */
#include "kernel/front/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/front/execute.h"
#include "kernel/front/origin.h"

#define TOGETHER_MS 2000

struct input {
    struct input *next;
    uint64_t cell;
    struct idset *ranks; /* that wait for the answer */
    char *prompt;
    bool is_password;
    bool is_due;              /* who could have asked the same has had the time to */
    bool is_asked;            /* the client has it; only ever the first one */
    char id[MESSAGE_ID_SIZE]; /* of its input_request */
};

struct inputs {
    struct front *front;
    struct input *first;
    struct idset *absent;     /* ranks of the cell that will not ask for now */
    struct loop_watch *timer; /* those that have not asked are absent then */
};

struct inputs *inputs_create(struct front *front)
{
    struct inputs *inputs = xcalloc(1, sizeof(*inputs));

    inputs->front = front;
    inputs->absent = idset_create();
    return inputs;
}

static void input_remove(struct input **link)
{
    struct input *input = *link;

    *link = input->next;
    idset_destroy(input->ranks);
    free(input->prompt);
    free(input);
}

void inputs_destroy(struct inputs *inputs)
{
    if (!inputs)
        return;
    while (inputs->first)
        input_remove(&inputs->first);
    loop_remove(inputs->front->loop, inputs->timer);
    idset_destroy(inputs->absent);
    free(inputs);
}

/* ---- who asks together ---- */

static bool has_asked(const struct inputs *inputs, int rank)
{
    for (const struct input *input = inputs->first; input; input = input->next) {
        if (idset_has(input->ranks, rank))
            return true;
    }
    return false;
}

/* The next rank after 'rank' that could still ask; -1: none. */
static int next_missing(const struct inputs *inputs, uint64_t cell, int rank)
{
    const struct idset *running = execute_running(inputs->front->execute, cell);

    if (!running)
        return -1;
    do {
        rank = rank < 0 ? idset_first(running) : idset_next(running, rank);
    } while (rank >= 0 && (idset_has(inputs->absent, rank) || has_asked(inputs, rank)));
    return rank;
}

/* False when nobody is there to be asked; its ranks know then. */
static bool is_answerable(struct inputs *inputs, const struct input *input)
{
    static const char why[] =
        "nobody answers input(): the client that ran this cell has gone";
    static const struct wire_frame none[] = { { "", 0 }, { why, sizeof(why) - 1 } };
    struct front *front = inputs->front;
    struct origin *origin = origins_find(front->origins, input->cell);

    if (origin && channels_is_there(front->channels, origin_request(origin)))
        return true;
    cluster_send_all(front->cluster, input->ranks, WIRE_INPUT_REPLY, input->cell, none,
                     2);
    return false;
}

static void publish(struct inputs *inputs, struct input *input)
{
    struct origin *origin = origins_find(inputs->front->origins, input->cell);
    struct front *front = inputs->front;
    char *ranks = idset_encode(input->ranks), *prompt, *content;
    struct message_out out = {
        .type = "input_request",
        .id = input->id,
        .parent = origin_request(origin),
        .to_parent = true,
    };
    json_t *json;

    prompt = idset_is_equal(input->ranks, cluster_living(front->cluster))
                 ? xstrdup(input->prompt)
                 : xasprintf("[%s] %s", ranks, input->prompt);
    input->is_asked = true;
    message_id_make(input->id);
    json = json_pack("{s:s, s:b}", "prompt", prompt, "password", input->is_password);
    content = json_dumps(json, JSON_COMPACT);
    out.content = (struct message_part){ content, strlen(content) };
    channels_reply(front->channels, CHANNEL_STDIN, &out);
    json_decref(json);
    free(content);
    free(prompt);
    free(ranks);
}

static void ask_next(struct inputs *inputs);

static void on_together(struct loop *loop, void *arg)
{
    struct inputs *inputs = arg;
    int rank = -1;

    inputs->timer = NULL;
    while (inputs->first
           && (rank = next_missing(inputs, inputs->first->cell, rank)) >= 0)
        idset_add(inputs->absent, rank);
    ask_next(inputs);
}

static void ask_next(struct inputs *inputs)
{
    struct loop *loop = inputs->front->loop;
    struct input *input;

    while ((input = inputs->first)) {
        if (!is_answerable(inputs, input)) {
            input_remove(&inputs->first);
            continue;
        }
        if (input->is_asked)
            break;
        if (!input->is_due && next_missing(inputs, input->cell, -1) >= 0) {
            if (!inputs->timer)
                inputs->timer =
                    loop_add_timer(loop, TOGETHER_MS, 0, on_together, inputs);
            return;
        }
        for (struct input *due = input; due; due = due->next)
            due->is_due = true;
        publish(inputs, input);
    }
    loop_remove(loop, inputs->timer);
    inputs->timer = NULL;
}

/* ---- what others call ---- */

static struct input *find_twin(const struct inputs *inputs, uint64_t cell,
                               const char *prompt, bool is_password)
{
    struct input *input = inputs->first;

    while (input
           && (input->is_asked || input->cell != cell
               || input->is_password != is_password || strcmp(input->prompt, prompt)))
        input = input->next;
    return input;
}

static struct input *append(struct inputs *inputs, uint64_t cell, const char *prompt,
                            bool is_password)
{
    struct input *input = xcalloc(1, sizeof(*input)), **link = &inputs->first;

    input->cell = cell;
    input->ranks = idset_create();
    input->prompt = xstrdup(prompt);
    input->is_password = is_password;
    while (*link)
        link = &(*link)->next;
    *link = input;
    return input;
}

/* A question that nobody waits for any more is gone, also when the client has it. */
static void withdraw(struct inputs *inputs, int rank)
{
    struct input **link = &inputs->first;

    while (*link) {
        idset_remove((*link)->ranks, rank);
        if (idset_count((*link)->ranks) == 0)
            input_remove(link);
        else
            link = &(*link)->next;
    }
}

void inputs_ask(struct inputs *inputs, int rank, uint64_t cell, const json_t *content)
{
    const char *text = json_string_value(json_object_get(content, "prompt"));
    bool is_password = json_is_true(json_object_get(content, "password"));
    const char *prompt = text ? text : "";
    struct input *input;

    withdraw(inputs, rank); /* it was interrupted, and asks anew */
    idset_remove(inputs->absent, rank);
    if (!(input = find_twin(inputs, cell, prompt, is_password)))
        input = append(inputs, cell, prompt, is_password);
    idset_add(input->ranks, rank);
    ask_next(inputs);
}

void inputs_absent(struct inputs *inputs, int rank, bool is_absent)
{
    if (is_absent)
        idset_add(inputs->absent, rank);
    else
        idset_remove(inputs->absent, rank);
    ask_next(inputs);
}

/* It comes from the client that was asked, and is not for an earlier question: its
 * parent says so, where the client gives one. */
static bool is_answer(const struct inputs *inputs, const struct message *msg)
{
    const struct input *input = inputs->first;
    const char *parent = message_parent_id(msg);
    struct origin *origin;

    if (!input || !input->is_asked || (*parent && strcmp(parent, input->id) != 0))
        return false;
    origin = origins_find(inputs->front->origins, input->cell);
    return origin
           && !strcmp(message_session(origin_request(origin)), message_session(msg));
}

void inputs_reply(struct inputs *inputs, struct message *msg)
{
    const json_t *value = json_object_get(message_content(msg), "value");
    struct input *input = inputs->first;
    struct wire_frame frame;

    if (!is_answer(inputs, msg) || !json_is_string(value)) {
        log_info("an input_reply that nobody waits for, ignored");
        return;
    }
    frame = (struct wire_frame){ json_string_value(value), json_string_length(value) };
    cluster_send_all(inputs->front->cluster, input->ranks, WIRE_INPUT_REPLY,
                     input->cell, &frame, 1);
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
    idset_destroy(inputs->absent);
    inputs->absent = idset_create();
    ask_next(inputs);
}

void inputs_forget_rank(struct inputs *inputs, int rank)
{
    withdraw(inputs, rank);
    ask_next(inputs);
}
