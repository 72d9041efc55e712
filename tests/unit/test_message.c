/* test_message.c - messages: over sockets, from junk, and as text */
#include "kernel/jupyter/message.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "tests/unit/tap.h"

#define PART(text)                                                                     \
    {                                                                                  \
        text, sizeof(text) - 1                                                         \
    }
#define HEADER "{\"msg_id\":\"m1\",\"msg_type\":\"t\",\"x\" : [1e9, \"\\u00e9\"]}"

static struct signer *keyless, *keyed;

static void check(const struct message_part *frames, size_t count, const char *why)
{
    struct error err = { "" };

    ok(!message_decode(frames, count, keyless, &err), "refused: %s", why);
    ok(strstr(err.text, why) != NULL, "because: %s", err.text);
}

static void test_refused(void)
{
    struct message_part frames[] = {
        PART("id"), PART("<IDS|MSG>"), PART(""),   PART("{\"msg_type\":\"t\"}"),
        PART("{}"), PART("{}"),        PART("{}"),
    };
    static const struct {
        size_t idx;
        struct message_part part;
        const char *why;
    } cases[] = {
        { 1, PART("<IDS>"), "no delimiter" },
        { 1, PART(""), "no delimiter" },
        { 3, PART(""), "the header is not" },
        { 3, PART("[]"), "the header is not" },
        { 3, PART("{\"msg_type\":"), "the header is not" },
        { 3, PART("{}"), "no msg_type" },
        { 3, PART("{\"msg_type\":7}"), "no msg_type" },
        { 4, PART("null"), "the parent header is not" },
    };
    struct message *msg;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct message_part kept = frames[cases[i].idx];

        frames[cases[i].idx] = cases[i].part;
        check(frames, 7, cases[i].why);
        frames[cases[i].idx] = kept;
    }
    check(NULL, 0, "no delimiter in 0 frames");
    check(frames, 6, "4 frames after the delimiter, at least 5 expected");
    ok(!message_decode(frames, 7, keyed, NULL), "a wrong signature is refused");

    msg = message_decode(frames, 7, keyless, NULL);
    ok(msg, "the same without junk is a message");
    is_str(message_id(msg), "", "a missing msg_id is empty");
    frames[6] = (struct message_part)PART("[1]");
    message_unref(msg);
    msg = message_decode(frames, 7, keyless, NULL);
    ok(msg && !message_content(msg) && !message_content(msg),
       "content that is no object is NULL");
    ok(message_metadata_json(msg), "metadata that is one is not");
    message_unref(msg);
}

static void test_buffers(void)
{
    static const struct message_part head[] = {
        PART("id"), PART("<IDS|MSG>"), PART(""),   PART("{\"msg_type\":\"t\"}"),
        PART("{}"), PART("{}"),        PART("{}"),
    };
    enum { HEAD = sizeof(head) / sizeof(head[0]) };
    static struct message_part frames[HEAD + MESSAGE_BUFFERS_MAX + 1];
    struct message *msg;

    memcpy(frames, head, sizeof(head));
    check(frames, HEAD + MESSAGE_BUFFERS_MAX + 1, "1022 buffers, at most 1021");
    msg = message_decode(frames, HEAD + MESSAGE_BUFFERS_MAX, keyless, NULL);
    ok(msg && message_buffer_count(msg) == MESSAGE_BUFFERS_MAX, "one less is fine");
    message_unref(msg);
}

static void test_accessors(void)
{
    const struct message_part frames[] = {
        PART("a"),
        PART(""),
        PART("<IDS|MSG>"),
        PART("sig"),
        PART("{\"msg_type\":\"t\",\"msg_id\":\"m\",\"session\":\"s\",\"date\":\"d\"}"),
        PART("{\"msg_id\":\"p\"}"),
        PART("{ }"),
        PART("{\"a\":\"x\\u0000y\"}"),
        PART("one"),
        PART("<IDS|MSG>"),
    };
    struct message *msg = message_decode(frames, 10, keyless, NULL), *head;
    json_t *text;

    is_int((long long)message_identity_count(msg), 2, "two identities");
    is_int((long long)message_identity(msg, 1).size, 0, "one of them empty");
    is_str(message_type(msg), "t", "the type");
    is_str(message_id(msg), "m", "the id");
    is_str(message_session(msg), "s", "the session");
    is_str(message_date(msg), "d", "the date");
    is_str(message_parent_id(msg), "p", "the parent");
    is_int((long long)message_metadata(msg).size, 3, "bytes stay as they were");
    is_int((long long)message_buffer_count(msg), 2, "two buffers");
    ok(!memcmp(message_buffer(msg, 0).data, "one", 3), "the first of them");
    text = json_object_get(message_content(msg), "a");
    is_int((long long)json_string_length(text), 3, "a NUL in a text is read");
    message_unref(message_ref(msg));
    is_str(message_type(msg), "t", "a reference keeps it");
    head = message_head(msg);
    message_unref(msg);
    is_str(message_id(head), "m", "its head is a message of its own");
    is_str(message_parent_id(head), "p", "with a parent");
    is_int((long long)message_identity_count(head), 2, "and identities");
    ok(message_content_raw(head).size == 0 && message_buffer_count(head) == 0,
       "and nothing that is large");
    message_unref(head);
    message_unref(NULL);
}

static struct message *wait_message(void *sock, struct error *err)
{
    zmq_pollitem_t item = { .socket = sock, .events = ZMQ_POLLIN };

    if (zmq_poll(&item, 1, 10000) != 1)
        return NULL;
    return message_recv(sock, keyed, err);
}

static void test_sockets(void *router, void *dealer)
{
    struct session session;
    struct error err = { "x" };
    struct message_part buffers[] = { PART("b\0b"), PART("") };
    struct message_out out = {
        .type = "ask", .id = "m1", .buffers = buffers, .buffer_count = 2
    };
    struct message *request, *reply;
    struct message_part header;

    session_init(&session);
    ok(!message_recv(router, keyed, &err), "nothing is there");
    is_str(err.text, "", "which is no error");
    is_int(message_send_new(dealer, keyed, &session, out,
                            json_pack("{s:s}", "code", "1"), NULL),
           0, "a request is sent");
    request = wait_message(router, &err);
    ok(request, "and received");
    is_int((long long)message_identity_count(request), 1, "with its identity");
    is_int((long long)message_buffer_count(request), 2, "and its buffers");
    is_int((long long)message_buffer(request, 0).size, 3, "with all their bytes");
    is_str(message_session(request), session.id, "from its session");
    is_str(message_id(request), "m1", "under its id");

    out = (struct message_out){
        .type = "answer",
        .parent = request,
        .to_parent = true,
        .content = PART("{\"big\": 123456789012345678901234567890}"),
    };
    is_int(message_send(router, keyed, &session, &out, NULL), 0, "a reply is sent");
    reply = wait_message(dealer, &err);
    is_str(message_parent_id(reply), "m1", "it has its parent");
    is_str(json_string_value(json_object_get(message_metadata_json(reply), "a")), NULL,
           "its metadata is an object");
    is_int((long long)message_content_raw(reply).size, (long long)out.content.size,
           "raw content passes unchanged");
    header = message_header(reply);
    ok(memmem(header.data, header.size, "\"version\":\"5.5\"", 15), "version 5.5");
    is_int((long long)strlen(message_date(reply)), 27, "a date with microseconds");
    is_int(message_date(reply)[26], 'Z', "and a zone");
    message_unref(request);
    message_unref(reply);
}

static void test_signatures(void *router, void *dealer)
{
    struct message_out out = { .type = "ask" };
    struct session session;
    struct error err = { "" };
    struct message *msg;

    session_init(&session);
    message_send_new(dealer, keyless, &session, out, json_object(), NULL);
    ok(!wait_message(router, &err), "what has no signature is refused");
    is_str(err.text, "wrong signature", "and says so");
    message_send_new(dealer, keyed, &session, out, json_object(), NULL);
    msg = wait_message(router, &err);
    ok(msg, "the next message is received");
    is_str(message_parent_id(msg), "", "without a parent");
    message_unref(msg);
    is_int(message_send_new(dealer, keyed, &session, out, NULL, &err), -1,
           "content that is none is not sent");
}

/* Frames of a message as they are on the socket. */
static void test_parent_bytes(void *router, void *dealer)
{
    const struct message_part frames[] = {
        PART("<IDS|MSG>"), PART(""), PART(HEADER), PART("{}"), PART("{}"), PART("{}"),
    };
    struct message *request = message_decode(frames, 6, keyless, NULL);
    struct message_out out = { .type = "answer", .parent = request };
    struct session session;
    char bytes[256];
    int size = 0;

    session_init(&session);
    message_send_new(dealer, keyed, &session, out, json_object(), NULL);
    for (int i = 0; i < 5; i++)
        size = zmq_recv(router, bytes, sizeof(bytes), 0);
    is_int(size, (long long)strlen(HEADER), "the parent header has as many bytes");
    ok(!memcmp(bytes, HEADER, strlen(HEADER)), "and the same ones");
    for (int i = 0; i < 2; i++)
        zmq_recv(router, bytes, sizeof(bytes), 0);
    message_unref(request);
}

static void test_parent_is_clean(void)
{
    const struct message_part frames[] = {
        PART("<IDS|MSG>"),
        PART(""),
        PART("{\"msg_type\":\"ask\",\"username\":\"\xff\"}"),
        PART("{}"),
        PART("{}"),
        PART("{}"),
    };
    struct message *request = message_decode(frames, 6, keyless, NULL);
    struct message_part header = message_header(request);
    json_t *parsed = json_loadb(header.data, header.size, 0, NULL);

    is_str(json_string_value(json_object_get(parsed, "username")), "\xef\xbf\xbd",
           "a header that is no UTF-8 is copied as UTF-8");
    json_decref(parsed);
    message_unref(request);
}

static void test_ids(void)
{
    char first[MESSAGE_ID_SIZE], second[MESSAGE_ID_SIZE];

    message_id_make(first);
    message_id_make(second);
    ok(strcmp(first, second) != 0, "ids differ");
}

static void test_text(void)
{
#define BAD "\xef\xbf\xbd"
    static const struct {
        struct message_part text;
        const char *want;
        const char *what;
    } cases[] = {
        { PART("plain"), "plain", "ASCII" },
        { PART("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
          "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "UTF-8" },
        { PART("a\xff"), "a" BAD, "a byte that is none" },
        { PART("\xc0\xaf"), BAD BAD, "an overlong form" },
        { PART("\xed\xa0\x80|"), BAD "|", "a lone surrogate" },
        { PART("\xe2\x82"), BAD BAD, "a character cut short" },
        { PART("\xf4\x90\x80\x80"), BAD BAD BAD BAD, "beyond Unicode" },
        { PART(""), "", "nothing" },
    };
    json_t *text;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text = message_text(cases[i].text.data, cases[i].text.size);
        is_str(json_string_value(text), cases[i].want, cases[i].what);
        json_decref(text);
    }
    text = message_text("a\0b", 3);
    is_int((long long)json_string_length(text), 3, "a NUL stays");
    json_decref(text);
    text = message_text(NULL, 0);
    is_str(json_string_value(text), "", "NULL is nothing");
    json_decref(text);
}

int main(void)
{
    void *ctx = zmq_ctx_new();
    void *router = zmq_socket(ctx, ZMQ_ROUTER), *dealer = zmq_socket(ctx, ZMQ_DEALER);

    keyless = signer_create("hmac-sha256", "", NULL);
    keyed = signer_create("hmac-sha256", "key", NULL);
    zmq_bind(router, "inproc://test");
    zmq_connect(dealer, "inproc://test");
    test_refused();
    test_buffers();
    test_accessors();
    test_sockets(router, dealer);
    test_signatures(router, dealer);
    test_parent_bytes(router, dealer);
    test_parent_is_clean();
    test_ids();
    test_text();
    zmq_close(router);
    zmq_close(dealer);
    zmq_ctx_term(ctx);
    signer_destroy(keyless);
    signer_destroy(keyed);
    return done_testing();
}
