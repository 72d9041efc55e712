/* test_request.c - what an execute_request asks for, and those that wait */
#include "kernel/front/request.h"

#include "kernel/front/queue.h"
#include "tests/unit/tap.h"

static struct message *message(const char *content, const char *metadata)
{
    static const char header[] = "{\"msg_id\":\"1\",\"msg_type\":\"execute_request\"}";
    struct message_part frames[] = {
        { "<IDS|MSG>", 9 },
        { "", 0 },
        { header, sizeof(header) - 1 },
        { "{}", 2 },
        { metadata, strlen(metadata) },
        { content, strlen(content) },
    };
    struct signer *signer = signer_create("hmac-sha256", "", NULL);
    struct message *msg = message_decode(frames, 6, signer, NULL);

    signer_destroy(signer);
    return msg;
}

static void test_request(void)
{
    struct request request;
    struct error err = { "" };
    struct message *msg = message("{\"code\":\" x\"}", "{}");

    is_int(request_decode(msg, &request, &err), 0, "code alone is enough");
    is_str(request.code, " x", "the code is as it was typed");
    ok(!request.is_silent && request.stores_history && request.allows_stdin
           && request.stops_on_error && !request.expressions && !request.cell_id,
       "what is missing has the protocol's default");
    ok(!request_is_empty(&request), "there is something to run");
    message_unref(msg);

    msg = message("{\"code\":\" \\n\",\"silent\":true,\"store_history\":true,"
                  "\"user_expressions\":{}}",
                  "{\"cellId\":\"abc\"}");
    is_int(request_decode(msg, &request, &err), 0, "a silent one");
    ok(request.is_silent && !request.stores_history, "has no history");
    ok(request_is_empty(&request), "blanks are nothing to run");
    is_str(request.cell_id, "abc", "the notebook's name for the cell is passed on");
    message_unref(msg);

    msg = message("{\"code\":7}", "{}");
    is_int(request_decode(msg, &request, &err), -1, "code that is no text is refused");
    is_str(err.text, "an execute_request without code", "with a reason");
    message_unref(msg);
}

static void test_queue(void)
{
    struct queue *queue = queue_create();
    enum channel from = CHANNEL_SHELL;
    struct message *one = message("{}", "{}"), *two = message("{}", "{}"), *got;

    ok(queue_is_empty(queue) && !queue_pop(queue, NULL), "a new queue is empty");
    queue_push(queue, CHANNEL_SHELL, one);
    queue_push(queue, CHANNEL_CONTROL, two);
    ok((got = queue_pop(queue, &from)) == one, "first in");
    message_unref(got);
    queue_push(queue, CHANNEL_SHELL, one);
    ok((got = queue_pop(queue, &from)) == two && from == CHANNEL_CONTROL,
       "first out, and how it came");
    message_unref(got);
    queue_destroy(queue);
    ok(message_content(one) != NULL, "what waited belongs to others too");
    message_unref(one);
    message_unref(two);
}

int main(void)
{
    test_request();
    test_queue();
    return done_testing();
}
