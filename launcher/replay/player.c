/* player.c - runs the code cells of a notebook on a kernel, one after the other
 *
 * A cell is over when its reply has come and the kernel is idle again, in either
 * order.  Messages that come later still find the outputs of their cell.
 */
#include "launcher/replay/player.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "launcher/commands.h"
#include "launcher/replay/outputs.h"
#include "launcher/replay/printer.h"
#include "launcher/replay/progress.h"
#include "launcher/replay/widgets.h"

#define START_MS 60000 /* until the kernel answers */
#define EXPECTED "raises-exception"
#define INTERRUPT_MS 10000 /* until an interrupted cell ends */

/* A cell that was sent to the kernel. */
struct run {
    char id[MESSAGE_ID_SIZE];
    json_t *cell; /* borrowed from the notebook */
    struct outputs *outputs;
    bool has_reply;
    bool is_idle;
    bool has_failed;
};

struct player {
    const struct player_setup *setup;
    struct loop *loop;
    struct remote *remote;
    struct progress *progress;
    struct displays *displays;
    struct widgets *widgets;
    json_t **cells; /* to be run; borrowed */
    size_t total;
    struct run *runs;
    size_t started;
    struct loop_watch *limit;
    bool is_ready;
    bool is_stopping;
    bool is_late;  /* the cell has used up its time */
    int interrupt; /* the signal that interrupted it */
    int status;
    int64_t since;
};

__attribute__((format(printf, 2, 3))) static void say(const struct player *player,
                                                      const char *format, ...)
{
    va_list args;

    progress_hide(player->progress);
    fputs("rankbook: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static struct run *current(const struct player *player)
{
    return player->started ? &player->runs[player->started - 1] : NULL;
}

static int save(const struct player *player)
{
    json_t *root = notebook_root(player->setup->notebook);
    json_t *widgets = widgets_state(player->widgets);
    struct error err;

    for (size_t i = 0; i < player->started; i++)
        outputs_flush(player->runs[i].outputs);
    if (widgets)
        json_object_set_new(json_object_get(root, "metadata"), "widgets", widgets);
    if (notebook_write(player->setup->notebook, player->setup->output, &err) == 0)
        return 0;
    say(player, "%s", err.text);
    return -1;
}

static void stop(struct player *player, int status)
{
    if (player->is_stopping)
        return;
    player->is_stopping = true;
    player->status = status;
    loop_remove(player->loop, player->limit);
    player->limit = NULL;
    remote_stop(player->remote);
}

static void on_hopeless(struct loop *loop, void *arg)
{
    struct player *player = arg;

    player->limit = NULL;
    say(player, "code cell %zu does not end: ending the kernel", player->started);
    stop(player, 1);
}

static void on_late(struct loop *loop, void *arg)
{
    struct player *player = arg;

    player->is_late = true;
    remote_interrupt(player->remote);
    player->limit = loop_add_timer(loop, INTERRUPT_MS, 0, on_hopeless, player);
}

static char *source_of(const json_t *cell)
{
    return notebook_text(json_object_get(cell, "source"));
}

static void run_next(struct player *player)
{
    struct run *run = &player->runs[player->started];
    struct error err;
    json_t *content;
    char *code;

    if (player->started == player->total) {
        stop(player, 0);
        return;
    }
    player->started++;
    run->cell = player->cells[player->started - 1];
    run->outputs = outputs_create(run->cell, player->displays);
    code = source_of(run->cell);
    progress_step(player->progress, player->started, code);
    content = json_pack("{s:o, s:b, s:b, s:{}, s:b, s:b}", "code",
                        message_text(code, strlen(code)), "silent", 0, "store_history",
                        1, "user_expressions", "allow_stdin", 0, "stop_on_error", 1);
    free(code);
    if (remote_send_new(player->remote, CHANNEL_SHELL, "execute_request", content,
                        run->id, &err)
        < 0) {
        say(player, "%s", err.text);
        stop(player, 1);
        return;
    }
    if (player->setup->timeout > 0)
        player->limit =
            loop_add_timer(player->loop, (int64_t)(player->setup->timeout * 1000) + 1,
                           0, on_late, player);
}

static void report_failure(struct player *player, const struct run *run)
{
    bool has_colors = isatty(STDERR_FILENO);

    progress_hide(player->progress);
    printer_error(stderr, run->cell, has_colors);
    if (player->is_late)
        say(player, "code cell %zu took longer than %g s", player->started,
            player->setup->timeout);
    else
        say(player, "code cell %zu failed; the notebook up to there is in %s",
            player->started, player->setup->output);
}

/* An error that is expected is output like any other. */
static void print_cell(const struct player *player, const struct run *run)
{
    bool has_colors = isatty(STDOUT_FILENO);

    progress_hide(player->progress);
    printer_cell(stdout, run->cell, has_colors);
    if (notebook_has_tag(run->cell, EXPECTED))
        printer_error(stdout, run->cell, has_colors);
    fflush(stdout);
}

/* Output widgets tell their ranks what they took, before the next cell asks. */
static void send_news(struct player *player)
{
    json_t *news = widgets_news(player->widgets), *content;
    char id[MESSAGE_ID_SIZE];
    size_t idx;

    json_array_foreach(news, idx, content)
    {
        remote_send_new(player->remote, CHANNEL_SHELL, "comm_msg", json_incref(content),
                        id, NULL);
    }
    json_decref(news);
}

static void end_cell(struct player *player)
{
    struct run *run = current(player);
    bool is_expected = notebook_has_tag(run->cell, EXPECTED);

    loop_remove(player->loop, player->limit);
    player->limit = NULL;
    if (save(player) < 0) {
        stop(player, 1);
        return;
    }
    if (player->setup->prints)
        print_cell(player, run);
    if (player->is_late || (run->has_failed && (!is_expected || player->interrupt))) {
        report_failure(player, run);
        stop(player, player->interrupt ? 128 + player->interrupt : 1);
        return;
    }
    player->interrupt = 0;
    send_news(player);
    run_next(player);
}

static struct run *find_run(const struct player *player, const char *id)
{
    for (size_t i = player->started; i-- > 0;) {
        if (!strcmp(player->runs[i].id, id))
            return &player->runs[i];
    }
    return NULL;
}

static const char *text_in(const struct message *msg, const char *name)
{
    const char *text = json_string_value(json_object_get(message_content(msg), name));

    return text ? text : "";
}

static void on_message(enum channel from, struct message *msg, void *arg)
{
    struct player *player = arg;
    struct run *run = find_run(player, message_parent_id(msg));
    struct outputs *taken;
    bool was_over;

    if (!run)
        return;
    was_over = run->has_reply && run->is_idle;
    widgets_apply(player->widgets, msg);
    taken = widgets_output(player->widgets, msg);
    outputs_apply(taken ? taken : run->outputs, msg);
    if (from == CHANNEL_SHELL && !strcmp(message_type(msg), "execute_reply")) {
        run->has_reply = true;
        run->has_failed = strcmp(text_in(msg, "status"), "ok") != 0;
    } else if (from == CHANNEL_IOPUB && !strcmp(message_type(msg), "status")) {
        run->is_idle = !strcmp(text_in(msg, "execution_state"), "idle");
    }
    if (!was_over && run->has_reply && run->is_idle && !player->is_stopping)
        end_cell(player);
}

static void on_ready(const json_t *info, void *arg)
{
    struct player *player = arg;
    json_t *language = json_object_get(info, "language_info");
    json_t *root = notebook_root(player->setup->notebook);

    player->is_ready = true;
    loop_remove(player->loop, player->limit);
    player->limit = NULL;
    if (json_is_string(json_object_get(language, "name")))
        json_object_set(json_object_get(root, "metadata"), "language_info", language);
    if (!player->is_stopping)
        run_next(player);
}

static void on_silent(struct loop *loop, void *arg)
{
    struct player *player = arg;

    player->limit = NULL;
    say(player, "the kernel does not answer");
    stop(player, 1);
}

/* The kernel has said on stderr why it could not start. */
static bool has_refused(const struct player *player, int status)
{
    return !player->is_ready && WIFEXITED(status)
           && WEXITSTATUS(status) == STATUS_USAGE;
}

static void on_ended(int status, void *arg)
{
    struct player *player = arg;

    loop_stop(player->loop);
    if (player->is_stopping)
        return;
    player->is_stopping = true;
    player->status = 1;
    if (has_refused(player, status))
        player->status = STATUS_USAGE;
    else if (WIFSIGNALED(status))
        say(player, "the kernel was ended by signal %d (%s) in code cell %zu",
            WTERMSIG(status), strsignal(WTERMSIG(status)), player->started);
    else
        say(player, "the kernel ended with status %d in code cell %zu",
            WEXITSTATUS(status), player->started);
}

/* The first one interrupts the cell, the second ends the replay, the third does
 * not wait for the kernel. */
static void on_interrupt(struct loop *loop, int number, void *arg)
{
    struct player *player = arg;

    if (player->is_stopping) {
        player->status = 128 + number;
        loop_stop(loop);
    } else if (player->interrupt || !player->is_ready) {
        stop(player, 128 + number);
    } else {
        player->interrupt = number;
        say(player, "interrupting code cell %zu; once more to end the replay",
            player->started);
        remote_interrupt(player->remote);
    }
}

static void on_terminate(struct loop *loop, int number, void *arg)
{
    struct player *player = arg;

    if (player->is_stopping)
        player->status = 128 + number;
    stop(player, 128 + number);
}

static bool is_blank(const json_t *cell)
{
    char *source = source_of(cell);
    bool blank = source[strspn(source, " \t\r\n")] == '\0';

    free(source);
    return blank;
}

static void collect_cells(struct player *player)
{
    json_t *cells = notebook_cells(player->setup->notebook), *cell;
    size_t idx;

    player->cells = xcalloc(json_array_size(cells) + 1, sizeof(*player->cells));
    player->runs = xcalloc(json_array_size(cells) + 1, sizeof(*player->runs));
    json_array_foreach(cells, idx, cell)
    {
        if (notebook_is_code(cell) && !is_blank(cell)
            && !notebook_has_tag(cell, "skip-execution"))
            player->cells[player->total++] = cell;
    }
}

static int begin(struct player *player, struct error *err)
{
    const struct remote_calls calls = {
        .ready = on_ready, .message = on_message, .ended = on_ended, .arg = player
    };

    player->since = loop_now();
    player->loop = loop_create();
    player->displays = displays_create();
    player->widgets = widgets_create(player->displays);
    collect_cells(player);
    player->progress = progress_create(player->loop, STDERR_FILENO, player->total);
    signal(SIGPIPE, SIG_IGN); /* of stdout: the notebook is saved all the same */
    loop_add_signal(player->loop, SIGINT, on_interrupt, player);
    loop_add_signal(player->loop, SIGTERM, on_terminate, player);
    loop_add_signal(player->loop, SIGHUP, on_terminate, player);
    player->remote = remote_start(player->loop, &player->setup->remote, &calls, err);
    if (!player->remote)
        return -1;
    player->limit = loop_add_timer(player->loop, START_MS, 0, on_silent, player);
    progress_step(player->progress, 0, "starting the kernel");
    return 0;
}

static void clear(struct player *player)
{
    remote_destroy(player->remote);
    for (size_t i = 0; i < player->started; i++)
        outputs_destroy(player->runs[i].outputs);
    widgets_destroy(player->widgets);
    displays_destroy(player->displays);
    progress_destroy(player->progress);
    loop_destroy(player->loop);
    free(player->cells);
    free(player->runs);
}

int player_run(const struct player_setup *setup)
{
    struct player player = { .setup = setup };
    struct error err;

    if (begin(&player, &err) < 0) {
        say(&player, "%s", err.text);
        player.status = STATUS_USAGE;
    } else {
        loop_run(player.loop);
        if (player.is_ready && save(&player) < 0)
            player.status = player.status ? player.status : 1;
        progress_hide(player.progress);
        if (player.status == 0 && progress_is_terminal(player.progress))
            fprintf(stderr, "%zu code cells in %.1f s: %s\n", player.total,
                    (double)(loop_now() - player.since) / 1000, setup->output);
    }
    clear(&player);
    return player.status;
}
