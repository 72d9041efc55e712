/* info.c - what the kernel says about itself */
#include "kernel/front/info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "kernel/front/debug.h"

/* "version = 3.11.2" in the pyvenv.cfg of RANKBOOK_PYTHON's environment. */
static bool environment_version(char version[32])
{
    const char *python = getenv("RANKBOOK_PYTHON");
    const char *bin = python ? strstr(python, "/bin/") : NULL;
    char *path, line[256];
    bool found = false;
    FILE *file;

    if (!bin)
        return false;
    while (strstr(bin + 1, "/bin/"))
        bin = strstr(bin + 1, "/bin/");
    path = xasprintf("%.*s/pyvenv.cfg", (int)(bin - python), python);
    if ((file = fopen(path, "re"))) {
        while (!found && fgets(line, sizeof(line), file))
            found = sscanf(line, "version = %31[0-9.]", version) == 1
                    || sscanf(line, "version_info = %31[0-9.]", version) == 1;
        fclose(file);
    }
    free(path);
    return found;
}

/* What any rank said with READY; the lead's when it is there. */
static const json_t *ready_info(const struct front *front)
{
    int lead = cluster_lead(front->cluster);

    return lead < 0 ? NULL : cluster_rank(front->cluster, lead).ready;
}

static const char *python_version(const struct front *front)
{
    static char version[32];
    const json_t *python = json_object_get(ready_info(front), "python");

    if (json_is_string(python))
        snprintf(version, sizeof(version), "%s", json_string_value(python));
    else if (!*version && !environment_version(version))
        return "3";
    return version;
}

static json_t *banner(const struct front *front, const char *python)
{
    int size = cluster_size(front->cluster);
    const json_t *ipython = json_object_get(ready_info(front), "ipython");
    const json_t *mpi = json_object_get(ready_info(front), "mpi");
    char *text = xasprintf("Rankbook %s: MPI Python on %d rank%s\nPython %s%s%s%s%s",
                           RANKBOOK_VERSION, size, size == 1 ? "" : "s", python,
                           ipython ? ", IPython " : "",
                           json_is_string(ipython) ? json_string_value(ipython) : "",
                           json_is_string(mpi) && *json_string_value(mpi) ? "\n" : "",
                           json_is_string(mpi) ? json_string_value(mpi) : "");
    json_t *result = message_text(text, strlen(text));

    free(text);
    return result;
}

json_t *info_kernel(const struct front *front)
{
    const char *version = python_version(front);
    bool debugs = debug_is_there(front->debug);
    json_t *language =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:i}, s:s}", "name", "python",
                  "version", version, "mimetype", "text/x-python", "file_extension",
                  ".py", "pygments_lexer", "ipython3", "codemirror_mode", "name",
                  "ipython", "version", 3, "nbconvert_exporter", "python");

    return json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:o, s:[{s:s, s:s}, {s:s, s:s}], "
        "s:b, s:o}",
        "status", "ok", "protocol_version", "5.5", "implementation", "rankbook",
        "implementation_version", RANKBOOK_VERSION, "language_info", language, "banner",
        banner(front, version), "help_links", "text", "Python Reference", "url",
        "https://docs.python.org/3", "text", "mpi4py Reference", "url",
        "https://mpi4py.readthedocs.io/", "debugger", debugs, "supported_features",
        debugs ? json_pack("[s]", "debugger") : json_array());
}
