/* request.c - what an execute_request asks for */
#include "kernel/front/request.h"

#include <ctype.h>

static bool option(const json_t *content, const char *key, bool missing)
{
    const json_t *value = json_object_get(content, key);

    return json_is_boolean(value) ? json_is_true(value) : missing;
}

int request_decode(struct message *msg, struct request *out, struct error *err)
{
    const json_t *content = message_content(msg);
    const json_t *code = json_object_get(content, "code"), *expressions;

    if (!json_is_string(code))
        return error_set(err, "an execute_request without code");
    out->code = json_string_value(code);
    out->code_size = json_string_length(code);
    out->is_silent = option(content, "silent", false);
    out->stores_history = !out->is_silent && option(content, "store_history", true);
    out->allows_stdin = option(content, "allow_stdin", true);
    out->stops_on_error = option(content, "stop_on_error", true);
    expressions = json_object_get(content, "user_expressions");
    out->expressions = json_object_size(expressions) ? expressions : NULL;
    out->cell_id =
        json_string_value(json_object_get(message_metadata_json(msg), "cellId"));
    return 0;
}

bool request_is_empty(const struct request *request)
{
    size_t i = 0;

    while (i < request->code_size && isspace((unsigned char)request->code[i]))
        i++;
    return i == request->code_size && !request->expressions;
}

bool request_is_directive(struct message *msg, int size, enum directive_kind kind)
{
    struct directive directive = { 0 };
    struct request request;
    bool is_kind;

    if (!message_content(msg) || request_decode(msg, &request, NULL) < 0
        || directive_decode(request.code, size, &directive, NULL) < 0)
        return false;
    is_kind = directive.kind == kind;
    directive_clear(&directive);
    return is_kind;
}
