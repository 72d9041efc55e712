/* test_failure.c - the errors of many ranks as one */
#include "kernel/front/gather/failure.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

static void fail(struct failures *failures, int rank, const char *ename,
                 const char *evalue, const char *line)
{
    json_t *error = json_pack("{s:s, s:s, s:[s]}", "ename", ename, "evalue", evalue,
                              "traceback", line);

    failures_add(failures, rank, error);
    json_decref(error);
}

/* The folded traceback, its lines joined by '|'. */
static const char *lines_of(const json_t *error)
{
    static char text[512];
    json_t *line;
    size_t i;

    *text = '\0';
    json_array_foreach(json_object_get(error, "traceback"), i, line)
    {
        if (i > 0)
            strcat(text, "|");
        strcat(text, json_string_value(line));
    }
    return text;
}

static const char *text_of(const json_t *error, const char *key)
{
    return json_string_value(json_object_get(error, key));
}

static void test_alike(const struct idset *all)
{
    struct failures *failures = failures_create();
    json_t *error;

    ok(failures_is_empty(failures), "none has failed");
    ok(!failures_fold(failures, all), "and there is no error");
    for (int rank = 3; rank >= 0; rank--)
        fail(failures, rank, "ValueError", "bad", "trace");
    error = failures_fold(failures, all);
    is_str(lines_of(error), "trace", "all alike: just what each of them said");
    is_str(text_of(error, "evalue"), "bad", "with its value");
    json_decref(error);
    failures_destroy(failures);
}

static void test_some(const struct idset *all)
{
    struct failures *failures = failures_create();
    json_t *error;

    fail(failures, 2, "ValueError", "bad", "trace");
    error = failures_fold(failures, all);
    is_str(lines_of(error), "rank 2: ValueError: bad|trace",
           "a heading names the rank");
    is_str(text_of(error, "ename"), "ValueError", "the name stays");
    json_decref(error);
    fail(failures, 1, "KeyError", "k", "other");
    fail(failures, 0, "ValueError", "bad", "trace");
    error = failures_fold(failures, all);
    is_str(lines_of(error), "ranks 0,2: ValueError: bad|[0,2]|trace|[1]|other",
           "every distinct traceback is kept, under its ranks");
    json_decref(error);
    failures_destroy(failures);
}

static void test_cause(const struct idset *all)
{
    struct failures *failures = failures_create();
    json_t *error;

    fail(failures, 0, "PeerError", "rank 3 raised", "waited");
    fail(failures, 1, "KeyboardInterrupt", "", "stopped");
    fail(failures, 3, "ValueError", "bad", "trace");
    error = failures_fold(failures, all);
    is_str(text_of(error, "ename"), "ValueError",
           "the cause comes before what it caused");
    is_str(lines_of(error), "rank 3: ValueError: bad|[3]|trace|[0]|waited|[1]|stopped",
           "the consequences follow in time");
    json_decref(error);
    failures_destroy(failures);
}

static void test_death(const struct idset *all)
{
    struct failures *failures = failures_create();
    json_t *error;

    fail(failures, 3, "RankDied", "rank 3 died", "RankDied: rank 3 died");
    error = failures_fold(failures, all);
    is_str(lines_of(error), "RankDied: rank 3 died", "a death says its rank once");
    json_decref(error);
    fail(failures, 0, "PeerError", "", "waited");
    error = failures_fold(failures, all);
    is_str(lines_of(error), "RankDied: rank 3 died|[0]|waited", "also before others");
    json_decref(error);
    failures_destroy(failures);
}

static void test_nonsense(const struct idset *all)
{
    struct failures *failures = failures_create();
    json_t *odd = json_pack("{s:i, s:[i, s]}", "ename", 7, "traceback", 1, "line");
    json_t *error;

    failures_add(failures, 0, odd);
    failures_add(failures, 1, NULL);
    error = failures_fold(failures, all);
    is_str(text_of(error, "ename"), "", "what is no text counts as empty");
    is_str(lines_of(error), "rank 0: |[0]|line|[1]", "and does no harm");
    json_decref(error);
    json_decref(odd);
    failures_destroy(failures);
}

int main(void)
{
    struct idset *all = idset_create_range(0, 4);

    test_alike(all);
    test_some(all);
    test_cause(all);
    test_death(all);
    test_nonsense(all);
    idset_destroy(all);
    return done_testing();
}
