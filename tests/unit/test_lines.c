/* test_lines.c - lines that are rewritten, and where they go */
#include "kernel/front/gather/lines.h"

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/display.h"
#include "kernel/front/gather/gather.h"
#include "tests/unit/tap.h"

/* What was published: stream text as it is, other messages as <type content>. */
struct seen {
    struct buf text;
};

static void on_publish(const struct message_out *out, void *arg)
{
    struct seen *seen = arg;

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

static struct gather *start(struct seen *seen)
{
    struct idset *targets = idset_create_range(0, 2);
    struct gather_config config = {
        .targets = targets,
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

static void end(struct gather *gather, struct seen *seen)
{
    gather_destroy(gather);
    buf_clear(&seen->text);
}

static void test_bars(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen);

    say(gather, 0, "\r10%", 0);
    say(gather, 1, "\r10%", 0);
    gather_tick(gather, 100);
    is_str(buf_text(&seen.text), "\r10%", "a bar that all share is text");
    say(gather, 0, "\r20%", 200);
    say(gather, 1, "\r30%", 200);
    gather_tick(gather, 400);
    say(gather, 0, "\r100%\n", 500);
    say(gather, 1, "\r100%\n", 500);
    gather_finish(gather, 600);
    ok(strstr(buf_text(&seen.text), "[0] 20%"), "bars that differ are labelled");
    ok(strstr(buf_text(&seen.text), "\"100%"), "and become one again");
    ok(strstr(buf_text(&seen.text), "update_display_data"), "in place");
    end(gather, &seen);
}

static void test_bars_in_pieces(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen);

    say(gather, 0, "\rlo", 0);
    gather_tick(gather, 200);
    say(gather, 0, "ad", 200);
    say(gather, 1, "\rsaving", 200);
    say(gather, 1, "\r100", 200);
    gather_finish(gather, 400);
    ok(strstr(buf_text(&seen.text), "\"[0] load\\n[1] 100ing\""),
       "a bar that comes in pieces is whole, and overwrites what it reaches");
    end(gather, &seen);
}

static void test_bars_and_text(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen);
    const char *bar;

    say(gather, 0, "\rbar\nafter\n", 0);
    gather_done(gather, 1, 0);
    gather_finish(gather, 10);
    bar = strstr(buf_text(&seen.text), "[0] bar");
    ok(bar && strstr(bar, "[0] after"), "text after a bar stands below it");
    end(gather, &seen);
}

static void test_bars_one_after_the_other(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen);

    say(gather, 0, "\r0: 10%", 0);
    say(gather, 1, "\r1: 10%", 0);
    gather_tick(gather, 2000);
    say(gather, 0, "\r0: 100%\n", 2000);
    gather_tick(gather, 4000);
    say(gather, 0, "\r0: 20% of the next", 4000);
    gather_tick(gather, 6000);
    say(gather, 0, "\r0: all of the next\n", 6000);
    say(gather, 1, "\r1: 100%\n", 6000);
    gather_finish(gather, 8000);
    ok(strstr(buf_text(&seen.text),
              "[0] 0: 100%\\n[0] 0: all of the next\\n[1] 1: 100%"),
       "the end of a bar stays while its rank has another one");
    end(gather, &seen);
}

static void test_note(void)
{
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen);

    for (int rank = 0; rank < 2; rank++)
        say(gather, rank, "\rloading", 0);
    gather_tick(gather, 200);
    gather_note(gather, "stdout", "note\n", 300);
    for (int rank = 0; rank < 2; rank++)
        say(gather, rank, "\rab", 400);
    gather_finish(gather, 600);
    ok(!strncmp(buf_text(&seen.text), "\rloading\nnote\n<display_data", 27)
           && strstr(buf_text(&seen.text), "\"abading\""),
       "a bar goes on below a line that came between");
    end(gather, &seen);
}

static void test_cleared(void)
{
    static const char content[] = "{\"wait\":false}";
    struct message_part part = { content, sizeof(content) - 1 };
    struct seen seen = { { 0 } };
    struct gather *gather = start(&seen);

    say(gather, 0, "\rold", 0);
    say(gather, 1, "\rolder", 0);
    gather_tick(gather, 200);
    for (int rank = 0; rank < 2; rank++)
        gather_message(gather, rank, "clear_output", part, NULL, 0, 300);
    buf_reset(&seen.text);
    say(gather, 0, "\rnew", 400);
    gather_finish(gather, 600);
    ok(strstr(buf_text(&seen.text), "<display_data")
           && strstr(buf_text(&seen.text), "\"[0] new\""),
       "after clear_output() a bar is a new display");
    end(gather, &seen);
}

int main(void)
{
    displays = displays_create();
    test_bars();
    test_bars_in_pieces();
    test_bars_and_text();
    test_bars_one_after_the_other();
    test_note();
    test_cleared();
    displays_destroy(displays);
    return done_testing();
}
