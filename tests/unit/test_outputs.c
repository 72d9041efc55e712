/* test_outputs.c - messages become the outputs of cells */
#include "launcher/replay/outputs.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "tests/unit/tap.h"

struct fixture {
    struct displays *displays;
    struct outputs *outputs[2];
    json_t *cells[2];
};

static void begin(struct fixture *fixture)
{
    fixture->displays = displays_create();
    for (int i = 0; i < 2; i++) {
        fixture->cells[i] = json_pack("{s:{}}", "metadata");
        fixture->outputs[i] = outputs_create(fixture->cells[i], fixture->displays);
    }
}

static void end(struct fixture *fixture)
{
    for (int i = 0; i < 2; i++) {
        outputs_destroy(fixture->outputs[i]);
        json_decref(fixture->cells[i]);
    }
    displays_destroy(fixture->displays);
    outputs_destroy(NULL);
    displays_destroy(NULL);
}

static void apply(struct outputs *outputs, const char *type, const char *content)
{
    struct signer *signer = signer_create("hmac-sha256", "", NULL);
    char *header = xasprintf("{\"msg_type\":\"%s\",\"date\":\"D-%s\"}", type, type);
    const struct message_part frames[] = {
        { "<IDS|MSG>", 9 }, { "", 0 },   { header, strlen(header) },
        { "{}", 2 },        { "{}", 2 }, { content, strlen(content) },
    };
    struct message *msg = message_decode(frames, 6, signer, NULL);

    outputs_apply(outputs, msg);
    message_unref(msg);
    signer_destroy(signer);
    free(header);
}

/* The outputs of a cell as JSON on one line. */
static void is_outputs(struct fixture *fixture, int idx, const char *want,
                       const char *what)
{
    char *text;

    outputs_flush(fixture->outputs[idx]);
    text = json_dumps(json_object_get(fixture->cells[idx], "outputs"),
                      JSON_COMPACT | JSON_SORT_KEYS);
    for (char *p = text; *p; p++)
        *p = *p == '"' ? '\'' : *p;
    is_str(text, want, what);
    free(text);
}

#define STREAM(name, text) "{\"name\":\"" name "\",\"text\":\"" text "\"}"

static void test_streams(void)
{
    struct fixture fixture;
    struct outputs *outputs;

    begin(&fixture);
    outputs = fixture.outputs[0];
    is_outputs(&fixture, 0, "[]", "a cell begins without outputs");
    apply(outputs, "stream", STREAM("stdout", "a\\nb"));
    apply(outputs, "stream", STREAM("stdout", "c\\n"));
    is_outputs(&fixture, 0,
               "[{'name':'stdout','output_type':'stream','text':['a\\n','bc\\n']}]",
               "streams are merged and split into lines");
    apply(outputs, "stream", STREAM("stderr", "e"));
    apply(outputs, "stream", STREAM("stdout", "10 %"));
    apply(outputs, "stream", STREAM("stdout", "\\r20 %"));
    is_outputs(&fixture, 0,
               "[{'name':'stdout','output_type':'stream','text':['a\\n','bc\\n']},"
               "{'name':'stderr','output_type':'stream','text':['e']},"
               "{'name':'stdout','output_type':'stream','text':['20 %']}]",
               "another name begins another output; a progress bar is overwritten");
    apply(outputs, "stream", "{\"name\":\"stdout\"}");
    apply(outputs, "stream", "[]");
    apply(outputs, "comm_open", "{}");
    apply(outputs, "clear_output", "{\"wait\":false}");
    is_outputs(&fixture, 0, "[]", "clear_output clears");
    apply(outputs, "stream", STREAM("stdout", "x"));
    apply(outputs, "clear_output", "{\"wait\":true}");
    is_outputs(&fixture, 0, "[{'name':'stdout','output_type':'stream','text':['x']}]",
               "clear_output may wait");
    apply(outputs, "stream", STREAM("stdout", "y"));
    is_outputs(&fixture, 0, "[{'name':'stdout','output_type':'stream','text':['y']}]",
               "for the next output");
    end(&fixture);
}

static void test_bundles(void)
{
    struct fixture fixture;
    struct outputs *outputs;

    begin(&fixture);
    outputs = fixture.outputs[0];
    apply(outputs, "execute_input", "{\"execution_count\":3,\"code\":\"\"}");
    apply(outputs, "execute_result",
          "{\"execution_count\":3,\"metadata\":{},\"data\":{\"text/plain\":\"a\\nb\","
          "\"application/json\":{\"a\":[1]},\"application/x+json\":\"s\","
          "\"image/png\":\"iVBOR\\nx\",\"application/x\":{\"odd\":1}}}");
    is_outputs(
        &fixture, 0,
        "[{'data':{'application/json':{'a':[1]},'application/x':'{\\'odd\\': 1}',"
        "'application/x+json':'s','image/png':'iVBOR\\nx',"
        "'text/plain':['a\\n','b']},"
        "'execution_count':3,'metadata':{},'output_type':'execute_result'}]",
        "a result has its bundle and its count");
    apply(outputs, "clear_output", "{}");
    apply(outputs, "display_data", "{\"data\":{},\"metadata\":{\"m\":1}}");
    apply(outputs, "display_data", "{}");
    is_outputs(&fixture, 0,
               "[{'data':{},'metadata':{'m':1},'output_type':'display_data'},"
               "{'data':{},'metadata':{},'output_type':'display_data'}]",
               "a display has its metadata");
    apply(outputs, "clear_output", "{}");
    apply(outputs, "error",
          "{\"ename\":\"E\",\"evalue\":\"v\",\"traceback\":[\"a\",7,\"b\"]}");
    apply(outputs, "error", "{}");
    is_outputs(&fixture, 0,
               "[{'ename':'E','evalue':'v','output_type':'error','traceback':['a','b']}"
               ",{'ename':'','evalue':'','output_type':'error','traceback':[]}]",
               "an error has its traceback");
    is_int(json_integer_value(json_object_get(fixture.cells[0], "execution_count")), 3,
           "the cell has its count");
    end(&fixture);
}

#define SHOWN(text) "[{'data':{'text/plain':['" text "']},'metadata':{},"

static void test_displays(void)
{
    static const char *const make = "{\"data\":{\"text/plain\":\"1\"},\"metadata\":{},"
                                    "\"transient\":{\"display_id\":\"d\"}}";
    static const char *const update =
        "{\"data\":{\"text/plain\":\"2\"},\"metadata\":{},"
        "\"transient\":{\"display_id\":\"d\"}}";
    struct fixture fixture;

    begin(&fixture);
    apply(fixture.outputs[0], "display_data", make);
    is_outputs(&fixture, 0, SHOWN("1") "'output_type':'display_data'}]",
               "a display with an id");
    apply(fixture.outputs[1], "update_display_data", update);
    is_outputs(&fixture, 0, SHOWN("2") "'output_type':'display_data'}]",
               "is updated by another cell");
    is_outputs(&fixture, 1, "[]", "which shows nothing itself");
    apply(fixture.outputs[1], "display_data", make);
    is_outputs(&fixture, 0, SHOWN("1") "'output_type':'display_data'}]",
               "a second display of the id updates the first");
    apply(fixture.outputs[0], "clear_output", "{}");
    apply(fixture.outputs[0], "update_display_data", update);
    is_outputs(&fixture, 0, "[]", "a display that was cleared stays away");
    is_outputs(&fixture, 1, SHOWN("2") "'output_type':'display_data'}]",
               "while the other one is updated");
    apply(fixture.outputs[1], "update_display_data", "{\"transient\":null}");
    end(&fixture);
}

static void test_times(void)
{
    struct fixture fixture;
    json_t *execution;

    begin(&fixture);
    apply(fixture.outputs[0], "status", "{\"execution_state\":\"busy\"}");
    apply(fixture.outputs[0], "execute_reply", "{\"execution_count\":5}");
    execution =
        json_object_get(json_object_get(fixture.cells[0], "metadata"), "execution");
    is_str(json_string_value(json_object_get(execution, "iopub.status.busy")),
           "D-status", "the beginning is noted");
    is_str(json_string_value(json_object_get(execution, "shell.execute_reply")),
           "D-execute_reply", "and the reply");
    ok(!json_object_get(execution, "iopub.status.idle"), "the end has not come");
    end(&fixture);
}

static void test_overwrite(void)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        { "", "" },
        { "plain\n", "plain\n" },
        { "abc\rX", "Xbc" },
        { "abc\r\nd", "abc\nd" },
        { "a\b\b\bb", "b" },
        { "\xc3\xa9\xc3\xa9\rx", "x\xc3\xa9" },
        { "1\r2\r3\n4\r5", "3\n5" },
        { "50 %\r", "50 %\r" },
        { "a\xff\rb", "b\xff" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size;
        char *text = outputs_overwrite(cases[i].text, strlen(cases[i].text), &size);

        ok(size == strlen(cases[i].want)
               && !memcmp(text ? text : "", cases[i].want, size),
           "overwritten: case %zu", i);
        free(text);
    }
}

int main(void)
{
    test_streams();
    test_bundles();
    test_displays();
    test_times();
    test_overwrite();
    return done_testing();
}
