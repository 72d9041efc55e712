/* test_waits.c - what the front is told about a wait */
#include "kernel/keeper/waits.h"
#include "tests/unit/tap.h"

#include <jansson.h>
#include <stdlib.h>

int main(void)
{
    struct page_wait wait = {
        .active = 1,
        .started = 1,
        .peer = 3,
        .tag = -1,
        .since_ns = 1000000000,
        .comm_size = 4,
        .arrived = 2,
        .thread = 41,
        .needs = PAGE_NEEDS_ALL,
        .ranks = { 0x0b, 1 },
        .call = "Recv",
        .comm = "MPI_COMM_WORLD",
    };
    char *text = waits_encode(&wait, 40, page_place(5, 7), 2500000000u);
    json_t *json = json_loads(text, 0, NULL);

    ok(json_is_object(json), "it is a JSON object");
    is_str(json_string_value(json_object_get(json, "call")), "Recv", "with the call");
    is_str(json_string_value(json_object_get(json, "comm")), "MPI_COMM_WORLD",
           "the communicator");
    is_int(json_integer_value(json_object_get(json, "peer")), 3, "the peer");
    is_int(json_integer_value(json_object_get(json, "tag")), -1, "the tag");
    is_int(json_integer_value(json_object_get(json, "since_ms")), 1500,
           "how long it has lasted");
    is_int(json_integer_value(json_object_get(json, "line")), 7, "the line");
    is_int(json_integer_value(json_object_get(json, "cell")), 5, "of the cell");
    ok(json_is_true(json_object_get(json, "started")), "and whether it has begun");
    is_str(json_string_value(json_object_get(json, "needs")), "all", "who can end it");
    is_str(json_string_value(json_object_get(json, "ranks")), "0-1,3,64", "by number");
    ok(json_is_true(json_object_get(json, "thread")), "it is not the main thread");
    json_decref(json);
    free(text);

    memcpy(wait.call, "\xff", 2);
    text = waits_encode(&wait, 0, 0, 0);
    json = json_loads(text, 0, NULL);
    ok(json_is_object(json), "a page that was overwritten gives JSON all the same");
    json_decref(json);
    free(text);
    return done_testing();
}
