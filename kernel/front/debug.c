/* debug.c - the debugger, on one rank */
#include "kernel/front/debug.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/front/asks.h"
#include "kernel/front/execute.h"
#include "kernel/front/watch.h"

struct debug {
    struct front *front;
    int rank;
    bool is_attached; /* between initialize and disconnect */
    bool is_held;     /* at a breakpoint */
};

struct debug *debug_create(struct front *front)
{
    struct debug *debug = xcalloc(1, sizeof(*debug));

    debug->front = front;
    return debug;
}

void debug_destroy(struct debug *debug)
{
    free(debug);
}

/* ---- is there one ---- */

/* In the environment of RANKBOOK_PYTHON: what its python would find there. */
static bool is_installed(void)
{
    const char *python = getenv("RANKBOOK_PYTHON");
    const char *bin = python ? strstr(python, "/bin/") : NULL;
    glob_t found = { 0 };
    char *pattern;
    bool is;

    if (!bin)
        return false;
    while (strstr(bin + 1, "/bin/"))
        bin = strstr(bin + 1, "/bin/");
    pattern = xasprintf("%.*s/lib/python3*/site-packages/debugpy/__init__.py",
                        (int)(bin - python), python);
    is = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
    globfree(&found);
    free(pattern);
    return is;
}

bool debug_is_there(const struct debug *debug)
{
    struct cluster *cluster = debug->front->cluster;
    int lead = cluster_lead(cluster);
    const json_t *said =
        lead < 0 ? NULL
                 : json_object_get(cluster_rank(cluster, lead).ready, "debugger");

    return said ? json_is_true(said) : is_installed();
}

/* ---- requests ---- */

static const char *command_of(struct message *msg)
{
    const json_t *command = json_object_get(message_content(msg), "command");

    return json_is_string(command) ? json_string_value(command) : "";
}

json_t *debug_refusal(struct message *msg)
{
    const char *command = command_of(msg);
    bool is_info = !strcmp(command, "debugInfo");
    const json_t *seq = json_object_get(message_content(msg), "seq");
    json_t *reply =
        json_pack("{s:s, s:I, s:o, s:b}", "type", "response", "request_seq",
                  json_integer_value(seq), "command",
                  message_text(command, strlen(command)), "success", is_info);

    /* Clients ask for this one before they know whether there is a debugger. */
    if (is_info)
        json_object_set_new(
            reply, "body",
            json_pack("{s:b, s:s, s:i, s:s, s:s, s:[], s:[], s:b, s:[], s:b}",
                      "isStarted", 0, "hashMethod", "Murmur2", "hashSeed", 0,
                      "tmpFilePrefix", "", "tmpFileSuffix", ".py", "breakpoints",
                      "stoppedThreads", "richRendering", 0, "exceptionPaths",
                      "copyToGlobals", 0));
    else
        json_object_set_new(
            reply, "message",
            json_string("the rank that is debugged is not there, or does not answer; "
                        "%debugger N chooses another one"));
    return reply;
}

void debug_request(struct debug *debug, enum channel from, struct message *msg)
{
    const char *command = command_of(msg);

    if (!strcmp(command, "initialize"))
        debug->is_attached = debug_is_there(debug);
    else if (!strcmp(command, "disconnect"))
        debug->is_attached = false;
    asks_push(debug->front->asks, from, msg, debug->rank);
}

int debug_choose(struct debug *debug, int rank, struct error *err)
{
    if (rank < 0)
        return 0;
    if (debug->is_attached && rank != debug->rank)
        return error_set(err,
                         "rank %d is being debugged: switch the debugger off (the bug "
                         "above the notebook), then choose another rank",
                         debug->rank);
    debug->rank = rank;
    return 0;
}

/* ---- events ---- */

static const struct {
    const char *event;
    bool is_held;
} moves[] = {
    { "stopped", true },
    { "continued", false },
    { "terminated", false },
};

static void note(struct debug *debug, const char *event)
{
    struct watch *watch = execute_watch(debug->front->execute);

    for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
        if (strcmp(event, moves[i].event) || debug->is_held == moves[i].is_held)
            continue;
        debug->is_held = moves[i].is_held;
        if (watch)
            watch_held(watch, debug->rank, debug->is_held);
    }
}

/* Published without a parent: it is no part of any request. */
void debug_event(struct debug *debug, int rank, struct message_part event)
{
    json_t *content = json_loadb(event.data, event.size, JSON_ALLOW_NUL, NULL);
    const char *name = json_string_value(json_object_get(content, "event"));
    struct message_out out = {
        .type = "debug_event",
        .content = event,
    };

    if (rank == debug->rank && name) {
        note(debug, name);
        channels_publish(debug->front->channels, &out);
    } else {
        log_info("a debugger's event of rank %d, which is not debugged, dropped", rank);
    }
    json_decref(content);
}

void debug_lost(struct debug *debug, int rank)
{
    struct channels *channels = debug->front->channels;

    if (rank != debug->rank || !debug->is_attached)
        return;
    debug->is_attached = false;
    if (debug->is_held)
        channels_publish_new(channels, "debug_event", NULL,
                             json_pack("{s:s, s:i, s:s, s:{s:i, s:b}}", "type", "event",
                                       "seq", 0, "event", "continued", "body",
                                       "threadId", 1, "allThreadsContinued", 1));
    note(debug, "terminated");
    channels_publish_new(
        channels, "debug_event", NULL,
        json_pack("{s:s, s:i, s:s}", "type", "event", "seq", 0, "event", "terminated"));
}

void debug_reset(struct debug *debug)
{
    debug->rank = 0;
}
