/* keepers.c - the keepers' connections: who speaks for which rank */
#include "kernel/front/keepers.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/wire/end.h"
#include "kernel/wire/endpoint.h"

/* What somebody may say who has not said HELLO, and how many there may be of them,
 * besides as many as keepers are started. */
#define HELLO_MAX 65536
#define GUESTS_MAX 32

/* Somebody who has connected. */
struct guest {
    struct guest *next;
    struct keepers *keepers;
    struct wire_end *end; /* NULL once it is gone */
    int keeper;           /* -1 before HELLO */
};

struct keepers {
    struct loop *loop;
    struct loop_watch *watch;
    int fd;
    char *endpoint;
    char *secret;
    int size;
    keepers_f message;
    void *arg;
    struct guest *guests; /* that have not said HELLO */
    int guest_count;
    struct guest **keepers; /* by number; NULL before HELLO */
    bool is_paused;
};

/* ---- who comes and goes ---- */

static void guest_destroy(struct guest *guest)
{
    if (!guest)
        return;
    wire_end_destroy(guest->end);
    free(guest);
}

/* From the list of those who have not said HELLO. */
static void guest_unlink(struct guest *guest)
{
    struct guest **at = &guest->keepers->guests;

    while (*at != guest)
        at = &(*at)->next;
    *at = guest->next;
    guest->keepers->guest_count--;
}

static const char *refuse_hello(const struct keepers *keepers,
                                const struct wire_message *msg, const json_t *info)
{
    struct wire_frame secret = wire_message_frame(msg, 0);
    int number = wire_message_header(msg)->rank;

    if (!keepers->secret || secret.size != strlen(keepers->secret)
        || sodium_memcmp(secret.data, keepers->secret, secret.size))
        return "wrong secret";
    if (!json_is_object(info))
        return "no info";
    if (json_integer_value(json_object_get(info, "size")) != keepers->size)
        return "wrong size";
    if (number < 0 || number >= keepers->size)
        return "there is no such rank";
    return keepers->keepers[number] ? "this rank is there already" : NULL;
}

static const char *refuse_first(const struct keepers *keepers,
                                const struct wire_message *msg)
{
    struct wire_frame frame;
    const char *reason;
    json_t *info;

    if (wire_message_header(msg)->type != WIRE_HELLO)
        return "it has not said HELLO";
    frame = wire_message_frame(msg, 1);
    info = json_loadb(frame.data, frame.size, 0, NULL);
    reason = refuse_hello(keepers, msg, info);
    json_decref(info);
    return reason;
}

static void on_first(struct guest *guest, const struct wire_message *msg)
{
    const struct wire_header *header = wire_message_header(msg);
    struct keepers *keepers = guest->keepers;
    const char *reason = refuse_first(keepers, msg);

    guest_unlink(guest);
    if (reason) {
        log_warning("%s for rank %d refused: %s", wire_type_name(header->type),
                    header->rank, reason);
        guest_destroy(guest);
        return;
    }
    guest->keeper = header->rank;
    keepers->keepers[guest->keeper] = guest;
    wire_end_limit(guest->end, WIRE_LENGTH_MAX);
    keepers->message(guest->keeper, msg, keepers->arg);
}

static void on_message(const struct wire_message *msg, void *arg)
{
    const struct wire_header *header = wire_message_header(msg);
    struct guest *guest = arg;

    if (guest->keeper < 0)
        on_first(guest, msg);
    else if (header->rank != guest->keeper || header->type == WIRE_HELLO)
        log_warning("%s for rank %d refused: not its keeper",
                    wire_type_name(header->type), header->rank);
    else
        guest->keepers->message(guest->keeper, msg, guest->keepers->arg);
}

static void on_closed(const char *reason, void *arg)
{
    struct guest *guest = arg;

    if (guest->keeper < 0) {
        log_warning("a connection is closed: %s", reason);
        guest_unlink(guest);
        guest_destroy(guest);
        return;
    }
    log_info("keeper %d is gone: %s", guest->keeper, reason);
    wire_end_destroy(guest->end);
    guest->end = NULL;
}

static void on_connection(struct loop *loop, void *arg)
{
    struct keepers *keepers = arg;
    struct error err;
    struct guest *guest;
    int fd = endpoint_accept(keepers->fd, &err);

    if (fd < 0) {
        if (err.text[0]) {
            log_error("%s; nobody else can connect", err.text);
            loop_remove(loop, keepers->watch);
            keepers->watch = NULL;
        }
        return;
    }
    if (keepers->guest_count == keepers->size + GUESTS_MAX) {
        log_warning("a connection is closed: too many have not said HELLO");
        close(fd);
        return;
    }
    guest = xcalloc(1, sizeof(*guest));
    guest->keepers = keepers;
    guest->keeper = -1;
    guest->end =
        wire_end_create(loop, fd, WIRE_OF_KEEPER,
                        &(struct wire_end_calls){ on_message, NULL, on_closed, guest });
    wire_end_limit(guest->end, HELLO_MAX);
    wire_end_pause(guest->end, keepers->is_paused);
    guest->next = keepers->guests;
    keepers->guests = guest;
    keepers->guest_count++;
}

/* ---- what is said to them ---- */

int keepers_send(struct keepers *keepers, int keeper, enum wire_type type,
                 uint64_t cell, const struct wire_frame *frames, uint32_t count,
                 struct error *err)
{
    struct wire_header header = { .type = type, .rank = keeper, .cell = cell };
    struct guest *guest = keepers->keepers[keeper];

    if (!guest)
        return -1;
    if (!guest->end || wire_end_send(guest->end, header, frames, count) < 0)
        return error_set(err, "its connection is gone");
    return 0;
}

void keepers_pause(struct keepers *keepers, bool is_paused)
{
    keepers->is_paused = is_paused;
    for (int number = 0; number < keepers->size; number++) {
        struct guest *guest = keepers->keepers[number];

        if (guest && guest->end)
            wire_end_pause(guest->end, is_paused);
    }
}

/* ---- life ---- */

struct keepers *keepers_create(struct loop *loop, const char *endpoint,
                               keepers_f message, void *arg, struct error *err)
{
    struct keepers *keepers;
    int fd = endpoint_listen(endpoint, err);

    if (fd < 0)
        return NULL;
    keepers = xcalloc(1, sizeof(*keepers));
    keepers->loop = loop;
    keepers->fd = fd;
    keepers->endpoint = xstrdup(endpoint);
    keepers->message = message;
    keepers->arg = arg;
    keepers->watch = loop_add_fd(loop, fd, on_connection, keepers);
    return keepers;
}

/* Nobody is there, nor expected. */
static void forget(struct keepers *keepers)
{
    struct guest *guest;

    while ((guest = keepers->guests)) {
        guest_unlink(guest);
        guest_destroy(guest);
    }
    for (int number = 0; number < keepers->size; number++)
        guest_destroy(keepers->keepers[number]);
    free(keepers->keepers);
    free(keepers->secret);
}

void keepers_expect(struct keepers *keepers, int size, const char *secret)
{
    forget(keepers);
    keepers->size = size;
    keepers->secret = xstrdup(secret);
    keepers->keepers = xcalloc((size_t)size, sizeof(*keepers->keepers));
}

void keepers_destroy(struct keepers *keepers)
{
    if (!keepers)
        return;
    forget(keepers);
    loop_remove(keepers->loop, keepers->watch);
    close(keepers->fd);
    endpoint_remove(keepers->endpoint);
    free(keepers->endpoint);
    free(keepers);
}
