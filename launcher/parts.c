/* parts.c - where things are: our own parts, the Python, the mpiexec */
#include "launcher/parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "kernel/base/platform.h"

char *path_parent(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return xstrdup(".");
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

bool path_is_program(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

int parts_init(struct parts *parts, struct error *err)
{
    char *prefix;

    parts->bin = platform_program_dir();
    if (*parts->bin != '/') {
        parts_clear(parts);
        return error_set(err, "cannot tell where this program is: is /proc mounted?");
    }
    parts->self = xasprintf("%s/rankbook", parts->bin);
    prefix = path_parent(parts->bin);
    parts->library = xasprintf("%s/lib/rankbook", prefix);
    parts->share = xasprintf("%s/share/rankbook", prefix);
    free(prefix);
    return 0;
}

void parts_clear(struct parts *parts)
{
    free(parts->self);
    free(parts->bin);
    free(parts->library);
    free(parts->share);
    *parts = (struct parts){ 0 };
}

char *parts_program(const struct parts *parts, const char *name, struct error *err)
{
    char *path = xasprintf("%s/%s", parts->bin, name);

    if (path_is_program(path))
        return path;
    error_set(err, "no program %s: build or install Rankbook again", path);
    free(path);
    return NULL;
}

char *parts_python(const char *option, struct error *err)
{
    const char *python = option;

    if (!python)
        python = getenv("RANKBOOK_PYTHON");
    if (!python || !*python)
        python = DEFAULT_PYTHON;
    if (!path_is_program(python)) {
        error_set(err,
                  "no Python environment at '%s': "
                  "give the path of a python by --python or RANKBOOK_PYTHON",
                  python);
        return NULL;
    }
    if (*python == '/')
        return xstrdup(python);

    /* Not realpath(): the link in an environment's bin is what names it. */
    char *dir = getcwd(NULL, 0), *path = xasprintf("%s/%s", dir ? dir : ".", python);

    free(dir);
    return path;
}

/* 'name' as a shell finds it; NULL when it is nowhere in PATH. */
static char *find_in_path(const char *name)
{
    const char *dirs = getenv("PATH"), *end;

    if (strchr(name, '/'))
        return path_is_program(name) ? xstrdup(name) : NULL;
    for (; dirs && *dirs; dirs = *end ? end + 1 : end) {
        end = strchrnul(dirs, ':');
        char *path = xasprintf("%.*s/%s", (int)(end - dirs), dirs, name);

        if (path_is_program(path))
            return path;
        free(path);
    }
    return NULL;
}

char *parts_mpiexec(struct error *err)
{
    const char *name = getenv("RANKBOOK_MPIEXEC");
    char *path;

    if (!name || !*name)
        name = DEFAULT_MPIEXEC;
    if (!*name)
        name = "mpiexec";
    if (!(path = find_in_path(name)))
        error_set(err,
                  "no mpiexec at '%s': install the MPI (pip install mpich), "
                  "or name its mpiexec by RANKBOOK_MPIEXEC",
                  name);
    return path;
}

void parts_set_path(struct strings *env, const char *python, const char *mpiexec)
{
    char *bin;

    if (mpiexec) {
        bin = path_parent(mpiexec);
        strings_prepend_env(env, "PATH", bin);
        free(bin);
    }
    bin = path_parent(python);
    strings_prepend_env(env, "PATH", bin);
    free(bin);
}
