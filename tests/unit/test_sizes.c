/* test_sizes.c - how many ranks which notebook has */
#include "kernel/base/sizes.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/buf.h"
#include "kernel/base/file.h"
#include "kernel/base/mem.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/rankbook-sizes-XXXXXX";
static char *path;
static struct error err;

static void write_file(const char *text)
{
    file_replace(path, text, strlen(text), 0600, &err);
}

static const char *read_file(void)
{
    static char text[4096];
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

    text[size] = '\0';
    if (file)
        fclose(file);
    return text;
}

static void test_notebooks(void)
{
    struct stat info;

    is_int(sizes_recall("/a.ipynb", &err), 0, "nothing is remembered at first");
    is_int(sizes_remember("/a.ipynb", 8, &err), 0, "a number is remembered");
    ok(stat(path, &info) == 0 && (info.st_mode & 0777) == 0600, "in a private file");
    is_int(sizes_recall("/a.ipynb", &err), 8, "and recalled");
    is_int(sizes_recall("/b.ipynb", &err), 0, "of this notebook only");
    sizes_remember("/with space.ipynb", 1024, &err);
    is_int(sizes_recall("/with space.ipynb", &err), 1024, "a name may have blanks");
    sizes_remember("/a.ipynb", 3, &err);
    is_str(read_file(), "3 /a.ipynb\n1024 /with space.ipynb\n",
           "the newest comes first");
    sizes_remember("/a.ipynb", 0, &err);
    is_str(read_file(), "1024 /with space.ipynb\n", "a number is forgotten");
    is_int(sizes_remember("", 2, &err), -1, "a notebook has a name");
    is_int(sizes_remember("a\nb", 2, NULL), -1, "of one line; a NULL error is allowed");
}

static void test_bound(void)
{
    char *name;
    int lines = 0;
    FILE *file;

    for (int i = 0; i < 600; i++) {
        name = xasprintf("/%d.ipynb", i);
        sizes_remember(name, 2, &err);
        free(name);
    }
    file = fopen(path, "r");
    for (int c; (c = fgetc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    is_int(lines, 500, "500 are kept");
    ok(sizes_recall("/599.ipynb", &err) == 2 && sizes_recall("/99.ipynb", &err) == 0,
       "the newest");
}

static void test_broken(void)
{
    static const char *const lines[] = { "x /b",          "0 /b", "1025 /b",
                                         "-1 /b",         "8",    "8 ",
                                         "8/b",           "",     " 8 /b",
                                         "99999999999 /b" };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char *text = xasprintf("2 /a\n%s\n4 /c", lines[i]);

        write_file(text);
        ok(sizes_recall("/a", &err) == 2 && sizes_recall("/c", &err) == 4,
           "the lines around '%s' are read", lines[i]);
        ok(sizes_recall("/b", &err) == -1 && strstr(err.text, "line 2"),
           "it is pointed out: %s", err.text);
        free(text);
    }
    sizes_remember("/b", 5, &err);
    is_str(read_file(), "5 /b\n2 /a\n4 /c\n",
           "the next one that is remembered mends it");
}

static void test_no_file(void)
{
    char *command = xasprintf("rm -r %s/rankbook; touch %s/rankbook", folder, folder);

    ok(system(command) == 0, "a file stands where the directory belongs");
    is_int(sizes_recall("/a", &err), -1, "nothing can be recalled");
    is_int(sizes_remember("/a", 2, &err), -1, "or remembered");
    ok(strstr(err.text, folder) != NULL, "and the error says where: %s", err.text);
    free(command);
    unsetenv("XDG_STATE_HOME");
    setenv("HOME", folder, 1);
    is_int(sizes_remember("/a", 2, &err), 0, "without XDG_STATE_HOME, below HOME");
    unsetenv("HOME");
    is_int(sizes_remember("/a", 2, &err), -1, "without both, nowhere");
    setenv("HOME", folder, 1);
    is_int(sizes_recall("/a", &err), 2, "what was remembered there is found");
}

int main(void)
{
    char *command;

    if (!mkdtemp(folder))
        return 1;
    path = xasprintf("%s/rankbook/sizes", folder);
    setenv("XDG_STATE_HOME", folder, 1);
    test_notebooks();
    test_bound();
    test_broken();
    test_no_file();
    command = xasprintf("rm -r %s", folder);
    ok(system(command) == 0, "nothing else is left");
    free(command);
    free(path);
    return done_testing();
}
