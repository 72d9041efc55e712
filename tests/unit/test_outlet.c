/* test_outlet.c - the text of a cell leaves: not too often, too fast, or too much */
#include "kernel/front/gather/outlet.h"

#include <jansson.h>
#include <stdlib.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/pace.h"
#include "tests/unit/tap.h"

#define LINE 100

static char folder[] = "/tmp/rankbook-test-XXXXXX";
static struct buf shown;
static int messages;

static void on_publish(const struct message_out *out, void *arg)
{
    json_t *content = json_loadb(out->content.data, out->content.size, 0, NULL);
    const char *text = json_string_value(json_object_get(content, "text"));

    buf_add_text(&shown, text ? text : "<other>");
    messages++;
    json_decref(content);
}

static struct outlet *start(bool is_paced)
{
    static uint64_t cell; /* files of the same second are told apart by it */

    buf_reset(&shown);
    messages = 0;
    return outlet_create(++cell, is_paced, on_publish, NULL);
}

static void add(struct outlet *outlet, const char *name, const char *text)
{
    outlet_add(outlet, name, text, strlen(text));
}

/* Runs the clock from 'now' to 'end' as a loop would. */
static void wait_until(struct outlet *outlet, int64_t end)
{
    int64_t due;

    while ((due = outlet_deadline(outlet)) >= 0 && due <= end)
        outlet_flush(outlet, due, false);
    outlet_flush(outlet, end, false);
}

static void test_rate(void)
{
    struct outlet *outlet = start(false);

    is_int(outlet_deadline(outlet), -1, "nothing waits");
    for (int now = 0; now < 1000; now++) {
        add(outlet, "stdout", "x\n");
        outlet_flush(outlet, now, false);
    }
    is_int(messages, 20, "20 messages a second");
    for (int i = 0; i < 100; i++) {
        add(outlet, "stdout", "out\n");
        add(outlet, "stderr", "err\n");
    }
    messages = 0;
    outlet_flush(outlet, 2000, true);
    is_int(messages, 16, "streams that alternate are joined");
    is_int((long long)shown.size, 2 * 1000 + 2 * 4 * 100, "and nothing is lost");
    outlet_destroy(outlet);
}

/* 'count' lines, of 'size' bytes all together, numbered. */
static void add_lines(struct outlet *outlet, struct buf *said, int count)
{
    for (int i = 0; i < count; i++) {
        char line[LINE + 1];

        snprintf(line, sizeof(line), "%0*zu\n", LINE - 1, said->size);
        buf_add_text(said, line);
        add(outlet, "stdout", line);
    }
}

/* What the cell shows before its note, and the file that the note names, are 'said';
 * the file may begin before the cell ends. */
static void check_all_there(const struct buf *said)
{
    char *note = strstr(buf_text(&shown), "[more than"), *path = NULL, *end = NULL;
    size_t before = note ? (size_t)(note - shown.data) : 0;
    struct buf rest = { 0 };
    FILE *file = NULL;

    ok(note && (path = strchr(note, '/')) && (end = strchr(path, ']')),
       "a note names the file");
    if (!path || !end)
        return;
    path = xstrndup(path, (size_t)(end - path));
    file = fopen(path, "r");
    ok(file && !memcmp(shown.data, said->data, before), "what is shown is right");
    buf_reserve(&rest, said->size);
    rest.size = fread(rest.data, 1, said->size, file);
    ok(before + rest.size >= said->size
           && !memcmp(rest.data, said->data + said->size - rest.size, rest.size),
       "what is not is in the file");
    fclose(file);
    free(path);
    buf_clear(&rest);
}

static void test_limit(void)
{
    struct outlet *outlet = start(false);
    struct buf said = { 0 };

    add_lines(outlet, &said, 2 * (int)(OUTLET_CELL_MAX / LINE));
    outlet_flush(outlet, 0, true);
    ok(shown.size > OUTLET_CELL_MAX - 200 && shown.size < OUTLET_CELL_MAX + 200,
       "a cell shows 10 MB");
    check_all_there(&said);
    outlet_destroy(outlet);
    buf_clear(&said);
}

/* A line that is longer than what the cell shows, and is on its way when that ends. */
static void test_limit_within_a_line(void)
{
    struct outlet *outlet = start(false);
    size_t size = OUTLET_CELL_MAX;
    char *text = xcalloc(1, size + 1);

    memset(text, 'x', size);
    add(outlet, "stdout", text);
    outlet_flush(outlet, 0, false);
    is_int((long long)shown.size, (long long)size, "what fits is shown");
    add(outlet, "stdout", "y\n");
    outlet_flush(outlet, 100, true);
    ok(!strncmp(shown.data + size, "\n[\u2026 more than", 7),
       "the note has a line of its own, and says that it cuts one");
    outlet_destroy(outlet);
    free(text);
}

/* A server counts three seconds of its own, and may be two seconds late. */
#define SERVER_MS 5000
#define SERVER_BYTES 3000000
#define STEP_MS 50
#define STEPS 600

static void test_pace(void)
{
    struct outlet *outlet = start(true);
    struct buf said = { 0 };
    size_t sizes[STEPS], worst = 0;
    int span = SERVER_MS / STEP_MS, end = STEPS * STEP_MS;

    add_lines(outlet, &said, 60000);
    for (int i = 0; i < STEPS; i++) {
        wait_until(outlet, i * STEP_MS);
        sizes[i] = shown.size;
        if (i >= span && sizes[i] - sizes[i - span] > worst)
            worst = sizes[i] - sizes[i - span];
    }
    ok(sizes[0] > 1000000, "a megabyte goes at once");
    ok(sizes[span] < SERVER_BYTES && worst < SERVER_BYTES,
       "no more than a browser's server lets through");
    ok(shown.size == said.size && !memcmp(shown.data, said.data, said.size),
       "all of it after a while");
    outlet_flush(outlet, end, true);
    ok(!strstr(buf_text(&shown), "[more than"), "then no file is needed");
    add_lines(outlet, &said, 60000);
    wait_until(outlet, end + SERVER_MS);
    outlet_flush(outlet, end + SERVER_MS, true);
    check_all_there(&said);
    outlet_destroy(outlet);
    buf_clear(&said);
}

int main(void)
{
    char *command;

    if (!mkdtemp(folder))
        return 1;
    setenv("XDG_STATE_HOME", folder, 1);
    test_rate();
    test_limit();
    test_limit_within_a_line();
    test_pace();
    command =
        xasprintf("test $(ls %s/rankbook | wc -l) = 3 && rm -r %s", folder, folder);
    ok(system(command) == 0, "files that no note names are gone");
    free(command);
    buf_clear(&shown);
    return done_testing();
}
