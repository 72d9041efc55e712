/* test_endpoint.c - where the wire is */
#include "kernel/wire/endpoint.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/tap.h"

int main(void)
{
    char folder[] = "/tmp/test_endpoint.XXXXXX", name[64], far[256];
    struct error err = { "untouched" };
    int door, in, out;

    if (!mkdtemp(folder))
        return 1;
    snprintf(name, sizeof(name), "ipc://%s/wire", folder);
    is_int(endpoint_connect(name, &err), -1, "nobody listens yet");
    ok(strstr(err.text, folder) && strstr(err.text, "No such file"), "%s", err.text);
    ok((door = endpoint_listen(name, &err)) >= 0, "somebody listens");
    is_int(endpoint_listen(name, &err), -1, "only one can");
    ok(strstr(err.text, "Address already in use"), "%s", err.text);
    ok(endpoint_accept(door, &err) == -1 && !err.text[0], "nobody comes: no error");
    ok((out = endpoint_connect(name, &err)) >= 0, "somebody comes");
    ok((in = endpoint_accept(door, &err)) >= 0, "and is let in");
    ok(fcntl(in, F_GETFD) & fcntl(out, F_GETFD) & fcntl(door, F_GETFD) & FD_CLOEXEC,
       "children inherit none of this");
    ok(write(out, "x", 1) == 1 && read(in, far, 1) == 1, "they are connected");
    close(in);
    close(out);
    close(door);
    ok(endpoint_accept(door, &err) == -1 && err.text[0], "a closed door is an error");
    endpoint_remove(name);
    ok(rmdir(folder) == 0, "no name is left behind");

    is_int(endpoint_listen("tcp://host:1", &err), -1, "another kind");
    is_str(err.text, "\"tcp://host:1\" is not ipc://PATH", "is refused");
    is_int(endpoint_connect("ipc://", NULL), -1, "so is no path");
    memset(far, 'x', sizeof(far) - 1);
    memcpy(far, "ipc://", 6);
    far[sizeof(far) - 1] = '\0';
    is_int(endpoint_listen(far, &err), -1, "and one that is too long");
    ok(strstr(err.text, "too long") != NULL, "%s", err.text);
    return done_testing();
}
