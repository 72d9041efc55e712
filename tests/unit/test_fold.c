/* test_fold.c - random output of random ranks: nothing is lost, nothing overtakes
 *
 * What was given out is expanded again, by the labels, into what each rank must
 * have written; that has to be what it did write.
 */
#include "kernel/front/gather/gather.h"

#include <stdlib.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/display.h"
#include "kernel/front/gather/fold.h"
#include "tests/unit/tap.h"

#define ROUNDS 3000
#define RANKS_MAX 12

static struct buf seen;

static void on_publish(const struct message_out *out, void *arg)
{
    json_t *content = json_loadb(out->content.data, out->content.size, 0, NULL);

    buf_add_text(&seen, json_string_value(json_object_get(content, "text")));
    json_decref(content);
}

/* Few different lines, so that many are equal; sometimes in pieces. */
static void say_something(struct gather *gather, int rank, struct buf *said,
                          int64_t now)
{
    static const char *const lines[] = { "a\n", "b\n", "c\n", "\n", "  d\n" };
    struct buf text = { 0 };
    size_t cut;

    for (int count = rand() % 4; count >= 0; count--)
        buf_add_text(&text, lines[rand() % 5]);
    if (rand() % 4 == 0)
        buf_add_format(&text, "only %d\n", rank);
    buf_add(said, text.data, text.size);
    cut = (size_t)rand() % text.size;
    gather_stream(gather, rank, "stdout", text.data, cut, now);
    gather_stream(gather, rank, "stdout", text.data + cut, text.size - cut, now);
    buf_clear(&text);
}

/* Gives each line of 'text' to the ranks that its label names. */
static bool expand(const char *text, int ranks, struct buf *each)
{
    while (*text) {
        const char *end = strchr(text, '\n');
        struct idset *set = NULL;
        size_t size;

        if (!end)
            return false;
        if (*text == '[') {
            char *label = xstrndup(text + 1, strcspn(text + 1, "]"));

            set = idset_decode(label, NULL);
            text += strlen(label) + 3;
            if (idset_count(set) == 1 && ranks > 10 && strlen(label) == 1)
                text++; /* padded */
            free(label);
        } else {
            set = idset_create_range(0, ranks);
        }
        size = (size_t)(end - text) + 1;
        for (int rank = idset_first(set); rank >= 0; rank = idset_next(set, rank))
            buf_add(&each[rank], text, size);
        idset_destroy(set);
        text = end + 1;
    }
    return true;
}

static bool play(struct displays *displays, enum gather_mode mode)
{
    int ranks = 2 + rand() % (RANKS_MAX - 1);
    struct idset *targets = idset_create_range(0, ranks);
    struct gather_config config = {
        .targets = targets,
        .mode = mode,
        .displays = displays,
        .cell = 1,
        .publish = on_publish,
    };
    struct gather *gather = gather_create(&config);
    struct buf said[RANKS_MAX] = { { 0 } }, read[RANKS_MAX] = { { 0 } };
    int64_t now = 0;
    bool good;

    for (int count = rand() % 60; count > 0; count--) {
        int rank = rand() % ranks;

        now += rand() % 3 ? 0 : rand() % 80;
        say_something(gather, rank, &said[rank], now);
        if (rand() % 3 == 0)
            gather_tick(gather, now);
    }
    for (int rank = 0; rank < ranks && rand() % 2; rank++)
        gather_done(gather, rank, now);
    gather_finish(gather, now);
    good = expand(buf_text(&seen), ranks, read);
    for (int rank = 0; rank < ranks; rank++) {
        good = good && !strcmp(buf_text(&said[rank]), buf_text(&read[rank]));
        buf_clear(&said[rank]);
        buf_clear(&read[rank]);
    }
    gather_destroy(gather);
    idset_destroy(targets);
    buf_clear(&seen);
    return good;
}

/* One that writes what all write, at its own pace. */
struct walker {
    size_t at; /* in the text of all */
    int64_t heard;
};

/* The one that was silent for long, or any other that is not at the end. */
static int choose_walker(const struct walker *walkers, int ranks, size_t end,
                         int64_t now)
{
    int chosen = rand() % ranks;

    for (int rank = 0; rank < ranks; rank++)
        if (walkers[rank].at < end && now - walkers[rank].heard > FOLD_TEXT_MS / 2)
            return rank;
    while (walkers[chosen].at == end)
        chosen = (chosen + 1) % ranks;
    return chosen;
}

static void walk_on(struct gather *gather, int rank, struct walker *walker,
                    const struct buf *text, int64_t now)
{
    const char *from = (const char *)text->data + walker->at, *to = from;

    for (int lines = 1 + rand() % 20; *to && lines > 0; lines--)
        to = strchr(to, '\n') + 1;
    gather_stream(gather, rank, "stdout", from, (size_t)(to - from), now);
    walker->at += (size_t)(to - from);
    walker->heard = now;
    if (!*to)
        gather_done(gather, rank, now);
}

/* All ranks write the same; they drift apart, but none is ever silent for long. */
static bool drift(struct displays *displays)
{
    int ranks = 2 + rand() % (RANKS_MAX - 1), left = ranks;
    struct idset *targets = idset_create_range(0, ranks);
    struct gather_config config = {
        .targets = targets,
        .displays = displays,
        .cell = 1,
        .publish = on_publish,
    };
    struct gather *gather = gather_create(&config);
    struct walker walkers[RANKS_MAX] = { { 0 } };
    struct buf text = { 0 };
    int64_t now = 0;
    bool good;

    for (int count = 200; count > 0; count--)
        buf_add_format(&text, "%d\n", rand() % 3 ? count : 0);
    buf_text(&text);
    while (left > 0) {
        int rank = choose_walker(walkers, ranks, text.size, now);

        walk_on(gather, rank, &walkers[rank], &text, now);
        left -= walkers[rank].at == text.size;
        now += rand() % 4;
        gather_tick(gather, now);
    }
    gather_finish(gather, now);
    good = !strcmp(buf_text(&seen), buf_text(&text));
    gather_destroy(gather);
    idset_destroy(targets);
    buf_clear(&text);
    buf_clear(&seen);
    return good;
}

int main(void)
{
    static const enum gather_mode modes[] = { GATHER_FOLD, GATHER_RANK };
    struct displays *displays = displays_create();
    int drifted = -1;

    for (size_t i = 0; i < 2; i++) {
        int bad = -1;

        for (int seed = 0; seed < ROUNDS && bad < 0; seed++) {
            srand((unsigned)seed);
            if (!play(displays, modes[i]))
                bad = seed;
        }
        is_int(bad, -1,
               modes[i] == GATHER_FOLD
                   ? "folded output expands to what each rank wrote"
                   : "labelled output expands to what each rank wrote");
    }
    for (int seed = 0; seed < ROUNDS && drifted < 0; seed++) {
        srand((unsigned)seed);
        if (!drift(displays))
            drifted = seed;
    }
    is_int(drifted, -1, "what ranks write alike is one text, however far they drift");
    displays_destroy(displays);
    return done_testing();
}
