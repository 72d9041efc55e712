/* test_watch.c - ranks that wait for others in vain */
#include "kernel/front/watch.h"

#include <stdlib.h>

#include "kernel/base/mem.h"
#include "tests/unit/tap.h"

struct seen {
    struct loop *loop;
    struct idset *released;
    char *report;
    char *line;
    int wanted; /* stop when so many are released */
};

static void on_release(int rank, void *arg)
{
    struct seen *seen = arg;

    idset_add(seen->released, rank);
    if (idset_count(seen->released) == seen->wanted)
        loop_stop(seen->loop);
}

static void on_report(const char *text, const char *line, void *arg)
{
    struct seen *seen = arg;

    free(seen->report);
    seen->report = xstrdup(text);
    free(seen->line);
    seen->line = xstrdup(line);
    loop_stop(seen->loop);
}

static json_t *call(const char *name, int since, bool started)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:b, s:i}", "call", name, "peer", 1, "tag",
                     7, "since_ms", since, "started", started, "line", 2);
}

static const struct watch_calls calls = { on_release, on_report };

static void test_release(struct seen *seen, bool is_death, const char *released,
                         const char *what)
{
    struct idset *all = idset_create_range(0, 4);
    struct watch *watch =
        watch_create(seen->loop, all, WATCH_PATIENCE_MS, &calls, seen);
    char *text;
    int64_t begun = loop_now();

    idset_destroy(seen->released);
    seen->released = idset_create();
    seen->wanted = is_death ? 2 : 1;
    watch_waiting(watch, 0, call("Recv", 600, false));
    watch_waiting(watch, 1, call("Bcast", 600, true));
    watch_waiting(watch, 2, call("Recv", 600, false));
    watch_waiting(watch, 2, NULL);
    watch_done(watch, 3);
    watch_failed(watch, is_death);
    loop_run(seen->loop);
    text = idset_encode(seen->released);
    is_str(text, released, what);
    ok(loop_now() - begun >= WATCH_GRACE_MS, "after the time of grace");
    free(text);
    watch_destroy(watch);
    idset_destroy(all);
}

static void test_report(struct seen *seen)
{
    struct idset *all = idset_create_range(0, 2);
    struct watch *watch =
        watch_create(seen->loop, all, WATCH_PATIENCE_MS, &calls, seen);

    watch_waiting(watch, 0, call("Recv", 12000, false));
    ok(!seen->report, "no report while somebody moves");
    watch_waiting(watch, 1, call("Barrier", 11000, false));
    loop_run(seen->loop);
    is_str(seen->report,
           "[nobody moves: ranks 0-1 all wait; stop the cell to go on]\n"
           "  rank 0 waits in Recv (peer 1, tag 7) in line 2 for 12 s\n"
           "  rank 1 waits in Barrier (peer 1, tag 7) in line 2 for 11 s\n",
           "a standstill is reported, with what each rank waits for");
    is_str(seen->line,
           "nobody moves: rank 0 waits in Recv (peer 1, tag 7) in line 2, "
           "rank 1 waits in Barrier (peer 1, tag 7) in line 2",
           "and once more in one line");
    watch_destroy(watch);
    idset_destroy(all);
}

static void test_long_report(struct seen *seen)
{
    struct idset *all = idset_create_range(0, 99);
    struct watch *watch =
        watch_create(seen->loop, all, WATCH_PATIENCE_MS, &calls, seen);

    for (int rank = 0; rank < 99; rank++)
        watch_waiting(watch, rank, call("Neighbor_alltoallw", 11000, false));
    loop_run(seen->loop);
    ok(strlen(seen->line) < 250, "the line of many ranks is not too long for a page");
    ok(strstr(seen->line, ", ..."), "it says that there are more");
    watch_destroy(watch);
    idset_destroy(all);
}

static void stop(struct loop *loop, void *arg)
{
    loop_stop(loop);
}

static void test_held(struct seen *seen)
{
    struct idset *all = idset_create_range(0, 2);
    struct watch *watch =
        watch_create(seen->loop, all, WATCH_PATIENCE_MS, &calls, seen);

    free(seen->report);
    seen->report = NULL;
    watch_waiting(watch, 0, call("Recv", 12000, false));
    watch_held(watch, 1, true);
    watch_waiting(watch, 1, call("Barrier", 11000, false));
    loop_add_timer(seen->loop, 20, 0, stop, NULL);
    loop_run(seen->loop);
    ok(!seen->report, "a rank at a breakpoint is no standstill");
    watch_held(watch, 1, false);
    loop_add_timer(seen->loop, 20, 0, stop, NULL);
    loop_run(seen->loop);
    ok(!seen->report, "when it goes on, the time begins anew");
    watch_destroy(watch);
    idset_destroy(all);
}

int main(void)
{
    struct seen seen = { .loop = loop_create(), .released = idset_create() };

    test_release(&seen, false, "0", "who waits for a rank that raised is released");
    test_release(&seen, true, "0-1", "after a death also from what was begun together");
    test_report(&seen);
    test_long_report(&seen);
    test_held(&seen);
    free(seen.report);
    free(seen.line);
    idset_destroy(seen.released);
    loop_destroy(seen.loop);
    return done_testing();
}
