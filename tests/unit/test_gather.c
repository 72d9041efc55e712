/* test_gather.c - many ranks' outputs become one program's */
#include "kernel/front/gather/gather.h"

#include <stdlib.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/display.h"
#include "tests/unit/tap.h"

#define RANKS 4

/* What was published: stream text as it is, other messages as <type content>. */
struct seen {
    struct buf text;
    int messages;
    char metadata[64]; /* of the last message */
};

static void on_publish(const struct message_out *out, void *arg)
{
    struct seen *seen = arg;

    seen->messages++;
    snprintf(seen->metadata, sizeof(seen->metadata), "%.*s", (int)out->metadata.size,
             out->metadata.size ? (const char *)out->metadata.data : "");
    if (!strcmp(out->type, "stream")) {
        json_t *content = json_loadb(out->content.data, out->content.size, 0, NULL);

        buf_add_text(&seen->text, json_string_value(json_object_get(content, "text")));
        json_decref(content);
    } else {
        buf_add_format(&seen->text, "<%s ", out->type);
        buf_add(&seen->text, out->content.data, out->content.size);
        buf_add_text(&seen->text, ">");
    }
}

static struct displays *displays;

static struct gather *start(struct seen *seen, int ranks, enum gather_mode mode)
{
    struct idset *targets = idset_create_range(0, ranks);
    struct gather_config config = {
        .targets = targets,
        .mode = mode,
        .displays = displays,
        .cell = 1,
        .publish = on_publish,
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

static void say_all(struct gather *gather, const char *text, int64_t now)
{
    for (int rank = 0; rank < RANKS; rank++)
        say(gather, rank, text, now);
}

static void show(struct gather *gather, int rank, const char *type, const char *content,
                 int64_t now)
{
    struct message_part part = { content, strlen(content) };

    gather_message(gather, rank, type, part, NULL, 0, now);
}

static void end(struct gather *gather, struct seen *seen)
{
    gather_destroy(gather);
    buf_clear(&seen->text);
}

static void test_equal(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, RANKS, GATHER_FOLD);

    say(gather, 2, "hello\n", 0);
    ok(seen.messages == 0, "a line waits for its twins");
    is_int(gather_deadline(gather), 100, "for 100 ms at most");
    say(gather, 0, "hello\n", 1);
    say(gather, 3, "hello\n", 2);
    say(gather, 1, "hello\n", 3);
    is_str(buf_text(&seen.text), "hello\n", "what all say is shown once, at once");
    say_all(gather, "no newline", 200);
    gather_tick(gather, 400);
    is_str(buf_text(&seen.text), "hello\nno newline",
           "an open line that all have is shown after a while");
    gather_finish(gather, 500);
    is_str(buf_text(&seen.text), "hello\nno newline", "the end adds nothing");
    end(gather, &seen);
}

static void test_ranks(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, RANKS, GATHER_FOLD);

    say(gather, 3, "rank 3\n", 0);
    say(gather, 1, "rank 1\n", 0);
    say(gather, 0, "rank 0\n", 1);
    say(gather, 2, "rank 2\n", 2);
    is_str(buf_text(&seen.text), "[0] rank 0\n[1] rank 1\n[2] rank 2\n[3] rank 3\n",
           "different lines are labelled, in rank order");
    is_int(seen.messages, 1, "in one message");
    end(gather, &seen);
}

static void test_groups(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, RANKS, GATHER_FOLD);

    say(gather, 0, "start\n", 0);
    say(gather, 1, "start\n", 0);
    say(gather, 2, "start\nlow\n", 0);
    say(gather, 3, "start\nhigh\n", 0);
    say(gather, 0, "low\n", 0);
    say(gather, 1, "low\n", 0);
    gather_finish(gather, 1);
    is_str(buf_text(&seen.text), "start\n[0-2] low\n[3] high\n",
           "equal lines are grouped by rank set");
    end(gather, &seen);
}

static void test_extra_line(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, RANKS, GATHER_FOLD);

    say(gather, 1, "step\n", 0);
    say(gather, 2, "step\n", 0);
    say(gather, 3, "step\n", 0);
    say(gather, 0, "only me\nstep\n", 0);
    is_str(buf_text(&seen.text), "[0] only me\nstep\n",
           "a line of one rank does not part the others' lines from their twin");
    end(gather, &seen);
}

static void test_blocks(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, 2, GATHER_FOLD);

    say(gather, 0, "[[0 0]\n [0 0]]\n", 0);
    say(gather, 1, "[[1 1]\n [1 1]]\n", 0);
    gather_finish(gather, 0);
    is_str(buf_text(&seen.text), "[0] [[0 0]\n[0]  [0 0]]\n[1] [[1 1]\n[1]  [1 1]]\n",
           "lines of one write stay together");
    end(gather, &seen);
}

static void test_timeout(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, RANKS, GATHER_FOLD);

    say(gather, 2, "alone\n", 0);
    gather_tick(gather, 99);
    ok(seen.messages == 0, "nothing before the time");
    gather_tick(gather, 100);
    is_str(buf_text(&seen.text), "[2] alone\n", "then it is shown with its label");
    say(gather, 1, "open", 200);
    gather_tick(gather, 1100);
    is_str(buf_text(&seen.text), "[2] alone\n", "an open line is held longer");
    gather_tick(gather, 1200);
    is_str(buf_text(&seen.text), "[2] alone\n[1] open", "but not for ever");
    say(gather, 1, " end\n", 1300);
    gather_tick(gather, 1400);
    is_str(buf_text(&seen.text), "[2] alone\n[1] open end\n",
           "its rest continues the line, without another label");
    for (int rank = 0; rank < RANKS; rank++)
        gather_done(gather, rank, 1500);
    say(gather, 0, "x", 1500);
    gather_finish(gather, 1500);
    is_str(buf_text(&seen.text), "[2] alone\n[1] open end\n[0] x",
           "the end of the cell waits for nobody");
    end(gather, &seen);
}

static void test_drift(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, 2, GATHER_FOLD);
    struct buf wanted = { 0 };
    bool is_live = true;
    int64_t now = 0;

    for (int i = 0; i < 20; i++) {
        char *line = xasprintf("%d\n", i);

        say(gather, 0, line, 0);
        free(line);
    }
    for (int i = 0; i < 10; i++) {
        char *line = xasprintf("%d\n", i);

        buf_add_text(&wanted, line);
        say(gather, 1, line, now);
        gather_tick(gather, now + 50);
        is_live = is_live && !strcmp(buf_text(&seen.text), buf_text(&wanted));
        free(line);
        now += 99;
    }
    ok(is_live, "who follows is waited for, what it reaches is shown meanwhile");
    is_str(buf_text(&seen.text), buf_text(&wanted),
           "without labels, however far behind");
    gather_tick(gather, now);
    is_str(buf_text(&seen.text), buf_text(&wanted), "for 100 ms after it last did");
    gather_tick(gather, now + 1);
    ok(!strncmp(buf_text(&seen.text) + wanted.size, "[0] 10\n[0] 11\n", 14),
       "then no longer");
    buf_clear(&wanted);
    end(gather, &seen);
}

/* A rank that is behind, but writes something of its own, does not follow. */
static void test_stray(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, 3, GATHER_FOLD);

    for (int rank = 0; rank < 3; rank++)
        say(gather, rank, "all\n", 0);
    say(gather, 0, "more\n", 10);
    say(gather, 1, "...", 60);
    say(gather, 1, "...", 90);
    gather_tick(gather, 110);
    is_str(buf_text(&seen.text), "all\n[0] more\n",
           "a rank that does not follow is not waited for");
    end(gather, &seen);
}

static void test_full(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, 128, GATHER_FOLD);
    char *line = xmalloc(1 << 18);

    memset(line, 'x', 1 << 18);
    line[(1 << 18) - 1] = '\n';
    for (int i = 0; i < 3; i++)
        gather_stream(gather, 5, "stdout", line, 1 << 18, 0);
    is_int(seen.messages, 0, "much text waits");
    gather_stream(gather, 5, "stdout", line, 1 << 18, 0);
    is_int(seen.messages, 1, "too much does not");
    free(line);
    end(gather, &seen);
}

static void test_direct(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, 1, GATHER_FOLD);

    say(gather, 0, "a", 0);
    is_str(buf_text(&seen.text), "a", "with one target text passes at once");
    say(gather, 0, "b", 1);
    say(gather, 0, "c\xc3", 2);
    is_int(seen.messages, 1, "what follows closely is joined");
    is_int(gather_deadline(gather), 50, "and comes 50 ms later");
    gather_tick(gather, 50);
    is_str(buf_text(&seen.text), "abc", "half a character waits for the other half");
    say(gather, 0, "\xa9", 200);
    is_str(buf_text(&seen.text), "abc\xc3\xa9", "and is whole then");
    show(gather, 0, "execute_result", "{\"data\":1}", 201);
    is_str(buf_text(&seen.text), "abc\xc3\xa9<execute_result {\"data\":1}>",
           "a result passes unchanged");
    end(gather, &seen);
}

static void test_modes(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, 2, GATHER_RANK);

    say(gather, 1, "x\n", 0);
    say(gather, 0, "x\n", 0);
    is_str(buf_text(&seen.text), "[1] x\n", "mode rank waits for nobody");
    gather_tick(gather, 50);
    is_str(buf_text(&seen.text), "[1] x\n[0] x\n", "and groups nothing");
    end(gather, &seen);
    seen = (struct seen){ { 0 } };
    gather = start(&seen, 2, GATHER_RAW);
    say(gather, 1, "x\n", 0);
    say(gather, 0, "x\n", 0);
    gather_finish(gather, 0);
    is_str(buf_text(&seen.text), "x\nx\n", "mode raw labels nothing");
    end(gather, &seen);
}

static void test_results(void)
{
    static const char *const one = "{\"data\":{\"text/plain\":\"1\"},\"metadata\":{}}";
    static const char *const two =
        "{\"data\":{\"text/plain\":\"2\\n3\"},\"metadata\":{}}";
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, RANKS, GATHER_FOLD);

    for (int rank = 0; rank < RANKS; rank++)
        show(gather, rank, "execute_result", one, 0);
    is_int(seen.messages, 1, "equal results are one");
    ok(strstr(buf_text(&seen.text), one), "as each rank made it");
    end(gather, &seen);

    seen = (struct seen){ { 0 } };
    gather = start(&seen, RANKS, GATHER_FOLD);
    show(gather, 0, "execute_result", one, 0);
    show(gather, 1, "execute_result", two, 0);
    gather_tick(gather, 100000);
    is_int(seen.messages, 0, "a result waits for all");
    show(gather, 2, "execute_result", one, 0);
    say(gather, 3, "no result\n", 0);
    gather_finish(gather, 0);
    is_int(seen.messages, 2, "different results are one message too");
    ok(strstr(buf_text(&seen.text), "[0,2] 1\\n[1] 2\\n    3"),
       "with a labelled piece for each group");
    ok(!strstr(buf_text(&seen.text), "text/html"), "text needs no HTML");
    end(gather, &seen);
}

static void test_displays(void)
{
    static const char *const picture = "{\"data\":{\"image/png\":\"AA\"}}";
    static const char *const other = "{\"data\":{\"image/png\":\"BB\"}}";
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, 2, GATHER_FOLD);

    say(gather, 0, "before\n", 0);
    say(gather, 1, "before\n", 0);
    show(gather, 1, "display_data", picture, 0);
    show(gather, 0, "display_data", picture, 0);
    is_str(buf_text(&seen.text),
           "before\n<display_data {\"data\":{\"image/png\":\"AA\"}}>",
           "equal displays are one, after the text before them");
    buf_reset(&seen.text);
    show(gather, 0, "display_data", picture, 0);
    show(gather, 1, "display_data", other, 0);
    is_int(seen.messages, 3, "different ones are one too");
    ok(strstr(buf_text(&seen.text), "rank 0") < strstr(buf_text(&seen.text), "AA")
           && strstr(buf_text(&seen.text), "AA")
                  < strstr(buf_text(&seen.text), "rank 1")
           && strstr(buf_text(&seen.text), "rank 1")
                  < strstr(buf_text(&seen.text), "BB"),
       "side by side in rank order, each after its label");
    buf_reset(&seen.text);
    show(gather, 0, "display_data", "{\"data\":{\"text/plain\":\"1\\n2\"}}", 0);
    gather_finish(gather, 0);
    is_str(buf_text(&seen.text),
           "<display_data {\"data\":{\"text/plain\":\"[0] 1\\n    2\"}}>",
           "text alone takes the label into its line");
    end(gather, &seen);
}

static void test_lone_display(void)
{
    static const char *const picture = "{\"data\":{\"image/png\":\"AA\"}}";
    static const char *const other = "{\"data\":{\"image/png\":\"BB\"}}";
    static const char *const third = "{\"data\":{\"image/png\":\"CC\"}}";
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, 3, GATHER_FOLD);

    show(gather, 1, "display_data", picture, 0);
    gather_tick(gather, 1000);
    is_str(buf_text(&seen.text), "<display_data {\"data\":{\"image/png\":\"AA\"}}>",
           "a picture that only one rank shows has no label in front");
    is_str(seen.metadata, "{\"rankbook\":{\"ranks\":\"1\"}}",
           "but its metadata name the rank");
    buf_reset(&seen.text);
    show(gather, 0, "display_data", picture, 2000);
    for (int rank = 0; rank < 3; rank++)
        show(gather, rank, "display_data", other, 2000);
    is_str(buf_text(&seen.text),
           "<display_data {\"data\":{\"image/png\":\"AA\"}}>"
           "<display_data {\"data\":{\"image/png\":\"BB\"}}>",
           "nor before one that all show");
    buf_reset(&seen.text);
    show(gather, 0, "display_data", picture, 3000);
    show(gather, 1, "display_data", third, 3000);
    say(gather, 2, "text\n", 3000);
    ok(strstr(buf_text(&seen.text), "rank 0") && strstr(buf_text(&seen.text), "rank 1"),
       "two that differ have labels");
    buf_reset(&seen.text);
    show(gather, 0, "display_data", picture, 4000);
    show(gather, 1, "display_data", picture, 4000);
    gather_finish(gather, 4000);
    ok(strstr(buf_text(&seen.text), "\"[0-1]\""), "and so has one of some ranks");
    end(gather, &seen);
}

static void test_display_ids(void)
{
    static const char *const text =
        "{\"data\":{\"text/plain\":\"%s\"},\"transient\":{\"display_id\":\"p\"}}";
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, 2, GATHER_FOLD);
    char *a = xasprintf(text, "a"), *b = xasprintf(text, "b");

    show(gather, 0, "display_data", a, 0);
    show(gather, 1, "display_data", b, 0);
    ok(strstr(buf_text(&seen.text), "\"p.r0\"")
           && strstr(buf_text(&seen.text), "\"p.r1\""),
       "one id for different contents becomes two");
    buf_reset(&seen.text);
    show(gather, 1, "update_display_data", a, 0);
    gather_finish(gather, 0);
    ok(strstr(buf_text(&seen.text), "update_display_data")
           && strstr(buf_text(&seen.text), "\"p.r1\"")
           && !strstr(buf_text(&seen.text), "\"p.r0\""),
       "an update reaches the display of its rank");
    buf_reset(&seen.text);
    show(gather, 0, "display_data", a, 0);
    show(gather, 1, "display_data", a, 0);
    show(gather, 0, "update_display_data", b, 0);
    show(gather, 1, "update_display_data", b, 0);
    ok(strstr(buf_text(&seen.text), "\"p\"") && !strstr(buf_text(&seen.text), "p.r"),
       "ranks that agree keep the id");
    end(gather, &seen);
    free(a);
    free(b);
}

static void test_clear(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, 2, GATHER_FOLD);

    say(gather, 0, "x\n", 0);
    gather_tick(gather, 100);
    show(gather, 1, "clear_output", "{\"wait\":false}", 100);
    gather_tick(gather, 200);
    is_str(buf_text(&seen.text), "[0] x\n", "a rank cannot clear what another wrote");
    show(gather, 0, "clear_output", "{\"wait\":false}", 300);
    gather_tick(gather, 400);
    ok(strstr(buf_text(&seen.text), "<clear_output"), "it can clear its own");
    end(gather, &seen);

    seen = (struct seen){ { 0 } };
    gather = start(&seen, 2, GATHER_FOLD);
    say(gather, 0, "both\n", 0);
    say(gather, 1, "both\n", 0);
    say(gather, 0, "x\n", 0);
    say(gather, 1, "y\n", 0);
    show(gather, 0, "clear_output", "{\"wait\":true}", 0);
    gather_tick(gather, 200);
    is_str(buf_text(&seen.text), "both\n[0] x\n[1] y\n", "clearing may wait");
    buf_reset(&seen.text);
    say(gather, 0, "z\n", 300);
    gather_finish(gather, 400);
    is_str(buf_text(&seen.text),
           "<clear_output {\"wait\":true}>[1] both\n[1] y\n[0] z\n",
           "and leaves what others show");
    end(gather, &seen);
}

/* Rank 1 says something else in one line of a hundred. */
static void test_one_line_of_a_hundred(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, 2, GATHER_FOLD);
    char line[32];

    for (int i = 0; i < 300; i++) {
        bool differs = i % 100 == 50;

        snprintf(line, sizeof(line), "line %d\n", i);
        say(gather, 0, line, i);
        if (differs)
            snprintf(line, sizeof(line), "another %d\n", i);
        if (i < 120 || i >= 170) /* and has fifty lines less */
            say(gather, 1, line, i);
    }
    gather_finish(gather, 300);
    ok(!strncmp(buf_text(&seen.text), "line 0\nline 1\n", 14), "what is equal folds");
    ok(strstr(buf_text(&seen.text),
              "line 49\n[0] line 50\n[1] another 50\nline 51\nline 52\n"),
       "one line differs, and they go on together");
    ok(strstr(buf_text(&seen.text), "line 119\n[0] line 120\n[0] line 121\n")
           && strstr(buf_text(&seen.text), "[0] line 169\nline 170\nline 171\n"),
       "lines that one has more stand alone, and they go on together");
    end(gather, &seen);
}

static void test_flood(void)
{
    char folder[] = "/tmp/rankbook-test-XXXXXX";
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen, 1, GATHER_FOLD);
    char *line = xmalloc(1 << 20), *command;

    ok(mkdtemp(folder) != NULL, "a folder for the rest");
    setenv("XDG_STATE_HOME", folder, 1);
    memset(line, 'x', 1 << 20);
    for (int i = 0; i < 12; i++)
        gather_stream(gather, 0, "stdout", line, 1 << 20, i);
    gather_finish(gather, 100);
    ok(strstr(buf_text(&seen.text), "more than 10 MB"), "a flood is cut, and says so");
    ok(strstr(buf_text(&seen.text), folder), "with the path of the rest");
    is_int(seen.messages, 2, "what comes at one time is one message");
    end(gather, &seen);
    command = xasprintf("test $(cat %s/rankbook/output-* | wc -c) = %d && rm -r %s",
                        folder, 2 << 20, folder);
    ok(system(command) == 0, "the rest is there, all of it");
    free(command);
    free(line);
}

int main(void)
{
    displays = displays_create();
    test_equal();
    test_ranks();
    test_groups();
    test_extra_line();
    test_blocks();
    test_timeout();
    test_drift();
    test_stray();
    test_full();
    test_direct();
    test_modes();
    test_results();
    test_displays();
    test_lone_display();
    test_display_ids();
    test_clear();
    test_one_line_of_a_hundred();
    test_flood();
    displays_destroy(displays);
    return done_testing();
}
