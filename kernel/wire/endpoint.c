/* endpoint.c - where the wire is: the name of a stream socket */
#include "kernel/wire/endpoint.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *path_of(const char *endpoint)
{
    static const char scheme[] = "ipc://";
    size_t size = sizeof(scheme) - 1;

    return strncmp(endpoint, scheme, size) ? NULL : endpoint + size;
}

static int address_of(const char *endpoint, struct sockaddr_un *out, struct error *err)
{
    const char *path = path_of(endpoint);

    if (!path || !*path)
        return error_set(err, "\"%s\" is not ipc://PATH", endpoint);
    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(out->sun_path))
        return error_set(err, "the path of a socket is too long: %s", path);
    strcpy(out->sun_path, path);
    return 0;
}

/* The socket and its address; -1 with 'err'. */
static int open_socket(const char *endpoint, int flags, struct sockaddr_un *address,
                       struct error *err)
{
    int fd;

    if (address_of(endpoint, address, err) < 0)
        return -1;
    if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)) < 0)
        return error_set(err, "socket: %s", strerror(errno));
    return fd;
}

int endpoint_listen(const char *endpoint, struct error *err)
{
    struct sockaddr_un address;
    int fd = open_socket(endpoint, SOCK_NONBLOCK, &address, err);

    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0
        || listen(fd, SOMAXCONN) < 0) {
        error_set(err, "bind %s: %s", endpoint, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

int endpoint_accept(int fd, struct error *err)
{
    int rc = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

    if (rc >= 0)
        return rc;
    err->text[0] = '\0';
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR
        || errno == ECONNABORTED)
        return -1;
    return error_set(err, "accept: %s", strerror(errno));
}

int endpoint_connect(const char *endpoint, struct error *err)
{
    struct sockaddr_un address;
    int fd = open_socket(endpoint, 0, &address, err), rc;

    if (fd < 0)
        return -1;
    do
        rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
    while (rc < 0 && errno == EINTR);
    if (rc < 0) {
        error_set(err, "connect to %s: %s", endpoint, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

void endpoint_remove(const char *endpoint)
{
    unlink(path_of(endpoint));
}
