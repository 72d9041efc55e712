/* test_order.c - what front and launcher say to each other */
#include "kernel/base/order.h"

#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static struct order sent, got;
static struct error err;

static void check_round_trip(int front, int launcher)
{
    sent = (struct order){ .type = ORDER_START, .number = 4 };
    is_int(order_send(front, &sent, &err), 0, "an order is sent");
    is_int(order_recv(launcher, &got, &err), 1, "and received");
    ok(got.type == ORDER_START && got.number == 4, "with type and number");
    is_str(got.text, "", "and no text");

    sent = (struct order){ .type = ORDER_EXITED, .number = -1 };
    memset(sent.text, 'x', ORDER_TEXT_MAX - 1);
    is_int(order_send(launcher, &sent, &err), 0, "a full text is sent");
    is_int(order_recv(front, &got, &err), 1, "and received");
    is_str(got.text, sent.text, "whole");
    is_int(got.number, -1, "a number can be negative");

    memset(sent.text, 'x', ORDER_TEXT_MAX); /* a text without its NUL */
    order_send(launcher, &sent, &err);
    order_recv(front, &got, &err);
    is_int((long long)strlen(got.text), ORDER_TEXT_MAX - 1,
           "a text without end is cut");
}

static void check_refused(int front, int launcher)
{
    static const struct {
        int32_t words[2];
        size_t size;
        const char *what;
    } bad[] = {
        { { ORDER_START, 1 }, 7, "a short datagram" },
        { { ORDER_CHECK - 1, 1 }, 8, "the type 0" },
        { { ORDER_SHUTDOWN + 1, 1 }, 8, "a type above the last" },
        { { -1, 1 }, 8, "a negative type" },
    };
    static char large[ORDER_TEXT_MAX + 100] = { ORDER_START };

    got = (struct order){ .type = ORDER_KILL, .text = "kept" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err.text[0] = '\0';
        send(front, bad[i].words, bad[i].size, 0);
        ok(order_recv(launcher, &got, &err) == -1 && err.text[0], "refused: %s",
           bad[i].what);
    }
    send(front, large, sizeof(large), 0);
    is_int(order_recv(launcher, &got, &err), -1,
           "refused: a datagram that is too long");
    ok(got.type == ORDER_KILL && !strcmp(got.text, "kept"),
       "a refused order leaves the last one alone");
    is_int(order_recv(-1, &got, &err), -1, "no descriptor is an error");
}

int main(void)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return 1;
    check_round_trip(pair[0], pair[1]);
    check_refused(pair[0], pair[1]);

    sent.text[0] = '\0';
    order_send(pair[0], &sent, &err);
    close(pair[0]);
    is_int(order_recv(pair[1], &got, &err), 1, "an order survives its sender");
    is_int(order_recv(pair[1], &got, &err), 0, "then comes the end of file");
    is_int(order_send(pair[1], &sent, &err), -1, "nobody to send to is an error");
    is_str(err.text, "send an order: Broken pipe", "that says so, and no signal");
    close(pair[1]);

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return 1;
    order_send(pair[1], &sent, &err);
    close(pair[0]);
    is_int(order_recv(pair[1], &got, &err), 0,
           "a peer that ended with orders unread is an end of file");
    close(pair[1]);
    return done_testing();
}
