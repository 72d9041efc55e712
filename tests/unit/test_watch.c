/* test_watch.c - ranks that wait for others in vain */
#include "kernel/front/watch.h"

#include <stdlib.h>

#include "kernel/base/mem.h"
#include "tests/unit/tap.h"

struct seen {
    struct loop *loop;
    struct idset *released;
    char *ranks; /* of the report */
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

static void forget(struct seen *seen)
{
    free(seen->ranks);
    free(seen->report);
    free(seen->line);
    seen->ranks = seen->report = seen->line = NULL;
    idset_destroy(seen->released);
    seen->released = idset_create();
}

static void on_report(const struct idset *ranks, const char *text, const char *line,
                      void *arg)
{
    struct seen *seen = arg;

    forget(seen);
    seen->ranks = idset_encode(ranks);
    seen->report = xstrdup(text);
    seen->line = xstrdup(line);
    loop_stop(seen->loop);
}

/* A wait that has lasted 'since' ms, for 'needs' ("any", "all", "life") of 'ranks'. */
static json_t *call(const char *name, int tag, int since, const char *needs,
                    const char *ranks)
{
    return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:s, s:s, s:i}", "call", name,
                     "comm", "MPI_COMM_WORLD", "size", 4, "peer",
                     strcmp(needs, "any") ? -2 : atoi(ranks), "tag", tag, "since_ms",
                     since, "needs", needs, "ranks", ranks, "line", 2);
}

static const struct watch_calls calls = { on_release, on_report };

static struct watch *create(struct seen *seen, int size)
{
    struct idset *all = idset_create_range(0, size);
    struct watch *watch =
        watch_create(seen->loop, all, size, WATCH_PATIENCE_MS, &calls, seen);

    idset_destroy(all);
    forget(seen);
    return watch;
}

static void stop(struct loop *loop, void *arg)
{
    loop_stop(loop);
}

/* Rank 3 fails; 0 waits for it, 1 has begun a Bcast with it, 2 computes. */
static void test_release(struct seen *seen, bool is_death, const char *released,
                         const char *what)
{
    struct watch *watch = create(seen, 4);
    int64_t begun = loop_now();
    char *text;

    seen->wanted = is_death ? 2 : 1;
    watch_waiting(watch, 0, call("Recv", 7, 600, "any", "3"));
    watch_waiting(watch, 1, call("Bcast", -2, 600, "life", "1,3"));
    watch_waiting(watch, 2, call("Recv", 7, 600, "any", "3"));
    watch_waiting(watch, 2, NULL);
    watch_failed(watch, 3, is_death);
    watch_done(watch, 3);
    loop_run(seen->loop);
    text = idset_encode(seen->released);
    is_str(text, released, what);
    ok(loop_now() - begun >= WATCH_GRACE_MS, "after the time of grace");
    free(text);
    watch_destroy(watch);
}

static void test_left_alone(struct seen *seen)
{
    struct watch *watch = create(seen, 4);
    char *text;

    watch_waiting(watch, 0, call("Barrier", -2, 5000, "all", "2-3"));
    watch_waiting(watch, 1, call("Recv", 7, 5000, "any", "2"));
    watch_failed(watch, 3, false);
    watch_done(watch, 3);
    loop_add_timer(seen->loop, WATCH_GRACE_MS + 500, 0, stop, NULL);
    seen->wanted = 2;
    loop_run(seen->loop);
    text = idset_encode(seen->released);
    is_str(text, "0", "who waits for a rank that computes is left to finish");
    free(text);
    watch_destroy(watch);
}

static void test_report(struct seen *seen)
{
    struct watch *watch = create(seen, 2);

    watch_waiting(watch, 0, call("Recv", 7, 12000, "any", "1"));
    ok(!seen->report, "no report while somebody moves");
    watch_waiting(watch, 1, call("Barrier", -2, 11000, "all", "0"));
    loop_run(seen->loop);
    is_str(seen->report,
           "[nobody moves: ranks 0-1 all wait; stop the cell to go on]\n"
           "  rank 0 waits in Recv (peer 1, tag 7) in line 2 for 12 s\n"
           "  rank 1 waits in Barrier in line 2 for 11 s\n"
           "  cause: Barrier misses rank 0, which waits in Recv\n",
           "a standstill is reported, with what each rank waits for");
    is_str(seen->line,
           "nobody moves: rank 0 waits in Recv (peer 1, tag 7) in line 2, "
           "rank 1 waits in Barrier in line 2",
           "and once more in one line");
    is_str(seen->ranks, "0-1", "with the ranks");
    watch_destroy(watch);
}

/* Two of four wait for one another, the others compute. */
static void test_knot(struct seen *seen)
{
    struct watch *watch = create(seen, 4);

    watch_waiting(watch, 1, call("Recv", 5, 11000, "any", "2"));
    watch_waiting(watch, 2, call("ssend", 6, 12000, "any", "1"));
    loop_run(seen->loop);
    is_str(seen->ranks, "1-2", "ranks that only wait for themselves are reported");
    ok(strstr(seen->report, "[ranks 1-2 wait in vain, whatever the others do"),
       "also while others compute");
    watch_waiting(watch, 0, call("Barrier", -2, 11000, "all", "1-3"));
    loop_run(seen->loop);
    is_str(seen->ranks, "0-2", "and once more when another waits for them");
    watch_waiting(watch, 3, call("Spawn", -2, 60000, "", ""));
    loop_add_timer(seen->loop, 20, 0, stop, NULL);
    forget(seen);
    loop_run(seen->loop);
    ok(!seen->report, "who waits for processes outside is none of them");
    watch_destroy(watch);
}

static void test_long_report(struct seen *seen)
{
    struct watch *watch = create(seen, 99);

    for (int rank = 0; rank < 99; rank++)
        watch_waiting(watch, rank,
                      call("Neighbor_alltoallw", -2, 11000, "any", "0-98"));
    loop_run(seen->loop);
    ok(strlen(seen->line) < 250, "the line of many ranks is not too long for a page");
    ok(strstr(seen->line, ", ..."), "it says that there are more");
    watch_destroy(watch);
}

static void test_held(struct seen *seen)
{
    struct watch *watch = create(seen, 2);

    watch_waiting(watch, 0, call("Recv", 7, 12000, "any", "1"));
    watch_held(watch, 1, true);
    watch_waiting(watch, 1, call("Barrier", -2, 11000, "all", "0"));
    loop_add_timer(seen->loop, 20, 0, stop, NULL);
    loop_run(seen->loop);
    ok(!seen->report, "a rank at a breakpoint is no standstill");
    watch_held(watch, 1, false);
    loop_add_timer(seen->loop, 20, 0, stop, NULL);
    loop_run(seen->loop);
    ok(!seen->report, "when it goes on, the time begins anew");
    watch_destroy(watch);
}

int main(void)
{
    struct seen seen = { .loop = loop_create(), .released = idset_create() };

    test_release(&seen, false, "0", "who waits for a rank that raised is released");
    test_release(&seen, true, "0-1", "after a death also from what was begun together");
    test_left_alone(&seen);
    test_report(&seen);
    test_knot(&seen);
    test_long_report(&seen);
    test_held(&seen);
    forget(&seen);
    idset_destroy(seen.released);
    loop_destroy(seen.loop);
    return done_testing();
}
