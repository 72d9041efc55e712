/* spec.c - a kernelspec: the directory that tells Jupyter how to start a kernel */
#include "launcher/spec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/buf.h"
#include "kernel/base/file.h"
#include "kernel/base/mem.h"
#include "kernel/jupyter/curve.h"
#include "launcher/files.h"
#include "launcher/parts.h"

struct value {
    const char *name;
    const char *text;
};

/* -------------------------------------------------------------- kernel.json */

static const char *find_value(const struct value *values, const char *name, size_t size)
{
    for (; values->name; values++)
        if (strlen(values->name) == size && !memcmp(values->name, name, size))
            return values->text;
    return NULL;
}

/* A new string, or NULL with 'err'. */
static json_t *render_text(const char *text, const struct value *values,
                           struct error *err)
{
    struct buf buf = { 0 };
    const char *open, *close, *value;
    json_t *result = NULL;

    for (; (open = strchr(text, '@')) && (close = strchr(open + 1, '@'));
         text = close + 1) {
        value = find_value(values, open + 1, (size_t)(close - open - 1));
        if (!value) {
            error_set(err, "nothing is known by the name %.*s", (int)(close - open + 1),
                      open);
            goto done;
        }
        buf_add(&buf, text, (size_t)(open - text));
        buf_add_text(&buf, value);
    }
    buf_add_text(&buf, text);
    if (!(result = json_string(buf_text(&buf))))
        error_set(err, "a path that is no UTF-8 cannot stand in kernel.json: %s",
                  buf_text(&buf));
done:
    buf_clear(&buf);
    return result;
}

static json_t *render(json_t *node, const struct value *values, struct error *err)
{
    json_t *copy, *child, *done;
    const char *key;
    size_t idx;

    if (json_is_string(node))
        return render_text(json_string_value(node), values, err);
    if (!json_is_object(node) && !json_is_array(node))
        return json_incref(node);
    copy = json_copy(node);
    json_object_foreach(node, key, child)
    {
        if (!(done = render(child, values, err)))
            goto error;
        json_object_set_new(copy, key, done);
    }
    json_array_foreach(node, idx, child)
    {
        if (!(done = render(child, values, err)))
            goto error;
        json_array_set_new(copy, idx, done);
    }
    return copy;
error:
    json_decref(copy);
    return NULL;
}

json_t *spec_render(const struct spec *spec, json_t *template, struct error *err)
{
    char ranks[16];
    const struct value values[] = {
        { "PROGRAM", spec->program },
        { "PYTHON", spec->python },
        { "RANKS", ranks },
        { "DISPLAY_NAME", spec->display_name },
        { NULL },
    };
    json_t *json;

    snprintf(ranks, sizeof(ranks), "%d", spec->ranks);
    if (!(json = render(template, values, err)))
        return NULL;
    if (spec->start) {
        json_array_append_new(json_object_get(json, "argv"), json_string("--start"));
        json_array_append_new(json_object_get(json, "argv"), json_string(spec->start));
    }
    if (spec->mpiexec)
        json_object_set_new(json_object_get(json, "env"), "RANKBOOK_MPIEXEC",
                            json_string(spec->mpiexec));
    json_object_set_new(json_object_get(json, "metadata"), "debugger",
                        json_boolean(spec->debugs));
    /* Jupyter gives keys to kernels that say they have a use for them. */
    if (curve_is_there())
        json_object_set_new(json_object_get(json, "metadata"), "supported_encryption",
                            json_pack("[s]", "curve"));
    return json;
}

static int write_json(const struct spec *spec, const char *share, const char *dir,
                      struct error *err)
{
    char *from = xasprintf("%s/kernel.json.in", share), *text = NULL;
    char *to = xasprintf("%s/kernel.json", dir);
    json_t *template, *json = NULL;
    struct buf lines = { 0 };
    json_error_t why;
    int rc = -1;

    if (!(template = json_load_file(from, 0, &why)))
        error_set(err, "%s: %s", from, why.text);
    else if ((json = spec_render(spec, template, err))
             && (text = json_dumps(json, JSON_INDENT(1)))) {
        buf_add_format(&lines, "%s\n", text);
        rc = files_write(to, lines.data, lines.size, err);
    }
    buf_clear(&lines);
    json_decref(template);
    json_decref(json);
    free(text);
    free(from);
    free(to);
    return rc;
}

/* -------------------------------------------------------------- the directory */

static int copy_logos(const char *share, const char *dir, struct error *err)
{
    DIR *list = opendir(share);
    struct dirent *entry;
    int rc = 0;

    if (!list)
        return error_set(err, "read %s: %s", share, strerror(errno));
    while (rc == 0 && (entry = readdir(list))) {
        if (strncmp(entry->d_name, "logo-", 5))
            continue;
        char *from = xasprintf("%s/%s", share, entry->d_name);
        char *to = xasprintf("%s/%s", dir, entry->d_name);

        rc = files_copy(from, to, err);
        free(from);
        free(to);
    }
    closedir(list);
    return rc;
}

/* Puts the new directory in the place of the old one, which Jupyter may be reading:
 * at no time is there none. */
static int replace_dir(const char *from, const char *to, struct error *err)
{
    if (rename(from, to) == 0)
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return error_set(err, "write %s: %s", to, strerror(errno));
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) < 0) {
        files_remove_tree(to); /* a file system that cannot exchange */
        if (rename(from, to) < 0)
            return error_set(err, "write %s: %s", to, strerror(errno));
    }
    files_remove_tree(from);
    return 0;
}

int spec_install(const struct spec *spec, const char *share, const char *kernels,
                 struct error *err)
{
    char *temp = xasprintf("%s/.rankbook-XXXXXX", kernels);
    char *dir = xasprintf("%s/%s", kernels, spec->name);
    mode_t mask = umask(0);
    int rc = -1;

    umask(mask);
    if (file_make_dirs(kernels, err) < 0)
        goto done;
    if (!mkdtemp(temp)) {
        error_set(err, "write in %s: %s", kernels, strerror(errno));
        goto done;
    }
    if (chmod(temp, 0777 & ~mask) < 0 || copy_logos(share, temp, err) < 0
        || write_json(spec, share, temp, err) < 0 || replace_dir(temp, dir, err) < 0)
        files_remove_tree(temp);
    else
        rc = 0;
done:
    free(temp);
    free(dir);
    return rc;
}

/* -------------------------------------------------------------- what is there */

char *spec_program(const char *kernel_json)
{
    json_t *json = json_load_file(kernel_json, 0, NULL);
    json_t *argv = json_object_get(json, "argv");
    const char *program = json_string_value(json_array_get(argv, 0));
    const char *command = json_string_value(json_array_get(argv, 1));
    char *result = NULL;

    if (program && command && !strcmp(command, "kernel"))
        result = xstrdup(program);
    json_decref(json);
    return result;
}

char *spec_user_dir(void)
{
    const char *data = getenv("JUPYTER_DATA_DIR"), *home = getenv("HOME");
    const char *xdg = getenv("XDG_DATA_HOME");

    if (data && *data)
        return xasprintf("%s/kernels", data);
    if (xdg && *xdg)
        return xasprintf("%s/jupyter/kernels", xdg);
    return xasprintf("%s/.local/share/jupyter/kernels", home ? home : "");
}

char *spec_python_dir(const char *python)
{
    char *bin = path_parent(python), *prefix = path_parent(bin);
    char *dir = xasprintf("%s/share/jupyter/kernels", prefix);

    free(bin);
    free(prefix);
    return dir;
}
