/* test_hold.c - ranks that are far ahead of others are told to wait */
#include <stdlib.h>

#include "kernel/base/mem.h"
#include "kernel/front/gather/display.h"
#include "kernel/front/gather/gather.h"
#include "tests/unit/tap.h"

#define RANKS 128

struct seen {
    int messages;
    int held; /* ranks that are told to wait */
};

static void on_publish(const struct message_out *out, void *arg)
{
    struct seen *seen = arg;

    seen->messages++;
}

static void on_hold(int rank, bool is_held, void *arg)
{
    struct seen *seen = arg;

    seen->held += is_held ? 1 : -1;
}

static struct gather *start(struct seen *seen, struct displays *displays)
{
    struct idset *targets = idset_create_range(0, RANKS);
    struct gather_config config = {
        .targets = targets,
        .displays = displays,
        .cell = 1,
        .publish = on_publish,
        .hold = on_hold,
        .arg = seen,
    };
    struct gather *gather = gather_create(&config);

    idset_destroy(targets);
    return gather;
}

static void say(struct gather *gather, int rank, const char *text, int64_t now)
{
    gather_stream(gather, rank, "stdout", text, strlen(text), now);
}

static void say_all_but(struct gather *gather, int rank, const char *text, int64_t now)
{
    for (int other = 0; other < RANKS; other++)
        if (other != rank)
            say(gather, other, text, now);
}

/* Who is far ahead waits until the others have caught up, or do not. */
static void test_hold(void)
{
    struct seen seen = { 0 };
    struct displays *displays = displays_create();
    struct gather *gather = start(&seen, displays);
    char *line = xcalloc(1, (1 << 18) + 1);

    memset(line, 'x', 1 << 18);
    line[(1 << 18) - 1] = '\n';
    say(gather, 5, line, 1000);
    is_int(seen.held, 0, "nobody is held whom nobody follows");
    say_all_but(gather, 5, line, 1001);
    is_int(seen.messages, 1, "what all wrote is shown");
    say(gather, 5, line, 1050);
    is_int(seen.held, 1, "a rank that is ahead of others is held");
    say_all_but(gather, 5, line, 1051);
    is_int(seen.held, 0, "until they are as far");
    say(gather, 5, line, 1060);
    is_int(seen.held, 1, "then it is ahead again");
    gather_done(gather, 5, 1060);
    is_int(seen.held, 0, "who has finished is not held");
    say_all_but(gather, 5, line, 1070);
    say(gather, 6, line, 1080);
    is_int(seen.held, 1, "another one is ahead");
    gather_tick(gather, 1169);
    is_int(seen.held, 1, "it is held");
    gather_tick(gather, 1170);
    is_int(seen.held, 0, "but no longer when nobody has followed for 100 ms");
    free(line);
    gather_finish(gather, 2000);
    gather_destroy(gather);
    displays_destroy(displays);
}

int main(void)
{
    test_hold();
    return done_testing();
}
