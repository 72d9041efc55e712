/* rundir.c - the directory of one run: its socket and its logs */
#include "launcher/rundir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/base/mem.h"
#include "launcher/files.h"

char *rundir_template(const char *base)
{
    char *path;

    if (!base || *base != '/')
        return NULL;
    path = xasprintf("%s/rankbook-XXXXXX", base);
    if (strlen(path) + strlen("/" RUNDIR_SOCKET) < RUNDIR_SOCKET_MAX)
        return path;
    free(path);
    return NULL;
}

char *rundir_create(struct error *err)
{
    const char *bases[] = { getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp" };
    char *path, *log;
    int rc;

    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        if (!(path = rundir_template(bases[i])))
            continue;
        if (mkdtemp(path)) {
            log = xasprintf("%s/log", path);
            rc = mkdir(log, 0700);
            free(log);
            if (rc == 0)
                return path;
            files_remove_tree(path);
        }
        error_set(err, "make a directory for the run, %s: %s", path, strerror(errno));
        free(path);
    }
    return NULL;
}
