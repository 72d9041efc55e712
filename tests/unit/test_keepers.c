/* test_keepers.c - who may speak for which rank */
#include "kernel/front/keepers.h"

#include <stdlib.h>
#include <unistd.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/wire/end.h"
#include "kernel/wire/endpoint.h"
#include "tests/unit/tap.h"

#define PATIENCE_MS 10000
#define GUESTS 40 /* more than are let in */

static char *endpoint;
static struct loop *loop;
static struct keepers *keepers;
static struct buf heard; /* "1 READY;" what keepers said, "closed;" of whom */
static const char *wanted;
static bool is_late;

static void note(const char *format, int number, const char *text)
{
    buf_add_format(&heard, format, number, text);
    if (wanted && strstr(buf_text(&heard), wanted))
        loop_stop(loop);
}

static void on_message(int keeper, const struct wire_message *msg, void *arg)
{
    note("%d %s;", keeper, wire_type_name(wire_message_header(msg)->type));
}

static void on_heard(const struct wire_message *msg, void *arg)
{
    note("%d hears %s;", wire_message_header(msg)->rank,
         wire_type_name(wire_message_header(msg)->type));
}

static void on_closed(const char *reason, void *arg)
{
    note("%d closed%s;", (int)(intptr_t)arg, "");
}

static void on_late(struct loop *of, void *arg)
{
    is_late = true;
    loop_stop(of);
}

static bool until(const char *text)
{
    struct loop_watch *late = loop_add_timer(loop, PATIENCE_MS, 0, on_late, NULL);

    is_late = false;
    wanted = text;
    if (!strstr(buf_text(&heard), text))
        loop_run(loop);
    if (is_late)
        printf("# waited for \"%s\" in: %s\n", text, buf_text(&heard));
    else
        loop_remove(loop, late);
    wanted = NULL;
    return !is_late;
}

/* Somebody who is called 'number' in what is heard. */
static struct wire_end *come(int number)
{
    return wire_end_create(loop, endpoint_connect(endpoint, NULL), WIRE_OF_FRONT,
                           &(struct wire_end_calls){ on_heard, NULL, on_closed,
                                                     (void *)(intptr_t)number });
}

static void say(struct wire_end *end, enum wire_type type, int rank, const char *first,
                const char *second)
{
    struct wire_frame frames[] = { { first, strlen(first) },
                                   { second, second ? strlen(second) : 0 } };

    wire_end_send(end, (struct wire_header){ .type = type, .rank = rank }, frames,
                  second ? 2 : 1);
}

static void check_refusals(void)
{
    static const struct {
        enum wire_type type;
        int rank;
        const char *first, *second, *what;
    } bad[] = {
        { WIRE_HELLO, 0, "wrong", "{\"size\":2}", "a wrong secret" },
        { WIRE_HELLO, 0, "secre", "{\"size\":2}", "a part of it" },
        { WIRE_HELLO, 0, "secret", "{\"size\":3}", "a wrong size" },
        { WIRE_HELLO, 0, "secret", "[2]", "no info" },
        { WIRE_HELLO, 2, "secret", "{\"size\":2}", "a rank that is not expected" },
        { WIRE_HELLO, -1, "secret", "{\"size\":2}", "no rank" },
        { WIRE_READY, 0, "{}", NULL, "who says no HELLO" },
        { WIRE_PING, 0, "", NULL, "what keepers never say" },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct wire_end *end = come(7);

        buf_reset(&heard);
        say(end, bad[i].type, bad[i].rank, bad[i].first, bad[i].second);
        ok(until("7 closed;"), "refused: %s", bad[i].what);
        is_str(buf_text(&heard), "7 closed;", "and nobody hears of it");
        wire_end_destroy(end);
    }
}

static void check_long(void)
{
    char *text = xcalloc(1, 100001);
    struct wire_end *end = come(7);

    buf_reset(&heard);
    memset(text, ' ', 100000);
    say(end, WIRE_HELLO, 0, "secret", text);
    ok(until("7 closed;"), "refused: a HELLO of 100 KB");
    wire_end_destroy(end);
    free(text);
}

static void check_crowd(void)
{
    struct wire_end *guests[GUESTS];

    buf_reset(&heard);
    for (int i = 0; i < GUESTS; i++)
        guests[i] = come(100 + i);
    ok(until("closed;"), "not everybody can wait to say HELLO");
    ok(!strstr(buf_text(&heard), "100 closed"), "those who came first can");
    for (int i = 0; i < GUESTS; i++)
        wire_end_destroy(guests[i]);
}

static void check_two(void)
{
    struct wire_end *zero = come(0), *one = come(1), *other = come(2);
    struct error err = { "" };

    buf_reset(&heard);
    ok(keepers_send(keepers, 0, WIRE_STOP, 0, NULL, 0, &err) < 0 && !err.text[0],
       "one that has not come cannot be spoken to");
    say(one, WIRE_HELLO, 1, "secret", "{\"size\":2}");
    say(zero, WIRE_HELLO, 0, "secret", "{\"size\":2}");
    ok(until("1 HELLO;") && until("0 HELLO;"), "two keepers come");
    say(other, WIRE_HELLO, 0, "secret", "{\"size\":2}");
    ok(until("2 closed;"), "nobody else can be one of them");
    is_int(keepers_send(keepers, 1, WIRE_STOP, 0, NULL, 0, &err), 0, "one is told");
    ok(until("1 hears STOP;"), "and hears it");

    buf_reset(&heard);
    say(one, WIRE_READY, 0, "{}", NULL);
    say(one, WIRE_HELLO, 1, "secret", "{\"size\":2}");
    say(one, WIRE_DONE, 1, "{}", NULL);
    ok(until("1 DONE;"), "one speaks");
    is_str(buf_text(&heard), "1 DONE;", "not for the other, and says HELLO once");

    buf_reset(&heard);
    keepers_pause(keepers, true);
    say(one, WIRE_DONE, 1, "{}", NULL);
    loop_add_timer(loop, 10, 0, on_late, NULL);
    loop_run(loop);
    is_str(buf_text(&heard), "", "a pause holds everybody");
    keepers_pause(keepers, false);
    ok(until("1 DONE;"), "and ends");

    wire_end_destroy(one);
    say(zero, WIRE_DONE, 0, "{}", NULL);
    until("0 DONE;");
    while (keepers_send(keepers, 1, WIRE_PING, 0, NULL, 0, &err) == 0) {
        buf_reset(&heard);
        say(zero, WIRE_DONE, 0, "{}", NULL);
        until("0 DONE;");
    }
    is_str(err.text, "its connection is gone", "one that has gone is missed");

    buf_reset(&heard);
    keepers_expect(keepers, 1, "new");
    ok(until("0 closed;"), "those before are not heard when others are expected");
    wire_end_destroy(zero);
    wire_end_destroy(other);
    zero = come(0);
    say(zero, WIRE_HELLO, 0, "new", "{\"size\":1}");
    ok(until("0 HELLO;"), "who come with a secret of their own");
    wire_end_destroy(zero);
}

int main(void)
{
    char folder[] = "/tmp/test_keepers.XXXXXX";
    struct error err = { "" };

    if (!mkdtemp(folder))
        return 1;
    log_open("test", "/dev/null");
    endpoint = xasprintf("ipc://%s/wire", folder);
    loop = loop_create();
    ok(!keepers_create(loop, "nowhere", on_message, NULL, &err), "%s", err.text);
    keepers = keepers_create(loop, endpoint, on_message, NULL, &err);
    keepers_expect(keepers, 2, "secret");
    check_refusals();
    check_long();
    check_crowd();
    check_two();
    keepers_destroy(keepers);
    keepers_destroy(NULL);
    loop_destroy(loop);
    buf_clear(&heard);
    free(endpoint);
    ok(rmdir(folder) == 0, "nothing is left behind");
    return done_testing();
}
