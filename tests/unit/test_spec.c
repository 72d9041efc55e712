/* test_spec.c - a kernelspec */
#include "launcher/spec.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "kernel/base/file.h"
#include "kernel/base/mem.h"
#include "kernel/jupyter/curve.h"
#include "launcher/files.h"
#include "tests/unit/tap.h"

static const char source[] =
    "{\"argv\": [\"@PROGRAM@\", \"-n\", \"@RANKS@\", \"{connection_file}\"],"
    " \"display_name\": \"<@DISPLAY_NAME@>\", \"env\": {\"P\": \"@PYTHON@\"},"
    " \"language\": \"python\", \"metadata\": {\"x\": false}}";

static struct spec spec = {
    .name = "rankbook-4",
    .display_name = "MPI \"Python\" \\ (4 ranks)",
    .program = "/opt/a b/rankbook",
    .python = "/env/bin/python",
    .ranks = 4,
};
static struct error err;

static const char *arg(json_t *json, size_t idx)
{
    return json_string_value(json_array_get(json_object_get(json, "argv"), idx));
}

static void check_render(void)
{
    json_t *template = json_loads(source, 0, NULL), *json;

    json = spec_render(&spec, template, &err);
    is_str(arg(json, 0), "/opt/a b/rankbook", "a name is replaced by its value");
    is_str(arg(json, 2), "4", "numbers too");
    is_str(arg(json, 3), "{connection_file}", "Jupyter's own names stay");
    is_str(json_string_value(json_object_get(json, "display_name")),
           "<MPI \"Python\" \\ (4 ranks)>", "text that JSON has to quote is safe");
    is_str(json_string_value(json_object_get(json_object_get(json, "env"), "P")),
           "/env/bin/python", "nested strings are replaced");
    ok(json_is_false(json_object_get(json_object_get(json, "metadata"), "x")),
       "what is no string stays");
    ok(json_is_false(json_object_get(json_object_get(json, "metadata"), "debugger")),
       "no debugger without debugpy");
    ok(!json_object_get(json_object_get(json, "metadata"), "supported_encryption")
           == !curve_is_there(),
       "encryption is promised when libzmq has it");
    is_str(arg(template, 0), "@PROGRAM@", "the template is left alone");
    json_decref(json);

    spec.start = "none";
    spec.mpiexec = "/x/mpiexec";
    json = spec_render(&spec, template, &err);
    is_str(arg(json, 4), "--start", "a start method is added");
    is_str(arg(json, 5), "none", "by its name");
    is_str(json_string_value(
               json_object_get(json_object_get(json, "env"), "RANKBOOK_MPIEXEC")),
           "/x/mpiexec", "and the user's mpiexec");
    json_decref(json);
    spec.start = spec.mpiexec = NULL;

    json_object_set_new(template, "x", json_string("a @WHAT@ b"));
    ok(!spec_render(&spec, template, &err), "an unknown name is refused");
    is_str(err.text, "nothing is known by the name @WHAT@", "and named");
    json_object_set_new(template, "x", json_string("a@b"));
    json = spec_render(&spec, template, &err);
    is_str(json_string_value(json_object_get(json, "x")), "a@b", "one @ is a letter");
    json_decref(json);
    spec.python = "\xff";
    ok(!spec_render(&spec, template, &err), "a path that is no UTF-8 is refused");
    spec.python = "/env/bin/python";
    json_decref(template);
}

static void check_install(void)
{
    char scratch[] = "/tmp/rankbook-test-XXXXXX";
    char *share, *kernels, *path, *program;
    const char text[] = "{\"argv\": [\"@PROGRAM@\", \"kernel\", \"@RANKS@\"]}\n";
    struct stat info;

    if (!mkdtemp(scratch))
        abort();
    share = xasprintf("%s/share", scratch);
    kernels = xasprintf("%s/a/b/kernels", scratch);
    is_int(spec_install(&spec, share, kernels, &err), -1, "no template, no kernel");
    file_make_dirs(share, &err);
    path = xasprintf("%s/kernel.json.in", share);
    files_write(path, text, strlen(text), &err);
    free(path);
    path = xasprintf("%s/logo-64x64.png", share);
    files_write(path, "png", 3, &err);
    free(path);

    is_int(spec_install(&spec, share, kernels, &err), 0, "directories are made");
    is_int(spec_install(&spec, share, kernels, &err), 0, "what is there is replaced");
    path = xasprintf("%s/rankbook-4/logo-64x64.png", kernels);
    ok(stat(path, &info) == 0 && info.st_size == 3, "the logo is there");
    free(path);
    path = xasprintf("%s/rankbook-4/kernel.json", kernels);
    program = spec_program(path);
    is_str(program, "/opt/a b/rankbook", "kernel.json starts the program");
    free(program);
    free(path);
    ok(stat(kernels, &info) == 0 && info.st_nlink == 3, "no temporary one stays");
    ok(!spec_program("/nonexistent"), "no file is no kernel of ours");
    files_remove_tree(scratch);
    free(share);
    free(kernels);
}

static void check_places(void)
{
    char *dir;

    setenv("JUPYTER_DATA_DIR", "/data", 1);
    is_str(dir = spec_user_dir(), "/data/kernels", "JUPYTER_DATA_DIR comes first");
    free(dir);
    unsetenv("JUPYTER_DATA_DIR");
    unsetenv("XDG_DATA_HOME");
    setenv("HOME", "/home/u", 1);
    is_str(dir = spec_user_dir(), "/home/u/.local/share/jupyter/kernels",
           "else Jupyter's default");
    free(dir);
    is_str(dir = spec_python_dir("/env/bin/python"), "/env/share/jupyter/kernels",
           "an environment has its own");
    free(dir);
}

int main(void)
{
    check_render();
    check_install();
    check_places();
    return done_testing();
}
