/* fuzz_connection.c - a connection file, through a file that is memory */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/jupyter/connection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct connection connection;
    struct error err = { "" };
    int fd = memfd_create("connection", MFD_CLOEXEC);
    char path[64];

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (connection_read(path, &connection, &err) == 0) {
        for (int i = 0; i < CHANNEL_COUNT; i++)
            free(connection_endpoint(&connection, i));
        connection_clear(&connection);
    }
    close(fd);
    return 0;
}
