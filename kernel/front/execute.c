/* execute.c - execute requests: one cell at a time, on its ranks */
#include "kernel/front/execute.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/front/comms.h"
#include "kernel/front/debug.h"
#include "kernel/front/gather/failure.h"
#include "kernel/front/heal.h"
#include "kernel/front/helpers.h"
#include "kernel/front/inputs.h"
#include "kernel/front/launch.h"
#include "kernel/front/origin.h"
#include "kernel/front/queue.h"
#include "kernel/front/remedy.h"
#include "kernel/front/reply.h"
#include "kernel/front/request.h"
#include "kernel/front/rescue.h"
#include "kernel/front/restart.h"
#include "kernel/front/run.h"
#include "kernel/front/stop.h"
#include "kernel/front/table.h"
#include "kernel/front/watch.h"
#include "magics/directive.h"

struct cell {
    struct message *msg;
    enum channel from; /* what it came by */
    char started[MESSAGE_DATE_SIZE];
    bool is_comm; /* a message on a comm: it has no number and no reply */
    struct request request;
    json_int_t count;
    struct origin *origin;
    struct idset *targets;
    struct idset *running; /* targets that are not done */
    int lead;              /* the target that speaks for all */
    json_t *lead_content;
    struct failures *failures;
    json_t *error;         /* of them all, once the cell has failed */
    struct rescue *rescue; /* NULL: no rank has the cell */
    struct stop *stop;     /* the same */
    bool is_unwell;        /* MPI has to be set right afterwards */
};

struct execute {
    struct front *front;
    struct queue *queue;
    struct cell *cell;          /* NULL: none runs */
    json_int_t count;           /* of the last cell that counted */
    struct loop_watch *closing; /* timer: a failed cell is about to be answered */
    struct helpers *helpers;
    struct heal *heal;
    struct restart *restart;
};

static void on_restarted(const char *ename, const char *text, void *arg);

static void on_healed(void *arg)
{
    execute_next(arg);
}

struct execute *execute_create(struct front *front)
{
    struct execute *execute = xcalloc(1, sizeof(*execute));

    execute->front = front;
    execute->queue = queue_create();
    execute->helpers = helpers_create(front);
    execute->heal = heal_create(front, on_healed, execute);
    execute->restart = restart_create(front, on_restarted, execute);
    return execute;
}

static void cell_destroy(struct cell *cell)
{
    if (!cell)
        return;
    stop_destroy(cell->stop);
    rescue_destroy(cell->rescue);
    failures_destroy(cell->failures);
    json_decref(cell->error);
    json_decref(cell->lead_content);
    idset_destroy(cell->targets);
    idset_destroy(cell->running);
    message_unref(cell->msg);
    free(cell);
}

void execute_destroy(struct execute *execute)
{
    if (!execute)
        return;
    loop_remove(execute->front->loop, execute->closing);
    helpers_destroy(execute->helpers);
    heal_destroy(execute->heal);
    restart_destroy(execute->restart);
    cell_destroy(execute->cell);
    queue_destroy(execute->queue);
    free(execute);
}

/* ---- the answer ---- */

static void reply(struct execute *execute, struct cell *cell, json_t *content)
{
    reply_send(execute->front->channels,
               &(struct reply){ cell->from, cell->msg, cell->count, cell->started },
               content);
}

static json_t *part_or(const json_t *content, const char *key, json_t *missing)
{
    json_t *part = json_object_get(content, key);

    if (!part)
        return missing;
    json_decref(missing);
    return json_incref(part);
}

static void reply_ok(struct execute *execute, struct cell *cell)
{
    const json_t *lead = cell->lead_content;

    reply(execute, cell,
          json_pack("{s:s, s:o, s:o}", "status", "ok", "payload",
                    part_or(lead, "payload", json_array()), "user_expressions",
                    part_or(lead, "user_expressions", json_object())));
}

static json_t *error_new(const struct cluster *cluster, const struct cell *cell)
{
    json_t *error = failures_fold(cell->failures, cell->targets);

    remedy_add(cluster, json_object_get(error, "traceback"));
    return error;
}

static void reply_error(struct execute *execute, struct cell *cell)
{
    json_t *error = json_copy(cell->error);

    json_object_set_new(error, "status", json_string("error"));
    json_object_set_new(error, "payload",
                        part_or(cell->lead_content, "payload", json_array()));
    json_object_set_new(error, "user_expressions", json_object());
    reply(execute, cell, error);
    if (cell->request.stops_on_error && !cell->request.is_silent)
        queue_abort(execute->queue, execute->front->channels, execute->count);
}

static void close_cell(struct execute *execute)
{
    struct cell *cell = execute->cell;
    uint64_t id = cell->origin ? origin_id(cell->origin) : 0;
    bool is_unwell = cell->is_unwell;

    if (cell->is_comm)
        channels_status(execute->front->channels, cell->msg, "idle");
    else if (failures_is_empty(cell->failures))
        reply_ok(execute, cell);
    else
        reply_error(execute, cell);
    execute->cell = NULL;
    cell_destroy(cell);
    if (is_unwell)
        heal_begin(execute->heal, id);
}

static void on_closing(struct loop *loop, void *arg)
{
    struct execute *execute = arg;

    execute->closing = NULL;
    close_cell(execute);
    execute_next(execute);
}

/* All output is in.  A failed cell is answered one turn of the loop later: what
 * clients have sent until now is read before, and aborted with the queue. */
static void finish(struct execute *execute)
{
    struct front *front = execute->front;
    struct cell *cell = execute->cell;

    helpers_stop(execute->helpers);
    if (cell->origin) {
        inputs_forget(front->inputs, origin_id(cell->origin));
        origin_finish(cell->origin);
    }
    /* What is raised on a message, the ranks have shown themselves. */
    if (cell->is_comm || failures_is_empty(cell->failures)) {
        close_cell(execute);
        return;
    }
    cell->error = error_new(front->cluster, cell);
    if (!cell->request.is_silent)
        channels_publish_new(front->channels, "error", cell->msg,
                             json_copy(cell->error));
    execute->closing = loop_add_timer(front->loop, 0, 0, on_closing, execute);
}

/* The cell ends before any rank has seen it. */
static void fail(struct execute *execute, const char *ename, const char *evalue)
{
    struct cell *cell = execute->cell;
    json_t *error = failure_new(ename, evalue);

    idset_destroy(cell->targets);
    cell->targets = idset_create_range(0, 1);
    failures_add(cell->failures, 0, error);
    json_decref(error);
    finish(execute);
}

/* ---- the beginning ---- */

/* A target that is lost ends the cell before it begins. */
static bool refuse_lost(struct execute *execute, const struct idset *targets)
{
    struct cluster *cluster = execute->front->cluster;

    for (int rank = idset_first(targets); rank >= 0; rank = idset_next(targets, rank)) {
        struct rank_info info = cluster_rank(cluster, rank);

        if (info.state != RANK_LOST)
            continue;
        /* Said once: healing makes a world of the others. */
        execute->cell->is_unwell = true;
        fail(execute, "RankDied", info.death);
        return true;
    }
    return false;
}

static void run(struct execute *execute, const struct idset *targets,
                enum gather_mode mode)
{
    struct front *front = execute->front;
    struct cell *cell = execute->cell;

    if (refuse_lost(execute, targets))
        return;
    cell->targets = idset_copy(targets);
    cell->running = idset_copy(targets);
    cell->lead = idset_first(targets);
    cell->origin =
        origins_add(front->origins, cell->msg, targets, mode, cell->request.is_silent);
    cell->rescue = rescue_create(front, cell->origin, cell->running);
    cell->stop = stop_create(front, cell->origin, cell->running);
    run_send(front->cluster,
             &(struct run){ .cell = origin_id(cell->origin),
                            .msg = cell->msg,
                            .request = cell->is_comm ? NULL : &cell->request,
                            .targets = targets,
                            .lead = cell->lead,
                            .count = cell->count });
    if (idset_count(targets) < idset_count(cluster_living(front->cluster)))
        helpers_later(execute->helpers, cell->running);
}

/* The front speaks for the ranks, and the cell ends. */
static void show(struct execute *execute, const char *text)
{
    struct cell *cell = execute->cell;
    struct idset *one = idset_create_range(0, 1);

    cell->origin = origins_add(execute->front->origins, cell->msg, one, GATHER_RAW,
                               cell->request.is_silent);
    origin_note(cell->origin, "stdout", text);
    idset_destroy(one);
    finish(execute);
}

static void show_table(struct execute *execute)
{
    struct front *front = execute->front;
    char *table = table_format(front->cluster, front->usual);

    show(execute, table);
    free(table);
}

static void on_restarted(const char *ename, const char *text, void *arg)
{
    struct execute *execute = arg;

    if (ename)
        fail(execute, ename, text);
    else
        show(execute, text);
    execute_next(execute);
}

/* What the directive of the cell says. */
static void obey(struct execute *execute)
{
    static const enum gather_mode modes[] = {
        [OUTPUT_FOLD] = GATHER_FOLD,
        [OUTPUT_RANK] = GATHER_RANK,
        [OUTPUT_RAW] = GATHER_RAW,
    };
    struct front *front = execute->front;
    struct directive directive = { 0 };
    struct idset *all;
    struct error err;
    int size = cluster_size(front->cluster);

    if (directive_decode(execute->cell->request.code, size, &directive, &err) < 0
        || debug_choose(front->debug, directive.debugger, &err) < 0) {
        directive_clear(&directive);
        fail(execute, "UsageError", err.text);
        return;
    }
    if (directive.output != OUTPUT_UNCHANGED)
        front->mode = modes[directive.output];
    if (directive.kind == DIRECTIVE_RESTART) {
        restart_begin(execute->restart, directive.size);
    } else if (front->start_failure) {
        fail(execute, "StartError", front->start_failure);
    } else if (directive.kind == DIRECTIVE_RANKS) {
        show_table(execute);
    } else if (directive.kind == DIRECTIVE_OUTPUT) {
        finish(execute);
    } else {
        all = idset_create_range(0, size);
        run(execute, directive.ranks ? directive.ranks : all,
            directive.once != OUTPUT_UNCHANGED ? modes[directive.once] : front->mode);
        idset_destroy(all);
    }
    directive_clear(&directive);
}

static void publish_input(struct execute *execute, const struct cell *cell)
{
    json_t *code = message_text(cell->request.code, cell->request.code_size);

    channels_publish_new(
        execute->front->channels, "execute_input", cell->msg,
        json_pack("{s:o, s:I}", "code", code, "execution_count", cell->count));
}

/* The oldest that waits is the cell that runs now, and busy. */
static struct cell *cell_open(struct execute *execute)
{
    struct cell *cell = xcalloc(1, sizeof(*cell));

    execute->cell = cell;
    cell->msg = queue_pop(execute->queue, &cell->from);
    message_now(cell->started);
    cell->is_comm = comms_has_type(cell->msg);
    cell->count = execute->count;
    cell->failures = failures_create();
    channels_status(execute->front->channels, cell->msg, "busy");
    return cell;
}

/* A callback may use MPI: all who hold the comm run it at once, as they do a cell,
 * and no other cell runs meanwhile. */
static void begin_comm(struct execute *execute)
{
    struct front *front = execute->front;
    struct cell *cell = execute->cell;
    struct idset *targets =
        comms_address(front->comms, cell->msg, cluster_living(front->cluster));

    if (front->start_failure || idset_count(targets) == 0) {
        log_info("%s for a comm that no rank holds, ignored", message_type(cell->msg));
        finish(execute);
    } else {
        run(execute, targets, execute->front->mode);
    }
    idset_destroy(targets);
}

/* The cell has its number, and the clients its code.  False: it has no code, and so
 * ends; there is nothing of it to show. */
static bool show_code(struct execute *execute)
{
    struct cell *cell = execute->cell;
    struct error err;

    if (request_decode(cell->msg, &cell->request, &err) < 0) {
        cell->request.is_silent = true;
        fail(execute, "RequestError", err.text);
        return false;
    }
    /* As in IPython: a cell without code has no number of its own. */
    if (cell->request.stores_history && !request_is_empty(&cell->request))
        cell->count = ++execute->count;
    if (!cell->request.is_silent)
        publish_input(execute, cell);
    return true;
}

static void begin_code(struct execute *execute)
{
    if (!show_code(execute))
        return;
    if (request_is_empty(&execute->cell->request) && !execute->front->start_failure)
        finish(execute);
    else
        obey(execute);
}

static void begin(struct execute *execute)
{
    if (cell_open(execute)->is_comm)
        begin_comm(execute);
    else
        begin_code(execute);
}

/* Ranks that start are waited for, but not by one who wants others: a start may
 * never end. */
static bool can_begin(const struct execute *execute)
{
    struct front *front = execute->front;
    struct message *msg = queue_peek(execute->queue);

    if (execute->cell || heal_is_going(execute->heal) || !msg
        || !launch_is_steady(front->launch))
        return false;
    return front->start_failure || cluster_is_ready(front->cluster)
           || request_is_directive(msg, cluster_size(front->cluster),
                                   DIRECTIVE_RESTART);
}

void execute_next(struct execute *execute)
{
    while (can_begin(execute))
        begin(execute);
}

void execute_push(struct execute *execute, enum channel from, struct message *msg)
{
    queue_push(execute->queue, from, msg);
    execute_next(execute);
}

/* ---- while it runs ---- */

json_int_t execute_count(const struct execute *execute)
{
    return execute->count;
}

struct watch *execute_watch(const struct execute *execute)
{
    const struct cell *cell = execute->cell;

    return cell && cell->rescue ? rescue_watch(cell->rescue) : NULL;
}

bool execute_is_running(const struct execute *execute, uint64_t cell)
{
    return execute->cell && execute->cell->origin
           && origin_id(execute->cell->origin) == cell;
}

const struct idset *execute_running(const struct execute *execute, uint64_t cell)
{
    return execute_is_running(execute, cell) ? execute->cell->running : NULL;
}

static bool is_awaited(const struct execute *execute, int rank)
{
    return execute->cell && execute->cell->running
           && idset_has(execute->cell->running, rank);
}

json_t *execute_where(const struct execute *execute, int rank)
{
    const struct cell *cell = execute->cell;
    json_t *where = is_awaited(execute, rank)
                        ? watch_where(rescue_watch(cell->rescue), rank)
                        : NULL;

    if (where)
        json_object_update_new(where,
                               json_pack("{s:I, s:s}", "execution_count", cell->count,
                                         "msg_id", message_id(cell->msg)));
    return where;
}

static void rank_failed(struct execute *execute, int rank, const json_t *error,
                        const char *text, bool is_death)
{
    struct cell *cell = execute->cell;

    failures_add(cell->failures, rank, error);
    cell->is_unwell = true;
    rescue_failed(cell->rescue, rank, text, is_death);
}

static void rank_done(struct execute *execute, int rank)
{
    struct cell *cell = execute->cell;

    idset_remove(cell->running, rank);
    inputs_forget_rank(execute->front->inputs, rank);
    origin_done(cell->origin, rank);
    rescue_done(cell->rescue, rank);
    stop_done(cell->stop, rank);
    if (idset_count(cell->running) == 0) {
        finish(execute);
        execute_next(execute);
    } else {
        helpers_later(execute->helpers, cell->running);
    }
}

void execute_done(struct execute *execute, int rank, const json_t *content)
{
    const char *status = json_string_value(json_object_get(content, "status"));
    const char *ename = json_string_value(json_object_get(content, "ename"));
    struct cell *cell = execute->cell;
    char *text;

    if (!is_awaited(execute, rank))
        return;
    if (!status || strcmp(status, "ok")) {
        text = cell->is_comm
                   ? xasprintf("rank %d raised %s in a callback", rank,
                               ename ? ename : "an error")
                   : xasprintf("rank %d raised %s in cell %lld", rank,
                               ename ? ename : "an error", (long long)cell->count);
        rank_failed(execute, rank, content, text, false);
        free(text);
    }
    if (rank == cell->lead)
        cell->lead_content = json_copy((json_t *)content);
    rank_done(execute, rank);
}

void execute_lost(struct execute *execute, int rank)
{
    struct rank_info info = cluster_rank(execute->front->cluster, rank);
    json_t *error;

    heal_lost(execute->heal, rank);
    if (!is_awaited(execute, rank))
        return;
    error = failure_new("RankDied", info.death);
    rank_failed(execute, rank, error, info.death, true);
    json_decref(error);
    rank_done(execute, rank);
}

void execute_waiting(struct execute *execute, int rank, json_t *waiting)
{
    if (!is_awaited(execute, rank)) {
        json_decref(waiting);
        return;
    }
    inputs_absent(execute->front->inputs, rank, waiting != NULL);
    watch_waiting(rescue_watch(execute->cell->rescue), rank, waiting);
}

void execute_seen(struct execute *execute, int rank, const json_t *seen)
{
    if (is_awaited(execute, rank))
        stop_seen(execute->cell->stop, rank, seen);
}

void execute_interrupt(struct execute *execute)
{
    struct cell *cell = execute->cell;

    if (cell && cell->running) {
        cell->is_unwell = true;
        inputs_forget(execute->front->inputs, origin_id(cell->origin));
        stop_press(cell->stop);
    } else if (restart_is_awaited(execute->restart)) {
        restart_leave(execute->restart);
        fail(execute, "KeyboardInterrupt",
             "stopped; the new ranks start all the same, the next cell runs on them");
    } else if (!cell && !queue_is_empty(execute->queue)
               && !cluster_is_ready(execute->front->cluster)) {
        if (cell_open(execute)->is_comm || show_code(execute))
            fail(execute, "KeyboardInterrupt", "stopped while the ranks were starting");
    }
}

void execute_healed(struct execute *execute, int rank, uint64_t cell,
                    const json_t *content)
{
    const char *text = json_string_value(json_object_get(content, "text"));

    heal_answer(execute->heal, rank, cell, text ? text : "",
                (int)json_integer_value(json_object_get(content, "size")));
}
