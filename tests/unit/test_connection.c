/* test_connection.c - connection files, good and bad */
#include "kernel/jupyter/connection.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "tests/unit/tap.h"

static char dir[] = "/tmp/test_connection.XXXXXX";
static char *path;

static void put(const char *text)
{
    FILE *file = fopen(path, "we");

    fputs(text, file);
    fclose(file);
}

static char *get(void)
{
    char *text = xcalloc(1, 4096);
    FILE *file = fopen(path, "re");

    if (fread(text, 1, 4095, file) == 0)
        *text = '\0';
    fclose(file);
    return text;
}

#define PORTS                                                                          \
    "\"shell_port\":1,\"control_port\":2,\"stdin_port\":3,\"iopub_port\":4,"           \
    "\"hb_port\":5"
#define PUBLIC "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
#define PAIR(public, secret)                                                           \
    "\"curve_publickey\":\"" public "\",\"curve_secretkey\":\"" secret "\""
#define REST "\"ip\":\"127.0.0.1\",\"key\":\"k\",\"transport\":\"tcp\""

static void test_read(void)
{
    struct connection connection;
    struct error err = { "" };
    char *endpoint;

    put("{" PORTS "," REST ",\"signature_scheme\":\"hmac-sha512\",\"extra\":[1]}");
    is_int(connection_read(path, &connection, &err), 0, "a connection file is read");
    is_str(connection.transport, "tcp", "its transport");
    is_str(connection.scheme, "hmac-sha512", "its scheme");
    is_str(connection.key, "k", "its key");
    is_str(connection.kernel_name, "", "a missing kernel name is empty");
    is_int(connection.ports[CHANNEL_HEARTBEAT], 5, "its ports");
    endpoint = connection_endpoint(&connection, CHANNEL_IOPUB);
    is_str(endpoint, "tcp://127.0.0.1:4", "a tcp endpoint");
    free(endpoint);
    connection_clear(&connection);

    put("{" PORTS ",\"key\":\"\",\"transport\":\"tcp\",\"ip\":\"::1\"}");
    is_int(connection_read(path, &connection, &err), 0, "an empty key is a key");
    is_str(connection.scheme, "hmac-sha256", "the scheme may be missing");
    endpoint = connection_endpoint(&connection, CHANNEL_SHELL);
    is_str(endpoint, "tcp://[::1]:1", "an IPv6 address is put into brackets");
    free(endpoint);
    connection_clear(&connection);
}

static void test_refused(void)
{
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        { "", "not JSON" },
        { "{", "not JSON" },
        { "{\"a\":\"\xff\"}", "not JSON" },
        { "[1]", "not a JSON object" },
        { "{" REST "}", "no \"shell_port\"" },
        { "{" PORTS ",\"transport\":\"tcp\",\"key\":\"\"}", "no \"ip\"" },
        { "{" PORTS ",\"transport\":\"tcp\",\"ip\":\"h\"}", "no \"key\"" },
        { "{" PORTS "," REST ",\"key\":7}", "\"key\" is not a string" },
        { "{" PORTS "," REST ",\"ip\":\"\"}", "\"ip\" is empty" },
        { "{" PORTS "," REST ",\"hb_port\":70000}",
          "\"hb_port\" is not a number from 0 to 65535" },
        { "{" PORTS "," REST ",\"hb_port\":-1}",
          "\"hb_port\" is not a number from 0 to 65535" },
        { "{" PORTS "," REST ",\"hb_port\":\"5\"}",
          "\"hb_port\" is not a number from 0 to 65535" },
        { "{" PORTS "," REST ",\"transport\":\"inproc\"}",
          "unknown transport \"inproc\"" },
        { "{" PORTS "," REST ",\"signature_scheme\":\"hmac-rot13\"}",
          "unknown signature scheme \"hmac-rot13\"" },
        { "{" PORTS "," REST ",\"curve_publickey\":\"" PUBLIC "\"}",
          "\"curve_publickey\" stands there alone" },
        { "{" PORTS "," REST ",\"curve_secretkey\":\"" SECRET "\"}",
          "\"curve_secretkey\" stands there alone" },
        { "{" PORTS "," REST "," PAIR(PUBLIC, "short") "}",
          "\"curve_secretkey\" is not a key: 40 characters of Z85" },
        { "{" PORTS "," REST
          "," PAIR("~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~", SECRET) "}",
          "\"curve_publickey\" is not a key" },
        { "{" PORTS "," REST "," PAIR(SECRET, SECRET) "}",
          "\"curve_publickey\" does not belong to \"curve_secretkey\"" },
        { "{" PORTS "," REST "," PAIR(PUBLIC, "") "}",
          "\"curve_publickey\" stands there alone" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct connection connection = { 0 };
        struct error err = { "" };

        put(cases[i].text);
        ok(connection_read(path, &connection, &err) < 0
               && strstr(err.text, cases[i].why) && strstr(err.text, path)
               && !connection.ip,
           "refused: %s (%s)", cases[i].why, err.text);
    }
}

static void test_unreadable(void)
{
    struct connection connection = { 0 };
    struct error err = { "" };

    is_int(connection_read("/nonexistent/c.json", &connection, &err), -1,
           "a missing file is an error");
    is_str(err.text, "connection file /nonexistent/c.json: No such file or directory",
           "that names it");
    is_int(connection_read(dir, &connection, NULL), -1, "a directory is an error");
    connection_init(&connection, "tcp", "127.0.0.1");
    is_int(connection_write("/nonexistent/c.json", &connection, &err), -1,
           "what cannot be written is an error");
    connection_clear(&connection);
}

static void test_write(void)
{
    struct connection first, second;
    struct stat info;
    char *endpoint, *text;

    unlink(path);
    connection_init(&first, "ipc", "/run/dir/k");
    is_int(connection_write(path, &first, NULL), 0, "a connection file is written");
    text = get();
    ok(!strstr(text, "curve"), "keys that are not there are not written");
    free(text);
    ok(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600,
       "only its owner can read it");
    is_int(connection_read(path, &second, NULL), 0, "and it can be read again");
    is_str(second.key, first.key, "with the same key");
    is_int((long long)strlen(first.key), 32, "which has 128 bits");
    endpoint = connection_endpoint(&second, CHANNEL_HEARTBEAT);
    is_str(endpoint, "ipc:///run/dir/k-5", "an ipc endpoint");
    free(endpoint);
    connection_clear(&first);
    connection_init(&first, "ipc", "/run/dir/k");
    ok(strcmp(first.key, second.key) != 0, "every kernel has a key of its own");
    connection_clear(&first);
    connection_clear(&second);

    put("{" PORTS "," REST "," PAIR(PUBLIC, SECRET) ",\"theirs\":[1]}");
    is_int(connection_read(path, &first, NULL), 0, "a pair of keys is read");
    is_str(first.curve_secret, SECRET, "as it stands there");
    first.ports[CHANNEL_SHELL] = 4711;
    connection_write(path, &first, NULL);
    text = get();
    ok(strstr(text, SECRET), "and written again");
    ok(strstr(text, "4711") && strstr(text, "theirs"),
       "a field that is not ours stays when the file is written again");
    free(text);
    connection_clear(&first);
    connection_clear(&first);
}

int main(void)
{
    if (!mkdtemp(dir))
        return 1;
    path = xasprintf("%s/kernel.json", dir);
    test_read();
    test_refused();
    test_unreadable();
    test_write();
    unlink(path);
    is_int(rmdir(dir), 0, "no other file is left behind");
    free(path);
    return done_testing();
}
