/* test_fields.c - JSON objects without depth */
#include "kernel/keeper/fields.h"
#include "tests/unit/tap.h"

#include <jansson.h>

static void test_out(void)
{
    struct buf out = { 0 };
    json_t *json;

    fields_begin(&out);
    fields_end(&out);
    is_str(buf_text(&out), "{}", "an object may be empty");
    buf_reset(&out);
    fields_begin(&out);
    fields_add_text(&out, "a", "say \"hi\"\\\n\x01 \xc3\xa4\xf0\x9d\x84\x9e");
    fields_add_text(&out, "bad", "\xff\xc3 \xed\xa0\x80.");
    fields_add_number(&out, "n", -5);
    fields_add_real(&out, "r", 1.5);
    fields_add_bool(&out, "b", 1);
    fields_end(&out);
    json = json_loads(buf_text(&out), 0, NULL);
    ok(json_is_object(json), "what is written is JSON");
    is_str(json_string_value(json_object_get(json, "a")),
           "say \"hi\"\\\n\x01 \xc3\xa4\xf0\x9d\x84\x9e", "text comes back");
    is_str(json_string_value(json_object_get(json, "bad")), "?? ???.",
           "bytes that are no text are replaced");
    is_int(json_integer_value(json_object_get(json, "n")), -5, "and so does a number");
    ok(json_real_value(json_object_get(json, "r")) == 1.5, "a real one too");
    ok(json_is_true(json_object_get(json, "b")), "and a bool");
    json_decref(json);
    buf_clear(&out);
}

static void test_in(void)
{
    const char *json =
        " { \"reason\" : \"p\\u00e4\\n\\\"\\u20ac\" , \"rank\":3,\"x\":null }";
    struct buf text = { 0 };
    int64_t number = 0;

    is_int(fields_text(json, "reason", &text), 0, "a text is found");
    is_str(buf_text(&text), "p\xc3\xa4\n\"\xe2\x82\xac", "with its escapes read");
    is_int(fields_number(json, "rank", &number), 0, "a number is found");
    is_int(number, 3, "and read");
    is_int(fields_text(json, "rank", &text), -1, "a number is no text");
    is_int(fields_number(json, "reason", &number), -1, "a text is no number");
    is_int(fields_number(json, "x", &number), -1, "null is no number");
    is_int(fields_number(json, "y", &number), -1, "what is not there is not found");
    buf_clear(&text);
}

static void test_broken(void)
{
    static const char *const broken[] = {
        "",           "{",         "[]",          "{\"a",           "{\"a\"",
        "{\"a\":",    "{\"a\":\"", "{\"a\":\"\\", "{\"a\":\"\\u12", "{\"a\":\"\\q\"}",
        "{\"b\":\"x", "{\"b\":1,", "{a:1}",       "\"a\":1",
    };
    struct buf text = { 0 };
    int64_t number = 0;

    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        ok(fields_text(broken[i], "a", &text) == -1
               && fields_number(broken[i], "a", &number) == -1,
           "nothing is read from %s", broken[i]);
    }
    is_int((long long)text.size, 0, "and nothing is left behind");
    buf_clear(&text);
}

int main(void)
{
    test_out();
    test_in();
    test_broken();
    return done_testing();
}
