/* keeper.c - one rank: its interpreter, and the front that it works for
 *
 * Everything passes through here: wire messages become records, records and the
 * bytes of the pipes become wire messages.  What the interpreter says last is sent
 * before the word that it has finished a cell, or has ended.
 */
#include "kernel/keeper/keeper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/base/buf.h"
#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/base/platform.h"
#include "kernel/keeper/cause.h"
#include "kernel/keeper/exits.h"
#include "kernel/keeper/fields.h"
#include "kernel/keeper/interpreter.h"
#include "kernel/keeper/interrupts.h"
#include "kernel/keeper/link.h"
#include "kernel/keeper/look.h"
#include "kernel/keeper/merge.h"
#include "kernel/keeper/output.h"
#include "kernel/keeper/records.h"
#include "kernel/keeper/waits.h"
#include "kernel/page/page.h"

#define STOP_MS 1200   /* for MPI_Finalize and user code's own ends */
#define USAGE_MS 5000  /* measuring memory is not free */
#define WORDS_MAX 8192 /* of an interpreter that has not started yet */
#define USAGE_STEP 1048576

struct keeper {
    struct loop *loop;
    const struct keeper_setup *setup;
    struct link *link;
    struct records *records;
    struct output *output;
    struct merge *merge;
    struct waits *waits;
    struct interpreter *interpreter;
    struct interrupts *interrupts;
    struct look *look;
    struct page *page;
    struct cause cause;
    int page_fd;
    struct loop_watch *stop; /* the interpreter was asked to end */
    bool is_ready;           /* it takes cells */
    bool is_gone;
    bool is_full;       /* the front takes no more */
    bool is_held;       /* the front wants no more yet */
    bool is_collecting; /* more to merge comes before the callback is over */
    uint64_t cell;      /* that it was given, or the last one */
    uint64_t text_size; /* of all text in records */
    struct buf words;
    int64_t usage_time;
    int64_t usage_ticks;
    uint64_t usage_rss;
};

/* ---- what goes to the front ---- */

static void send_stream(uint64_t cell, const char *name, const char *text, size_t size,
                        void *arg)
{
    struct keeper *keeper = arg;
    struct wire_frame frames[] = { { name, strlen(name) }, { text, size } };

    link_send(keeper->link, WIRE_STREAM, cell, frames, 2);
}

static void on_seen(const char *json, void *arg)
{
    struct keeper *keeper = arg;

    link_send_text(keeper->link, WIRE_SEEN, keeper->cell, json);
}

static void on_waiting(const char *text, void *arg)
{
    struct keeper *keeper = arg;

    link_send_text(keeper->link, WIRE_WAITING, keeper->cell, text);
}

/* The assist thread answers, by the page. */
static void on_place_wanted(void *arg)
{
    struct keeper *keeper = arg;
    struct record_frame frames[] = { { "where", 5 }, { "{}", 2 }, { "", 0 } };

    records_send(keeper->records, RECORD_ASK, keeper->cell, frames, 3);
}

/* Nobody has asked yet for what is written before the first cell: it explains a
 * start that fails, and is otherwise for the log. */
static void on_output(const char *name, const char *text, size_t size, void *arg)
{
    struct keeper *keeper = arg;

    if (keeper->is_ready) {
        merge_add(keeper->merge, keeper->cell, name, text, size);
        if (!keeper->is_collecting)
            merge_flush(keeper->merge);
        return;
    }
    buf_add(&keeper->words, text, size);
    if (keeper->words.size > WORDS_MAX)
        buf_remove(&keeper->words, keeper->words.size - WORDS_MAX);
}

static void send_usage(struct keeper *keeper)
{
    int64_t now = loop_now(), ticks, elapsed = now - keeper->usage_time;
    uint64_t rss = 0, pss = 0, change;
    struct buf json = { 0 };
    double percent;

    if (elapsed < USAGE_MS)
        return;
    platform_process_memory(interpreter_pid(keeper->interpreter), &rss, &pss);
    ticks = platform_cpu_ticks(interpreter_pid(keeper->interpreter));
    percent = (double)(ticks - keeper->usage_ticks) * 100000
              / (double)sysconf(_SC_CLK_TCK) / (double)elapsed;
    change =
        rss > keeper->usage_rss ? rss - keeper->usage_rss : keeper->usage_rss - rss;
    keeper->usage_time = now;
    keeper->usage_ticks = ticks;
    if (change < USAGE_STEP && percent < 1)
        return;
    keeper->usage_rss = rss;
    fields_begin(&json);
    fields_add_number(&json, "rss", (int64_t)rss);
    fields_add_number(&json, "pss", (int64_t)pss);
    fields_add_real(&json, "cpu_percent", percent);
    fields_end(&json);
    link_send_text(keeper->link, WIRE_USAGE, 0, buf_text(&json));
    buf_clear(&json);
}

/* ---- records ---- */

static void on_record_ready(struct keeper *keeper)
{
    keeper->is_ready = true;
    interpreter_note_files(keeper->interpreter);
    if (keeper->words.size > 0)
        log_info("the interpreter said at its start: %s", buf_text(&keeper->words));
    buf_clear(&keeper->words);
}

/* What the cell wrote by other ways than records comes before its end. */
static void on_record_done(struct keeper *keeper)
{
    output_drain(keeper->output);
    merge_flush(keeper->merge);
    waits_stop(keeper->waits);
    interrupts_expect(keeper->interrupts, 0);
    look_forget(keeper->look);
}

static const struct {
    enum record_type record;
    enum wire_type wire;
    void (*before)(struct keeper *keeper);
    void (*after)(struct keeper *keeper);
} routes[] = {
    { RECORD_READY, WIRE_READY, on_record_ready, NULL },
    { RECORD_DISPLAY, WIRE_DISPLAY, NULL, NULL },
    { RECORD_RESULT, WIRE_RESULT, NULL, NULL },
    { RECORD_COMM, WIRE_COMM, NULL, NULL },
    { RECORD_INPUT, WIRE_INPUT, NULL, NULL },
    { RECORD_ANSWER, WIRE_ANSWER, NULL, NULL },
    { RECORD_DONE, WIRE_DONE, on_record_done, send_usage },
    { RECORD_HEALED, WIRE_HEALED, NULL, NULL },
    { RECORD_DEBUG, WIRE_DEBUG, NULL, NULL },
};

static void on_record(const struct record *record, void *arg)
{
    struct keeper *keeper = arg;
    struct wire_frame frames[RECORD_FRAMES_MAX];

    if (record->type == RECORD_STREAM && record->count == 2) {
        merge_add(keeper->merge, record->cell, record->frames[0].data,
                  record->frames[1].data, record->frames[1].size);
        keeper->text_size += record->frames[1].size;
        return;
    }
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
        if (routes[i].record != record->type)
            continue;
        merge_flush(keeper->merge);
        if (routes[i].before)
            routes[i].before(keeper);
        for (uint32_t n = 0; n < record->count; n++)
            frames[n] =
                (struct wire_frame){ record->frames[n].data, record->frames[n].size };
        link_send(keeper->link, routes[i].wire, record->cell, frames, record->count);
        if (routes[i].after)
            routes[i].after(keeper);
        return;
    }
    log_warning("the interpreter sent a record of type %d", (int)record->type);
}

/* The pipes first: a C library's text before the print() that follows it. */
static void on_records_before(void *arg)
{
    struct keeper *keeper = arg;

    keeper->is_collecting = true;
    output_drain(keeper->output);
}

static void on_records_after(void *arg)
{
    struct keeper *keeper = arg;

    keeper->is_collecting = false;
    merge_flush(keeper->merge);
}

static void on_records_broken(const char *reason, void *arg)
{
    log_error("the record stream is of no use any more: %s", reason);
}

/* ---- what the front says ---- */

static void pass_on(struct keeper *keeper, const struct wire_message *msg,
                    enum record_type type)
{
    const struct wire_header *header = wire_message_header(msg);
    struct record_frame frames[WIRE_FRAMES_MAX];

    for (uint32_t i = 0; i < header->frames; i++) {
        struct wire_frame frame = wire_message_frame(msg, i);

        frames[i] = (struct record_frame){ frame.data, frame.size };
    }
    records_send(keeper->records, type, header->cell, frames, header->frames);
}

static void on_run(struct keeper *keeper, const struct wire_message *msg)
{
    keeper->cell = wire_message_header(msg)->cell;
    interrupts_expect(keeper->interrupts, keeper->cell);
    pass_on(keeper, msg, RECORD_RUN);
    waits_start(keeper->waits, (int)interpreter_pid(keeper->interpreter));
}

static void on_ask(struct keeper *keeper, const struct wire_message *msg)
{
    pass_on(keeper, msg, RECORD_ASK);
}

static void on_input_reply(struct keeper *keeper, const struct wire_message *msg)
{
    pass_on(keeper, msg, RECORD_INPUT_REPLY);
}

static void on_heal(struct keeper *keeper, const struct wire_message *msg)
{
    cause_note(&keeper->cause);
    pass_on(keeper, msg, RECORD_HEAL);
}

static void on_interrupt(struct keeper *keeper, const struct wire_message *msg)
{
    interrupts_obey(keeper->interrupts, wire_message_frame(msg, 0).data);
}

static void on_look(struct keeper *keeper, const struct wire_message *msg)
{
    look_begin(keeper->look, interrupts_is_deaf(keeper->interrupts));
}

static void on_stop_late(struct loop *loop, void *arg)
{
    struct keeper *keeper = arg;

    keeper->stop = NULL;
    log_info("the interpreter did not end in time and is killed");
    interpreter_signal(keeper->interpreter, SIGKILL);
}

static void on_stop(struct keeper *keeper, const struct wire_message *msg)
{
    if (keeper->stop || keeper->is_gone)
        return;
    pass_on(keeper, msg, RECORD_STOP);
    interrupts_stop(keeper->interrupts); /* it is read after the cell */
    keeper->stop = loop_add_timer(keeper->loop, STOP_MS, 0, on_stop_late, keeper);
}

static void on_bye(struct keeper *keeper, const struct wire_message *msg)
{
    loop_stop(keeper->loop);
}

static void on_ping(struct keeper *keeper, const struct wire_message *msg)
{
}

/* The page says how long; an idle interpreter sleeps, and is woken by an ASK of our
 * own that nobody answers. */
static void on_busy(struct keeper *keeper, const struct wire_message *msg)
{
    const struct record_frame frames[] = { { "progress", 8 },
                                           { "{}", 2 },
                                           { "{}", 2 } };
    struct wire_frame frame = wire_message_frame(msg, 0);
    bool busy = frame.size == 1 && *(const char *)frame.data == '1';

    if (atomic_exchange(&keeper->page->others, busy) != busy && busy
        && !keeper->is_gone)
        records_send(keeper->records, RECORD_ASK, 0, frames, 3);
}

/* What the interpreter writes stays with it, which stops it in the end. */
static void pause_reading(struct keeper *keeper)
{
    bool is_paused = keeper->is_full || keeper->is_held;

    records_pause(keeper->records, is_paused);
    output_pause(keeper->output, is_paused);
}

static void on_hold(struct keeper *keeper, const struct wire_message *msg)
{
    struct wire_frame frame = wire_message_frame(msg, 0);

    keeper->is_held = frame.size == 1 && *(const char *)frame.data == '1';
    pause_reading(keeper);
}

static const struct {
    enum wire_type type;
    uint32_t frames; /* at least */
    bool needs_interpreter;
    void (*handle)(struct keeper *keeper, const struct wire_message *msg);
} requests[] = {
    { WIRE_RUN, 2, true, on_run },
    { WIRE_ASK, 3, true, on_ask },
    { WIRE_INTERRUPT, 1, true, on_interrupt },
    { WIRE_INPUT_REPLY, 1, true, on_input_reply },
    { WIRE_STOP, 0, true, on_stop },
    { WIRE_BYE, 0, false, on_bye },
    { WIRE_PING, 0, false, on_ping },
    { WIRE_BUSY, 1, false, on_busy },
    { WIRE_HEAL, 0, true, on_heal },
    { WIRE_HOLD, 1, true, on_hold },
    { WIRE_LOOK, 0, true, on_look },
};

static void on_message(const struct wire_message *msg, void *arg)
{
    struct keeper *keeper = arg;
    const struct wire_header *header = wire_message_header(msg);

    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
        if (requests[i].type != header->type)
            continue;
        if (header->frames < requests[i].frames)
            log_warning("%s with %u frames is dropped", wire_type_name(header->type),
                        header->frames);
        else if (!keeper->is_gone || !requests[i].needs_interpreter)
            requests[i].handle(keeper, msg);
        return;
    }
    log_warning("%s is no message for a keeper", wire_type_name(header->type));
}

static void on_full(bool is_full, void *arg)
{
    struct keeper *keeper = arg;

    keeper->is_full = is_full;
    pause_reading(keeper);
}

static void on_lost(const char *reason, void *arg)
{
    struct keeper *keeper = arg;

    log_warning("%s: this rank ends", reason);
    loop_stop(keeper->loop);
}

/* ---- the interpreter's end ---- */

static void send_exit(struct keeper *keeper, int status, double cpu)
{
    struct buf fault = { 0 }, where = { 0 }, text = { 0 }, json = { 0 };
    int rank = keeper->setup->rank;
    const char *why = cause_words(&keeper->cause, status, keeper->page);

    interpreter_fault(keeper->interpreter, &fault);
    exits_where(buf_text(&fault), &where);
    if (interrupts_has_killed(keeper->interrupts)) {
        why = "it did not answer Stop";
        buf_add_text(&where, look_where(keeper->look));
    }
    if (keeper->is_ready)
        exits_text(rank, status, why, buf_text(&where), &text);
    else
        exits_start_text(rank, status, buf_text(&keeper->words), &text);
    log_info("%s", buf_text(&text));
    if (fault.size > 0)
        log_info("its last Python frames: %s", buf_text(&fault));
    fields_begin(&json);
    fields_add_number(&json, "status", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    fields_add_number(&json, "signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    fields_add_text(&json, "text", buf_text(&text));
    fields_add_real(&json, "cpu", cpu);
    fields_add_text(&json, "where", buf_text(&where));
    fields_end(&json);
    link_send_text(keeper->link, WIRE_EXIT, keeper->cell, buf_text(&json));
    buf_clear(&json);
    buf_clear(&fault);
    buf_clear(&where);
    buf_clear(&text);
}

/* What it had printed, and not sent yet. */
static void take_unsent(struct keeper *keeper)
{
    struct page_text *unsent = &keeper->page->unsent;
    char stream[sizeof(unsent->stream) + 1] = "";
    size_t size = unsent->size;

    if (size == 0 || size > PAGE_GATHER || unsent->before != keeper->text_size)
        return;
    memcpy(stream, unsent->stream, sizeof(unsent->stream));
    merge_add(keeper->merge, unsent->cell, stream, unsent->text, size);
}

static void on_child(struct loop *loop, int signal, void *arg)
{
    struct keeper *keeper = arg;
    double cpu = 0;
    int status = 0;

    if (!interpreter_reap(keeper->interpreter, &status, &cpu))
        return;
    keeper->is_gone = true;
    loop_remove(loop, keeper->stop);
    keeper->stop = NULL;
    waits_stop(keeper->waits);
    records_drain(keeper->records);
    take_unsent(keeper);
    output_drain(keeper->output);
    merge_flush(keeper->merge);
    if (status != 0)
        interpreter_remove_files(keeper->interpreter);
    interpreter_signal(keeper->interpreter, SIGKILL); /* what it left behind */
    send_exit(keeper, status, cpu);
    interrupts_expect(keeper->interrupts, 0);
    look_forget(keeper->look);
}

static void on_terminate(struct loop *loop, int signal, void *arg)
{
    loop_stop(loop);
}

/* ---- life ---- */

static void send_hello(struct keeper *keeper)
{
    const char *secret = keeper->setup->secret;
    struct buf json = { 0 };
    char host[256] = "";

    gethostname(host, sizeof(host) - 1);
    fields_begin(&json);
    fields_add_number(&json, "size", keeper->setup->size);
    fields_add_text(&json, "host", host);
    fields_add_number(&json, "pid", getpid());
    fields_end(&json);
    link_send(
        keeper->link, WIRE_HELLO, 0,
        (struct wire_frame[]){ { secret, strlen(secret) }, { json.data, json.size } },
        2);
    buf_clear(&json);
}

static int start_interpreter(struct keeper *keeper, struct error *err)
{
    const struct records_calls calls = { on_records_before, on_record, on_records_after,
                                         on_records_broken, keeper };
    struct interpreter_fds fds;
    int pair[2];

    if (!(keeper->page = page_create(&keeper->page_fd, err)))
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return error_set(err, "socketpair: %s", strerror(errno));
    keeper->records = records_create(keeper->loop, pair[0], &calls);
    if (!(keeper->output = output_create(keeper->loop, on_output, keeper, err)))
        goto error;
    fds = (struct interpreter_fds){
        .page = keeper->page_fd,
        .record = pair[1],
        .output = { output_child_fd(keeper->output, 0),
                    output_child_fd(keeper->output, 1) },
    };
    cause_note(&keeper->cause);
    if (!(keeper->interpreter = interpreter_create(keeper->setup->program, &fds, err)))
        goto error;
    keeper->interrupts =
        interrupts_create(keeper->loop, keeper->page, keeper->interpreter);
    keeper->look =
        look_create(keeper->loop, keeper->page, keeper->interpreter, on_seen, keeper);
    close(pair[1]);
    output_close_child(keeper->output);
    return 0;
error:
    close(pair[1]);
    return -1;
}

struct keeper *keeper_create(struct loop *loop, const struct keeper_setup *setup,
                             struct error *err)
{
    struct keeper *keeper = xcalloc(1, sizeof(*keeper));
    const struct link_calls calls = { on_message, on_full, on_lost, keeper };

    keeper->loop = loop;
    keeper->setup = setup;
    keeper->page_fd = -1;
    keeper->merge = merge_create(send_stream, keeper);
    loop_add_signal(loop, SIGCHLD, on_child, keeper);
    loop_add_signal(loop, SIGTERM, on_terminate, keeper);
    if (start_interpreter(keeper, err) < 0
        || !(keeper->link = link_create(loop, setup->wire, setup->rank, &calls, err)))
        goto error;
    keeper->waits =
        waits_create(loop, keeper->page, on_waiting, on_place_wanted, keeper);
    send_hello(keeper);
    return keeper;
error:
    keeper_destroy(keeper);
    return NULL;
}

void keeper_destroy(struct keeper *keeper)
{
    if (!keeper)
        return;
    look_destroy(keeper->look);
    interrupts_destroy(keeper->interrupts);
    interpreter_destroy(keeper->interpreter);
    waits_destroy(keeper->waits);
    records_destroy(keeper->records);
    output_destroy(keeper->output);
    merge_destroy(keeper->merge);
    link_destroy(keeper->link);
    page_detach(keeper->page);
    if (keeper->page_fd >= 0)
        close(keeper->page_fd);
    buf_clear(&keeper->words);
    free(keeper);
}
