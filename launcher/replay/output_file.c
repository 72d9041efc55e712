/* output_file.c - a file that is replaced as a whole */
#include "launcher/replay/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/mem.h"

/* The file that 'path' leads to, and a new one beside it; both to be freed. */
struct beside {
    char *target;
    char *path;
    int fd;
};

/* What a new file has: open() would apply the umask, mkostemp() does not. */
static mode_t new_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

static int beside_open(struct beside *beside, const char *path, struct error *err)
{
    mode_t mode = new_mode();
    struct stat info;

    if (!(beside->target = realpath(path, NULL)))
        beside->target = xstrdup(path);
    beside->fd = -1;
    beside->path = xasprintf("%s.XXXXXX", beside->target);
    if (stat(beside->target, &info) == 0) {
        /* rename() would put a file in the place of /dev/null */
        if (!S_ISREG(info.st_mode))
            return error_set(err, "write %s: not a file", path);
        mode = info.st_mode & 0777;
    }
    if ((beside->fd = mkostemp(beside->path, O_CLOEXEC)) < 0)
        return error_set(err, "write %s: %s", path, strerror(errno));
    if (fchmod(beside->fd, mode) < 0) {
        error_set(err, "write %s: %s", path, strerror(errno));
        unlink(beside->path);
        return -1;
    }
    return 0;
}

static void beside_clear(struct beside *beside)
{
    if (beside->fd >= 0)
        close(beside->fd);
    free(beside->target);
    free(beside->path);
}

int output_file_check(const char *path, struct error *err)
{
    struct beside beside;
    int rc = beside_open(&beside, path, err);

    if (rc == 0)
        unlink(beside.path);
    beside_clear(&beside);
    return rc;
}

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, data, size);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        data += count;
        size -= (size_t)count;
    }
    return 0;
}

int output_file_write(const char *path, const void *data, size_t size,
                      struct error *err)
{
    struct beside beside;
    int rc = beside_open(&beside, path, err);

    if (rc == 0
        && (write_all(beside.fd, data, size) < 0
            || rename(beside.path, beside.target) < 0)) {
        rc = error_set(err, "write %s: %s", path, strerror(errno));
        unlink(beside.path);
    }
    beside_clear(&beside);
    return rc;
}
