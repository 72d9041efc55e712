/* connection.c - the connection file: where the five channels are */
#include "kernel/jupyter/connection.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/file.h"
#include "kernel/base/mem.h"
#include "kernel/jupyter/curve.h"
#include "kernel/jupyter/sign.h"

#define PORT_MAX 65535

static const char *const port_keys[CHANNEL_COUNT] = {
    [CHANNEL_SHELL] = "shell_port",  [CHANNEL_CONTROL] = "control_port",
    [CHANNEL_STDIN] = "stdin_port",  [CHANNEL_IOPUB] = "iopub_port",
    [CHANNEL_HEARTBEAT] = "hb_port",
};

/* A missing key is an error: taking "" for it would turn signing off. */
static const struct {
    const char *name;
    size_t offset;
    const char *missing; /* what it is when it is missing; NULL: refused */
} texts[] = {
    { "transport", offsetof(struct connection, transport), NULL },
    { "ip", offsetof(struct connection, ip), NULL },
    { "key", offsetof(struct connection, key), NULL },
    { "signature_scheme", offsetof(struct connection, scheme), "hmac-sha256" },
    { "kernel_name", offsetof(struct connection, kernel_name), "" },
    { "curve_publickey", offsetof(struct connection, curve_public), "" },
    { "curve_secretkey", offsetof(struct connection, curve_secret), "" },
};
#define TEXT_COUNT (sizeof(texts) / sizeof(texts[0]))

static char **text_at(struct connection *connection, size_t idx)
{
    return (char **)((char *)connection + texts[idx].offset);
}

static const char *text_of(const struct connection *connection, size_t idx)
{
    return *(char *const *)((const char *)connection + texts[idx].offset);
}

static bool is_ipc(const struct connection *connection)
{
    return !strcmp(connection->transport, "ipc");
}

void connection_init(struct connection *connection, const char *transport,
                     const char *ip)
{
    unsigned char key[16];
    char hex[2 * sizeof(key) + 1];

    if (sodium_init() < 0)
        abort(); /* no random numbers: no kernel should run */
    randombytes_buf(key, sizeof(key));
    sodium_bin2hex(hex, sizeof(hex), key, sizeof(key));
    *connection = (struct connection){
        .transport = xstrdup(transport),
        .ip = xstrdup(ip),
        .key = xstrdup(hex),
        .scheme = xstrdup("hmac-sha256"),
        .kernel_name = xstrdup(""),
        .curve_public = xstrdup(""),
        .curve_secret = xstrdup(""),
    };
    for (int i = 0; is_ipc(connection) && i < CHANNEL_COUNT; i++)
        connection->ports[i] = i + 1;
}

void connection_clear(struct connection *connection)
{
    for (size_t i = 0; i < TEXT_COUNT; i++)
        free(*text_at(connection, i));
    *connection = (struct connection){ 0 };
}

static int read_texts(const json_t *root, struct connection *connection,
                      struct error *err)
{
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        const json_t *value = json_object_get(root, texts[i].name);
        const char *text = value ? json_string_value(value) : texts[i].missing;

        if (!value && !text)
            return error_set(err, "no \"%s\"", texts[i].name);
        if (!text)
            return error_set(err, "\"%s\" is not a string", texts[i].name);
        *text_at(connection, i) = xstrdup(text);
    }
    return 0;
}

static int read_ports(const json_t *root, struct connection *connection,
                      struct error *err)
{
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        const json_t *value = json_object_get(root, port_keys[i]);
        json_int_t port = json_integer_value(value);

        if (!value)
            return error_set(err, "no \"%s\"", port_keys[i]);
        if (!json_is_integer(value) || port < 0 || port > PORT_MAX)
            return error_set(err, "\"%s\" is not a number from 0 to %d", port_keys[i],
                             PORT_MAX);
        connection->ports[i] = (int)port;
    }
    return 0;
}

static int check(const struct connection *connection, struct error *err)
{
    struct signer *signer;

    if (!is_ipc(connection) && strcmp(connection->transport, "tcp") != 0)
        return error_set(err, "unknown transport \"%s\" (tcp and ipc are known)",
                         connection->transport);
    if (!*connection->ip)
        return error_set(err, "\"ip\" is empty");
    if (!(signer = signer_create(connection->scheme, connection->key, err)))
        return -1;
    signer_destroy(signer);
    return curve_check(connection, err);
}

int connection_read(const char *path, struct connection *connection, struct error *err)
{
    struct connection result = { 0 };
    json_error_t why;
    json_t *root = NULL;
    FILE *file;

    if (!(file = fopen(path, "re"))) {
        error_set(err, "%s", strerror(errno));
        goto error;
    }
    root = json_loadf(file, 0, &why);
    fclose(file);
    if (!root) {
        error_set(err, "not JSON: %s (line %d)", why.text, why.line);
        goto error;
    }
    if (!json_is_object(root)) {
        error_set(err, "not a JSON object");
        goto error;
    }
    if (read_texts(root, &result, err) < 0 || read_ports(root, &result, err) < 0
        || check(&result, err) < 0)
        goto error;
    json_decref(root);
    *connection = result;
    return 0;
error:
    json_decref(root);
    connection_clear(&result);
    return error_prefix(err, "connection file %s", path);
}

json_t *connection_ports(const struct connection *connection)
{
    json_t *ports = json_object();

    for (int i = 0; i < CHANNEL_COUNT; i++)
        json_object_set_new(ports, port_keys[i], json_integer(connection->ports[i]));
    return ports;
}

/* Over what the file says already: other programs keep fields of theirs in it. */
static json_t *to_json(const char *path, const struct connection *connection)
{
    json_t *root = json_load_file(path, 0, NULL);

    if (!json_is_object(root)) {
        json_decref(root);
        root = json_object();
    }
    /* An empty text is as good as none, but for the key: that says "not signed". */
    for (size_t i = 0; i < TEXT_COUNT; i++)
        if (*text_of(connection, i) || !texts[i].missing)
            json_object_set_new(root, texts[i].name,
                                json_string(text_of(connection, i)));
    json_object_update_new(root, connection_ports(connection));
    return root;
}

int connection_write(const char *path, const struct connection *connection,
                     struct error *err)
{
    json_t *root = to_json(path, connection);
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
    int rc;

    /* 0600: the key must not be read by others */
    rc = text ? file_replace(path, text, strlen(text), 0600, err)
              : error_set(err, "a field is not UTF-8");
    if (rc < 0)
        error_prefix(err, "connection file %s", path);
    free(text);
    json_decref(root);
    return rc;
}

char *connection_endpoint(const struct connection *connection, enum channel channel)
{
    int port = connection->ports[channel];
    const char *ip = connection->ip;

    if (is_ipc(connection))
        return xasprintf("ipc://%s-%d", ip, port);
    if (strchr(ip, ':') && *ip != '[')
        return xasprintf("tcp://[%s]:%d", ip, port);
    return xasprintf("tcp://%s:%d", ip, port);
}
