/* request.h - what an execute_request asks for */
#ifndef FRONT_REQUEST_H
#define FRONT_REQUEST_H

#include <jansson.h>
#include <stdbool.h>

#include "kernel/base/error.h"
#include "kernel/jupyter/message.h"
#include "magics/directive.h"

/* All borrowed from the message. */
struct request {
    const char *code;
    size_t code_size;
    bool is_silent;
    bool stores_history; /* never when silent */
    bool allows_stdin;
    bool stops_on_error;
    const json_t *expressions; /* NULL: none */
    const char *cell_id;       /* the notebook's name for the cell; NULL: none */
};

/* What is missing has the protocol's default.  -1 with 'err' when there is no code,
 * or the content is no object. */
int request_decode(struct message *msg, struct request *out, struct error *err);

/* 'msg' asks for nothing but this, in a world of 'size' ranks. */
bool request_is_directive(struct message *msg, int size, enum directive_kind kind);

/* There is nothing to run and nothing to evaluate. */
bool request_is_empty(const struct request *request);

#endif
