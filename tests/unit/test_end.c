/* test_end.c - two ends of a wire in one loop */
#include "kernel/wire/end.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define PATIENCE_MS 10000
#define LARGE 2000000

struct side {
    struct wire_end *end;
    struct buf heard; /* "RUN 1+1;" "full;" "taken;" "closed: reason;" */
    size_t bytes;
    bool pauses;   /* after each message */
    bool destroys; /* itself, with the first message */
};

static struct loop *loop;
static struct side front, keeper;
static struct buf *where;
static const char *wanted;
static bool is_late;

static void check(struct side *side)
{
    if (wanted && strstr(buf_text(&side->heard), wanted) && where == &side->heard)
        loop_stop(loop);
}

static void on_message(const struct wire_message *msg, void *arg)
{
    const struct wire_header *header = wire_message_header(msg);
    struct side *side = arg;

    buf_add_format(&side->heard, "%s ", wire_type_name(header->type));
    if (header->frames && wire_message_frame(msg, 0).size < 100)
        buf_add_text(&side->heard, wire_message_frame(msg, 0).data);
    buf_add_text(&side->heard, ";");
    side->bytes += header->length;
    if (side->pauses)
        wire_end_pause(side->end, true);
    if (side->destroys) {
        wire_end_destroy(side->end);
        side->end = NULL;
    }
    check(side);
}

static void on_full(bool is_full, void *arg)
{
    struct side *side = arg;

    buf_add_text(&side->heard, is_full ? "full;" : "taken;");
    check(side);
}

static void on_closed(const char *reason, void *arg)
{
    struct side *side = arg;

    buf_add_format(&side->heard, "closed: %s;", reason);
    check(side);
}

static void on_late(struct loop *of, void *arg)
{
    is_late = true;
    loop_stop(of);
}

static bool until(struct side *side, const char *text)
{
    struct loop_watch *late = loop_add_timer(loop, PATIENCE_MS, 0, on_late, NULL);

    is_late = false;
    where = &side->heard;
    wanted = text;
    if (!strstr(buf_text(where), text))
        loop_run(loop);
    if (is_late)
        printf("# waited for \"%s\" in: %s\n", text, buf_text(where));
    else
        loop_remove(loop, late);
    wanted = NULL;
    return !is_late;
}

static void open_side(struct side *side, int fd, enum wire_side from)
{
    *side = (struct side){ NULL };
    side->end = wire_end_create(
        loop, fd, from,
        &(struct wire_end_calls){ on_message, on_full, on_closed, side });
}

static void set_up(void)
{
    int pair[2];

    loop = loop_create();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        abort();
    open_side(&front, pair[0], WIRE_OF_KEEPER);
    open_side(&keeper, pair[1], WIRE_OF_FRONT);
}

static void tear_down(void)
{
    wire_end_destroy(front.end);
    wire_end_destroy(keeper.end);
    loop_destroy(loop);
    buf_clear(&front.heard);
    buf_clear(&keeper.heard);
}

static int say(struct side *side, enum wire_type type, const char *text)
{
    struct wire_frame frame = { text, strlen(text) };

    return wire_end_send(side->end, (struct wire_header){ .type = type }, &frame, 1);
}

static void say_large(struct side *side)
{
    static char large[LARGE];
    struct wire_frame frames[] = { { "stdout", 6 }, { large, sizeof(large) } };

    wire_end_send(side->end, (struct wire_header){ .type = WIRE_STREAM }, frames, 2);
}

static void check_messages(void)
{
    set_up();
    is_int(say(&front, WIRE_BUSY, "1"), 0, "the front speaks");
    is_int(say(&keeper, WIRE_DONE, "{}"), 0, "and the keeper");
    ok(until(&keeper, "BUSY 1;") && until(&front, "DONE {};"), "both hear");
    for (int i = 0; i < 3; i++)
        say_large(&keeper);
    is_str(buf_text(&keeper.heard), "BUSY 1;full;", "what is not taken is much");
    say(&keeper, WIRE_EXIT, "end");
    ok(until(&front, "EXIT end;"), "all of it comes");
    is_int((long long)front.bytes, 2 + 3 * (LARGE + 6) + 3, "to the last byte");
    is_str(buf_text(&front.heard),
           "DONE {};STREAM stdout;STREAM stdout;STREAM stdout;"
           "EXIT end;",
           "in order");
    ok(until(&keeper, "full;taken;"), "and the sender hears of it");
    tear_down();
}

static void check_pause(void)
{
    set_up();
    front.pauses = true;
    for (int i = 0; i < 3; i++)
        say(&keeper, WIRE_DONE, "1");
    wire_end_destroy(keeper.end);
    keeper.end = NULL;
    ok(until(&front, "DONE 1;"), "messages that came together");
    loop_add_timer(loop, 10, 0, on_late, NULL);
    loop_run(loop);
    is_str(buf_text(&front.heard), "DONE 1;", "wait for one another at a pause");
    wire_end_pause(front.end, false);
    ok(until(&front, "DONE 1;DONE 1;"), "and go on");
    front.pauses = false;
    wire_end_pause(front.end, false);
    ok(until(&front, "DONE 1;DONE 1;DONE 1;closed: it has hung up;"),
       "the end comes after the last");
    tear_down();
}

static void check_ends(void)
{
    struct wire_frame frame = { "{}", 2 };

    set_up();
    wire_end_destroy(front.end);
    front.end = NULL;
    ok(until(&keeper, "closed: it has hung up;"), "one side goes: the other hears");
    is_int(say(&keeper, WIRE_DONE, "{}"), -1, "and cannot speak to it");
    tear_down();

    set_up();
    say(&keeper, WIRE_DONE, "1");
    wire_end_send(keeper.end, (struct wire_header){ .type = WIRE_BUSY }, &frame, 1);
    ok(until(&front, "DONE 1;closed: BUSY from the wrong side;"),
       "what is no message ends it");
    tear_down();

    set_up();
    wire_end_limit(front.end, 3);
    say(&keeper, WIRE_DONE, "123");
    say(&keeper, WIRE_DONE, "1234");
    ok(until(&front, "DONE 123;closed: DONE of 4 bytes;"), "so does a long one");
    tear_down();

    set_up();
    front.destroys = true;
    say(&keeper, WIRE_DONE, "1");
    say(&keeper, WIRE_DONE, "2");
    ok(until(&keeper, "closed"), "an end may go in its own callback");
    is_str(buf_text(&front.heard), "DONE 1;", "and hears no more");
    tear_down();
}

/* The reader is a child, which takes its time. */
static void check_linger(void)
{
    struct wire_reader *reader = wire_reader_create(WIRE_OF_KEEPER);
    struct error err = { "" };
    size_t bytes = 0;
    int pair[2];

    loop = loop_create();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return;
    open_side(&keeper, pair[1], WIRE_OF_FRONT);
    say_large(&keeper);
    wire_end_linger(keeper.end, 0);
    is_str(buf_text(&keeper.heard), "full;", "lingering waits no longer than it may");
    if (fork() == 0) {
        wire_end_linger(keeper.end, PATIENCE_MS);
        _exit(0);
    }
    wire_end_destroy(keeper.end);
    while (wire_reader_fill(reader, pair[0], &err) > 0) {
        const struct wire_message *msg = wire_reader_next(reader, &err);

        bytes += msg ? wire_message_header(msg)->length : 0;
    }
    is_int((long long)bytes, LARGE + 6, "last words are whole");
    wire_reader_destroy(reader);
    buf_clear(&keeper.heard);
    loop_destroy(loop);
    close(pair[0]);
}

int main(void)
{
    check_messages();
    check_pause();
    check_ends();
    check_linger();
    wire_end_destroy(NULL);
    return done_testing();
}
