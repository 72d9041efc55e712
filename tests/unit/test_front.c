/* test_front.c - the front between a client and keepers, all in one loop
 *
 * The test plays the launcher, two keepers and the client.
 */
#include "kernel/front/front.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "kernel/base/buf.h"
#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/base/order.h"
#include "kernel/jupyter/client.h"
#include "kernel/wire/end.h"
#include "kernel/wire/endpoint.h"
#include "tests/unit/tap.h"

#define RANKS 2
#define PATIENCE_MS 5000

struct keeper {
    struct wire_end *end;
    struct buf heard; /* "RUN PING ..." without the pings, "closed" */
    uint64_t cell;    /* of the last RUN or ASK */
};

static struct {
    struct loop *loop;
    void *ctx;
    struct front *front;
    struct client *client;
    struct keeper keepers[RANKS];
    char asked[48];    /* the request that was sent last by ask() */
    struct buf seen;   /* what the client got for it: "type content\n" */
    struct buf others; /* and for other requests */
    char *wire;
    const char *wanted; /* stop when 'where' has it */
    struct buf *where;
    struct buf orders;
    struct order start; /* the last START; its text is the secret */
    int launcher;
    bool is_late;
} test;

static void check_wanted(void)
{
    if (test.wanted && strstr(buf_text(test.where), test.wanted))
        loop_stop(test.loop);
}

static void on_client(enum channel from, struct message *msg, void *arg)
{
    struct message_part content = message_content_raw(msg);
    const char *parent = message_parent_id(msg);
    struct buf *to =
        parent && *parent && strcmp(parent, test.asked) ? &test.others : &test.seen;

    buf_add_format(to, "%s ", message_type(msg));
    buf_add(to, content.data, content.size);
    buf_add_text(to, "\n");
    check_wanted();
}

static void on_keeper(const struct wire_message *msg, void *arg)
{
    const struct wire_header *header = wire_message_header(msg);
    struct keeper *keeper = arg;

    if (header->type != WIRE_PING) {
        buf_add_format(&keeper->heard, "%s ", wire_type_name(header->type));
        for (uint32_t i = 0; i < header->frames; i++)
            buf_add_format(&keeper->heard, "|%s",
                           (const char *)wire_message_frame(msg, i).data);
        buf_add_text(&keeper->heard, "\n");
    }
    if (header->type == WIRE_RUN || header->type == WIRE_ASK)
        keeper->cell = header->cell;
    check_wanted();
}

static void on_closed(const char *reason, void *arg)
{
    struct keeper *keeper = arg;

    buf_add_text(&keeper->heard, "closed");
    check_wanted();
}

static void on_launcher(struct loop *loop, void *arg)
{
    static const char *const names[] = {
        [ORDER_CHECK] = "CHECK",
        [ORDER_START] = "START",
        [ORDER_KILL] = "KILL",
        [ORDER_DONE] = "DONE",
    };
    struct order order = { 0 };

    if (order_recv(test.launcher, &order, NULL) == 1)
        buf_add_format(&test.orders, "%s ", names[order.type]);
    if (order.type == ORDER_START)
        test.start = order;
    check_wanted();
}

static void on_late(struct loop *loop, void *arg)
{
    test.is_late = true;
    loop_stop(loop);
}

/* Runs until 'where' has the text. */
static bool until(struct buf *where, const char *text)
{
    struct loop_watch *late = loop_add_timer(test.loop, PATIENCE_MS, 0, on_late, NULL);

    test.is_late = false;
    test.where = where;
    test.wanted = text;
    if (!strstr(buf_text(where), text))
        loop_run(test.loop);
    if (!test.is_late)
        loop_remove(test.loop, late);
    else
        printf("# waited for \"%s\" in: %s\n", text, buf_text(where));
    test.wanted = NULL;
    return !test.is_late;
}

static void tell(int rank, enum wire_type type, const char *first, const char *second)
{
    struct wire_header header = { .type = type, .rank = rank };
    struct wire_frame frames[] = { { first, strlen(first) },
                                   { second, second ? strlen(second) : 0 } };

    header.cell = test.keepers[rank].cell;
    wire_end_send(test.keepers[rank].end, header, frames, second ? 2 : 1);
}

static void ask(enum channel to, const char *type, const char *content)
{
    buf_reset(&test.seen);
    buf_reset(&test.others);
    for (int rank = 0; rank < RANKS; rank++)
        buf_reset(&test.keepers[rank].heard);
    client_send_new(test.client, to, type, json_loads(content, 0, NULL), test.asked,
                    NULL);
}

static bool has(const char *text)
{
    return strstr(buf_text(&test.seen), text) != NULL;
}

/* The texts come in this order, up to NULL. */
static bool in_order(const char *const *texts)
{
    const char *at = buf_text(&test.seen);

    for (; *texts; texts++) {
        if (!(at = strstr(at, *texts))) {
            printf("# no \"%s\" in: %s\n", *texts, buf_text(&test.seen));
            return false;
        }
    }
    return true;
}

static bool both_run(void)
{
    return until(&test.keepers[0].heard, "RUN") && until(&test.keepers[1].heard, "RUN");
}

static void heal(void)
{
    for (int rank = 0; rank < RANKS; rank++) {
        until(&test.keepers[rank].heard, "HEAL");
        tell(rank, WIRE_HEALED, "{\"text\":\"\"}", NULL);
    }
}

/* Anew, when it was there before. */
static void connect_keeper(int rank)
{
    struct keeper *keeper = &test.keepers[rank];
    int fd = endpoint_connect(test.wire, NULL);

    wire_end_destroy(keeper->end);
    keeper->end =
        wire_end_create(test.loop, fd, WIRE_OF_FRONT,
                        &(struct wire_end_calls){ on_keeper, NULL, on_closed, keeper });
}

/* What the keeper says first ends its connection. */
static bool is_refused(int rank, enum wire_type type, const char *first,
                       const char *second)
{
    bool refused;

    buf_reset(&test.keepers[rank].heard);
    tell(rank, type, first, second);
    refused = until(&test.keepers[rank].heard, "closed");
    connect_keeper(rank);
    return refused;
}

static void set_up(const char *folder)
{
    char *path = xasprintf("%s/kernel.json", folder);
    char *base = xasprintf("%s/channel", folder);
    struct connection connection;
    struct front_config config = {
        .connection = path,
        .run = folder,
        .ranks = RANKS,
    };
    struct error err = { "" };
    int pair[2];

    test.loop = loop_create();
    test.ctx = zmq_ctx_new();
    connection_init(&connection, "ipc", base);
    ok(connection_write(path, &connection, &err) == 0, "a connection file");
    ok(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "a launcher");
    test.launcher = pair[0];
    config.launcher = pair[1];
    loop_add_fd(test.loop, test.launcher, on_launcher, NULL);
    test.front = front_create(test.ctx, test.loop, &config, &err);
    ok(test.front != NULL, "the front opens %s", err.text);
    test.client =
        client_create(test.ctx, test.loop, &connection, on_client, NULL, &err);
    test.wire = xasprintf("ipc://%s/wire", folder);
    for (int rank = 0; rank < RANKS; rank++)
        connect_keeper(rank);
    connection_clear(&connection);
    free(path);
    free(base);
}

static void tear_down(void)
{
    client_destroy(test.client);
    front_destroy(test.front);
    for (int rank = 0; rank < RANKS; rank++) {
        wire_end_destroy(test.keepers[rank].end);
        test.keepers[rank].end = NULL;
        buf_clear(&test.keepers[rank].heard);
    }
    loop_destroy(test.loop);
    zmq_ctx_term(test.ctx);
    buf_clear(&test.seen);
    buf_clear(&test.others);
    buf_clear(&test.orders);
    free(test.wire);
}

static void test_start(void)
{
    static const char hello[] = "{\"size\":2,\"host\":\"here\",\"pid\":1}";
    static const char *const order[] = {
        "\"busy\"", "execute_input", "\"execution_count\":1", "stream", "idle", NULL
    };

    ok(until(&test.seen, "iopub_welcome"), "a new client is welcome");
    ok(until(&test.orders, "START"), "the launcher is asked for ranks");
    ask(CHANNEL_SHELL, "kernel_info_request", "{}");
    ok(until(&test.seen, "idle") && until(&test.seen, "kernel_info_reply"),
       "kernel_info is answered before there are ranks");
    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"x\"}");
    ok(is_refused(0, WIRE_HELLO, "wrong", hello), "a wrong secret is refused");
    ok(is_refused(0, WIRE_HELLO, test.start.text, "{\"size\":3}"), "so is a size");
    ok(is_refused(0, WIRE_READY, "{}", NULL), "and who says no HELLO");
    tell(0, WIRE_HELLO, test.start.text, hello);
    tell(1, WIRE_HELLO, test.start.text, hello);
    tell(0, WIRE_READY, "{\"pid\":7,\"python\":\"3.11.2\"}", NULL);
    ok(!has("execute_input"), "a cell waits for all ranks");
    tell(1, WIRE_READY, "{\"pid\":8}", NULL);
    ok(both_run(), "the cell runs on all of them");
    ok(strstr(buf_text(&test.keepers[0].heard), "\"lead\":true")
           && strstr(buf_text(&test.keepers[1].heard), "\"lead\":false"),
       "one of them speaks for all");
    tell(0, WIRE_STREAM, "stdout", "hi\n");
    tell(1, WIRE_STREAM, "stdout", "hi\n");
    tell(1, WIRE_DONE, "{\"status\":\"ok\"}", NULL);
    tell(0, WIRE_DONE, "{\"status\":\"ok\",\"payload\":[\"p\"]}", NULL);
    ok(until(&test.seen, "idle") && until(&test.seen, "execute_reply"),
       "it ends with the last rank");
    ok(in_order(order), "its messages are in order");
    ok(has("stream {\"name\":\"stdout\",\"text\":\"hi\\n\"}"), "equal text once");
    ok(has("\"p\""), "payloads come from the lead rank");
}

static void test_error(void)
{
    static const char error[] =
        "{\"status\":\"error\",\"ename\":\"E\",\"evalue\":\"v\","
        "\"traceback\":[\"t\"]}";
    char id[48];

    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"bad\"}");
    client_send_new(test.client, CHANNEL_SHELL, "execute_request",
                    json_pack("{s:s}", "code", "next"), id, NULL);
    client_send_new(test.client, CHANNEL_SHELL, "kernel_info_request", json_object(),
                    id, NULL);
    ok(both_run() && until(&test.others, "kernel_info_reply"), "the next one waits");
    tell(0, WIRE_DONE, "{\"status\":\"ok\"}", NULL);
    tell(1, WIRE_DONE, error, NULL);
    ok(until(&test.others, "\"aborted\""), "an error aborts what is queued");
    ok(has("rank 1: E: v"), "it names the rank");
    heal();
    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"%%rank 5\\nx\"}");
    ok(until(&test.seen, "rank 5 is not one of 0-1"),
       "an unknown rank is a usage error");
    ok(until(&test.seen, "idle"), "that ends the cell");
}

static void test_rank(void)
{
    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"%%rank 1\\nx\"}");
    ok(until(&test.keepers[1].heard, "RUN"), "%%rank reaches its rank");
    ok(!strstr(buf_text(&test.keepers[0].heard), "RUN"), "and no other");
    ok(until(&test.keepers[0].heard, "BUSY |1"), "which helps, when it takes long");
    tell(1, WIRE_INPUT, "{\"prompt\":\"name? \",\"password\":false}", NULL);
    ok(until(&test.seen, "input_request"), "a rank can ask the user");
    client_send_new(test.client, CHANNEL_STDIN, "input_reply",
                    json_pack("{s:s}", "value", "me"), (char[48]){ 0 }, NULL);
    ok(until(&test.keepers[1].heard, "INPUT_REPLY |me"), "and gets the answer");
    tell(1, WIRE_DONE, "{\"status\":\"ok\"}", NULL);
    ok(until(&test.seen, "idle"), "the cell ends");
    ok(until(&test.keepers[0].heard, "BUSY |0"), "the helper may rest");
}

static void test_interrupt(void)
{
    static const char error[] =
        "{\"status\":\"error\",\"ename\":\"KeyboardInterrupt\",\"evalue\":\"\","
        "\"traceback\":[\"t\"]}";

    ask(CHANNEL_CONTROL, "interrupt_request", "{}");
    ok(until(&test.seen, "interrupt_reply"), "an interrupt while idle is answered");
    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"forever\"}");
    both_run();
    client_send_new(test.client, CHANNEL_CONTROL, "interrupt_request", json_object(),
                    (char[48]){ 0 }, NULL);
    ok(until(&test.keepers[0].heard, "INTERRUPT |{\"reason\":\"stop\"}")
           && until(&test.keepers[1].heard, "INTERRUPT"),
       "all ranks of the cell are told to stop");
    tell(0, WIRE_DONE, error, NULL);
    tell(1, WIRE_DONE, error, NULL);
    ok(until(&test.seen, "KeyboardInterrupt") && until(&test.seen, "idle"),
       "the cell ends with one error");
    heal();
}

static void test_asks(void)
{
    ask(CHANNEL_SHELL, "complete_request", "{\"code\":\"a\",\"cursor_pos\":1}");
    ok(until(&test.keepers[0].heard, "ASK |complete_request|"), "rank 0 is asked");
    tell(0, WIRE_ANSWER, "{\"status\":\"ok\",\"matches\":[\"abc\"]}", NULL);
    ok(until(&test.seen, "complete_reply {\"status\":\"ok\",\"matches\":[\"abc\"]}")
           && until(&test.seen, "idle"),
       "its answer passes unchanged");
    ask(CHANNEL_SHELL, "inspect_request", "{\"code\":\"a\",\"cursor_pos\":1}");
    ok(until(&test.seen, "inspect_reply") && until(&test.seen, "idle"),
       "no answer is an empty one");
    ask(CHANNEL_SHELL, "surprise_request", "{}");
    ok(until(&test.seen, "idle") && has("busy"), "an unknown request is busy and idle");
}

static void test_death(void)
{
    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"crash\"}");
    both_run();
    tell(1, WIRE_EXIT, "{\"signal\":11,\"text\":\"rank 1 died: SIGSEGV\"}", NULL);
    tell(0, WIRE_DONE, "{\"status\":\"ok\"}", NULL);
    ok(until(&test.seen, "rank 1 died: SIGSEGV") && until(&test.seen, "execute_reply")
           && until(&test.seen, "idle"),
       "a death ends the cell with an error");
    until(&test.keepers[0].heard, "HEAL");
    tell(0, WIRE_HEALED, "{\"text\":\"\"}", NULL);
    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"x\"}");
    ok(until(&test.seen, "%ranks restart starts all"), "later cells say what to do");
    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"%ranks\"}");
    ok(until(&test.seen, "dead (SIGSEGV)"), "the table shows it");
}

static void start_again(void)
{
    static const char hello[] = "{\"size\":2,\"host\":\"here\",\"pid\":1}";

    for (int rank = 0; rank < RANKS; rank++) {
        test.keepers[rank].cell = 0;
        connect_keeper(rank);
        tell(rank, WIRE_HELLO, test.start.text, hello);
        tell(rank, WIRE_READY, "{\"pid\":9,\"python\":\"3.11.2\"}", NULL);
    }
}

/* One rank is dead, the other one ends when it is told to. */
static void test_restart(void)
{
    struct order refusal = { .type = ORDER_CHECKED, .text = "no room" };
    struct order consent = { .type = ORDER_CHECKED };
    struct order exited = { .type = ORDER_EXITED };
    char *secret = xstrdup(test.start.text);

    buf_reset(&test.orders);
    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"%ranks 3\"}");
    ok(until(&test.orders, "CHECK"), "the launcher is asked whether it can be");
    order_send(test.launcher, &refusal, NULL);
    ok(until(&test.seen, "no room") && until(&test.seen, "execute_reply"),
       "what it refuses is an error");
    is_str(buf_text(&test.orders), "CHECK ", "and changes nothing");

    buf_reset(&test.orders);
    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"%ranks restart\"}");
    until(&test.orders, "CHECK");
    order_send(test.launcher, &consent, NULL);
    ok(until(&test.keepers[0].heard, "STOP"), "the interpreters end first");
    tell(0, WIRE_EXIT, "{\"status\":0,\"text\":\"\"}", NULL);
    ok(until(&test.keepers[1].heard, "BYE") && until(&test.orders, "KILL"),
       "then the keepers, and what is left");
    ok(!strstr(buf_text(&test.orders), "START"), "others wait until it is gone");
    order_send(test.launcher, &exited, NULL);
    ok(until(&test.orders, "START"), "then they start");
    is_int(test.start.number, RANKS, "as many as there were");
    ok(strcmp(secret, test.start.text) != 0, "with a secret of their own");
    ok(!has("execute_reply"), "the cell waits for them");
    start_again();
    ok(until(&test.seen, "2 ranks, started anew") && until(&test.seen, "execute_reply"),
       "and ends when they are ready");
    free(secret);
}

static void on_look_ready(struct loop *loop, void *arg)
{
    if (cluster_is_ready(test.front->cluster))
        loop_stop(loop);
}

/* The ranks end as they are told, and nothing of them is left. */
static void end_all(void)
{
    struct order consent = { .type = ORDER_CHECKED }, exited = { .type = ORDER_EXITED };

    buf_reset(&test.orders);
    order_send(test.launcher, &consent, NULL);
    for (int rank = 0; rank < RANKS; rank++) {
        until(&test.keepers[rank].heard, "STOP");
        tell(rank, WIRE_EXIT, "{\"status\":0,\"text\":\"\"}", NULL);
    }
    until(&test.orders, "KILL");
    order_send(test.launcher, &exited, NULL);
    until(&test.orders, "START");
}

/* Ranks are ready while others are asked for in their place. */
static void test_restart_again(void)
{
    struct loop_watch *look;

    buf_reset(&test.orders);
    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"%ranks restart\"}");
    until(&test.orders, "CHECK");
    end_all();
    client_send_new(test.client, CHANNEL_CONTROL, "interrupt_request", json_object(),
                    (char[48]){ 0 }, NULL);
    ok(until(&test.seen, "stopped; the new ranks")
           && until(&test.seen, "execute_reply"),
       "Stop ends the cell that waits for ranks");
    buf_reset(&test.orders);
    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"%ranks restart\"}");
    ok(until(&test.orders, "CHECK"), "others can be asked for before they are there");
    start_again();
    look = loop_add_timer(test.loop, 1, 1, on_look_ready, NULL);
    loop_run(test.loop);
    loop_remove(test.loop, look);
    ok(!has("execute_reply"), "that the first ones are ready does not end this cell");
    end_all();
    start_again();
    ok(until(&test.seen, "2 ranks, started anew") && until(&test.seen, "execute_reply"),
       "but that the others are");
}

static void test_shutdown(void)
{
    ask(CHANNEL_CONTROL, "shutdown_request", "{\"restart\":true}");
    ok(until(&test.keepers[0].heard, "STOP"), "the interpreters are told to end");
    ok(until(&test.seen, "shutdown_reply") && has("true"), "restart is echoed");
    tell(0, WIRE_EXIT, "{\"status\":0,\"text\":\"\"}", NULL);
    tell(1, WIRE_EXIT, "{\"status\":0,\"text\":\"\"}", NULL);
    ok(until(&test.orders, "DONE"), "the launcher hears that the kernel is over");
}

static void on_look(struct loop *loop, void *arg)
{
    if (cluster_rank(test.front->cluster, 1).state == RANK_LOST)
        loop_stop(loop);
}

/* The launcher of a front whose rank 1 did not start says that all is over. */
static void test_start_failure(void)
{
    struct order order = { .type = ORDER_EXITED,
                           .text =
                               "=====\n=   BAD TERMINATION\nno room on this host\n" };
    struct loop_watch *look = loop_add_timer(test.loop, 1, 1, on_look, NULL);

    ok(until(&test.seen, "iopub_welcome"), "a second front");
    until(&test.orders, "START");
    ask(CHANNEL_SHELL, "execute_request", "{\"code\":\"x\"}");
    tell(1, WIRE_HELLO, test.start.text, "{\"size\":2,\"host\":\"here\",\"pid\":1}");
    tell(1, WIRE_EXIT, "{\"status\":3,\"text\":\"rank 1 has no luck\"}", NULL);
    loop_run(test.loop);
    loop_remove(test.loop, look);
    order_send(test.launcher, &order, NULL);
    ok(until(&test.seen, "execute_reply"), "a failed start ends the first cell");
    ok(has("rank 1 has no luck") && has("no room on this host"),
       "with what the rank and the process manager said");
    ok(!has("BAD TERMINATION"), "without the frame around it");
}

int main(void)
{
    char folder[] = "/tmp/rankbook-test-XXXXXX", *command;

    if (sodium_init() < 0 || !mkdtemp(folder))
        return 1;
    log_open("front", "/dev/null");
    set_up(folder);
    test_start();
    test_error();
    test_rank();
    test_interrupt();
    test_asks();
    test_death();
    test_restart();
    test_restart_again();
    test_shutdown();
    tear_down();
    set_up(folder);
    test_start_failure();
    tear_down();
    command = xasprintf("rm -r %s", folder);
    ok(system(command) == 0, "nothing else is left");
    free(command);
    return done_testing();
}
