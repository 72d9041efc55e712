/* test_notebook.c - notebook files: what is read, refused, upgraded, written */
#include "launcher/replay/notebook.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/file.h"
#include "kernel/base/mem.h"
#include "tests/unit/tap.h"

static char dir[] = "/tmp/test_notebook.XXXXXX";

static char *in_dir(const char *name)
{
    return xasprintf("%s/%s", dir, name);
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    fputs(text, file);
    fclose(file);
}

#define MINOR "\"nbformat\":4,\"nbformat_minor\":"
#define CELL "{\"cell_type\":\"code\",\"metadata\":{},\"source\":\"1\"}"

static void test_refused(void)
{
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        { "", "not JSON" },
        { "[]", "not a notebook" },
        { "{}", "not a notebook" },
        { "{\"nbformat\":\"4\"}", "not a notebook" },
        { "{\"nbformat\":3,\"nbformat_minor\":0}", "its format is 3" },
        { "{\"nbformat\":5,\"nbformat_minor\":0}", "its format is 5" },
        { "{\"nbformat\":4,\"cells\":[]}", "\"nbformat_minor\" is not a number" },
        { "{" MINOR "0}", "it has no cells" },
        { "{" MINOR "0,\"cells\":{}}", "it has no cells" },
        { "{" MINOR "0,\"cells\":[" CELL ",7]}", "cell 2 is neither" },
        { "{" MINOR "0,\"cells\":[{\"cell_type\":\"x\",\"source\":\"\"}]}",
          "cell 1 is neither" },
        { "{" MINOR "0,\"cells\":[{\"cell_type\":\"code\"}]}", "cell 1 has no source" },
        { "{" MINOR "0,\"cells\":[{\"cell_type\":\"code\",\"source\":[1]}]}",
          "cell 1 has no source" },
    };
    char *path = in_dir("bad.ipynb");
    struct error err = { "" };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        put(path, cases[i].text);
        ok(!notebook_read(path, &err), "refused: %s", cases[i].why);
        ok(strstr(err.text, cases[i].why) && strstr(err.text, path), "because: %s",
           err.text);
    }
    unlink(path);
    ok(!notebook_read(path, &err) && strstr(err.text, "No such file"),
       "a missing file is named: %s", err.text);
    ok(!notebook_read(dir, &err), "a directory is no notebook");
    notebook_destroy(NULL);
    free(path);
}

static struct notebook *decode(const char *text)
{
    return notebook_decode(json_loads(text, 0, NULL), NULL);
}

static const char *id_of(const struct notebook *notebook, size_t idx)
{
    return json_string_value(
        json_object_get(json_array_get(notebook_cells(notebook), idx), "id"));
}

static void test_upgrade(void)
{
    struct notebook *notebook =
        decode("{" MINOR "2,\"theirs\":{\"a\":[1]},\"cells\":["
               "{\"cell_type\":\"code\",\"source\":[\"a\\n\",\"b\"],\"theirs\":1},"
               "{\"cell_type\":\"raw\",\"source\":\"r\",\"id\":\"same\"},"
               "{\"cell_type\":\"markdown\",\"source\":\"m\",\"id\":\"same\"},"
               "{\"cell_type\":\"code\",\"source\":\"\",\"id\":\"not an id\"}]}");
    json_t *root = notebook_root(notebook), *cell;
    char *source;

    is_int(json_integer_value(json_object_get(root, "nbformat_minor")), 5,
           "an old notebook becomes 4.5");
    is_int((long long)strlen(id_of(notebook, 0)), 8, "a cell without id gets one");
    is_str(id_of(notebook, 1), "same", "a good id stays");
    ok(strcmp(id_of(notebook, 2), "same") != 0, "one that is taken does not");
    ok(!strchr(id_of(notebook, 3), ' '), "one that is none does not");
    ok(json_object_get(root, "theirs"), "what we do not know stays");
    cell = json_array_get(notebook_cells(notebook), 0);
    ok(json_object_get(cell, "theirs"), "in cells as well");
    ok(json_is_object(json_object_get(cell, "metadata")), "metadata is added");
    source = notebook_text(json_object_get(cell, "source"));
    is_str(source, "a\nb", "lines are one text");
    free(source);
    ok(notebook_is_code(cell)
           && !notebook_is_code(json_array_get(notebook_cells(notebook), 1)),
       "code is code");
    notebook_set_kernel(notebook, 4);
    cell = json_object_get(json_object_get(root, "metadata"), "kernelspec");
    is_str(json_string_value(json_object_get(cell, "name")), "rankbook-4",
           "a kernel is named");
    is_str(json_string_value(json_object_get(cell, "display_name")),
           "MPI Python (4 ranks)", "as it is installed");
    is_str(json_string_value(json_object_get(cell, "language")), "python",
           "and its language");
    notebook_destroy(notebook);

    notebook = decode("{\"nbformat\":4,\"nbformat_minor\":6,\"cells\":[],"
                      "\"metadata\":{\"kernelspec\":{\"name\":\"python3\"}}}");
    root = notebook_root(notebook);
    is_int(json_integer_value(json_object_get(root, "nbformat_minor")), 6,
           "a later minor stays");
    notebook_set_kernel(notebook, 1);
    cell = json_object_get(json_object_get(root, "metadata"), "kernelspec");
    is_str(json_string_value(json_object_get(cell, "name")), "python3",
           "the kernel of a notebook stays");
    notebook_destroy(notebook);
}

static void test_clear(void)
{
    struct notebook *notebook =
        decode("{" MINOR "5,\"cells\":[{\"cell_type\":\"code\",\"source\":\"\","
               "\"metadata\":{\"execution\":{},\"tags\":[\"a\",\"b\"]},"
               "\"outputs\":[{}],\"execution_count\":7}]}");
    json_t *cell = json_array_get(notebook_cells(notebook), 0), *added;

    notebook_clear_outputs(notebook);
    is_int((long long)json_array_size(json_object_get(cell, "outputs")), 0,
           "outputs are forgotten");
    ok(json_is_null(json_object_get(cell, "execution_count")), "so is the count");
    ok(!json_object_get(json_object_get(cell, "metadata"), "execution"),
       "and the times");
    ok(notebook_has_tag(cell, "b") && !notebook_has_tag(cell, "c"), "tags are found");
    added = notebook_new_cell(notebook, "x\ny");
    is_int((long long)json_array_size(json_object_get(added, "source")), 2,
           "a new cell has its lines");
    ok(json_object_get(added, "id") && notebook_is_code(added), "and an id");
    json_decref(added);
    notebook_destroy(notebook);
}

static void test_write(void)
{
    struct notebook *notebook = decode("{" MINOR "5,\"cells\":[]}"), *again;
    char *path = in_dir("out.ipynb"), *link = in_dir("link.ipynb");
    struct error err = { "" };
    struct stat info;

    umask(022);
    is_int(file_check(path, &err), 0, "a path that can be written");
    ok(access(path, F_OK) < 0, "is not touched by asking");
    is_int(notebook_write(notebook, path, &err), 0, "a notebook is written");
    stat(path, &info);
    is_int(info.st_mode & 0777, 0644, "with the mode of a new file");
    again = notebook_read(path, &err);
    ok(again && json_equal(notebook_root(again), notebook_root(notebook)),
       "and read again");
    notebook_destroy(again);
    chmod(path, 0600);
    if (symlink(path, link) < 0)
        return;
    is_int(notebook_write(notebook, link, &err), 0, "through a link");
    stat(path, &info);
    is_int(info.st_mode & 0777, 0600, "the file it leads to, and its mode stays");
    lstat(link, &info);
    ok(S_ISLNK(info.st_mode), "and the link stays a link");
    is_int(file_check("/dev/null", &err), -1, "a device is refused");
    is_int(file_check("/nonexistent/x", &err), -1, "a missing directory too");
    is_str(err.text, "write /nonexistent/x: No such file or directory", "by name");
    is_int(notebook_write(notebook, dir, &err), -1, "a directory as well");
    unlink(link);
    unlink(path);
    notebook_destroy(notebook);
    free(path);
    free(link);
}

static void test_lines(void)
{
    static const struct {
        const char *text;
        size_t lines;
    } cases[] = { { "", 0 }, { "a", 1 }, { "a\n", 1 }, { "a\n\nb", 3 }, { "\r", 1 } };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *text = json_string(cases[i].text), *lines = notebook_lines(text);
        char *joined = notebook_text(lines);

        is_int((long long)json_array_size(lines), (long long)cases[i].lines,
               "a text has its lines");
        is_str(joined, cases[i].text, "which make the text again");
        free(joined);
        json_decref(lines);
        json_decref(text);
    }
}

int main(void)
{
    if (!mkdtemp(dir))
        return 1;
    test_refused();
    test_upgrade();
    test_clear();
    test_write();
    test_lines();
    is_int(rmdir(dir), 0, "nothing is left behind");
    return done_testing();
}
