/* test_rundir.c - the directory of one run */
#include "launcher/rundir.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "launcher/files.h"
#include "tests/unit/tap.h"

static void check_template(void)
{
    char base[120];
    char *path = rundir_template("/run/user/0");

    is_str(path, "/run/user/0/rankbook-XXXXXX", "the directory has a name of ours");
    free(path);
    ok(!rundir_template(NULL), "a base that is not set gives none");
    ok(!rundir_template("") && !rundir_template("tmp"), "nor does a relative one");
    /* 106 bytes and the NUL: base, "/rankbook-XXXXXX", "/wire" */
    memset(base, 'x', sizeof(base));
    base[0] = '/';
    base[106 - 16 - 5] = '\0';
    path = rundir_template(base);
    is_int(path ? (long long)strlen(path) + 5 : 0, 106, "a socket's path just fits");
    free(path);
    base[106 - 16 - 5] = 'x';
    base[106 - 16 - 4] = '\0';
    ok(!rundir_template(base), "one byte more is too long");
}

static void check_create(void)
{
    char scratch[] = "/tmp/rankbook-test-XXXXXX";
    struct error err;
    struct stat info;
    char *run, *log;

    if (!mkdtemp(scratch))
        abort();
    setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
    setenv("TMPDIR", scratch, 1);
    run = rundir_create(&err);
    ok(run && !strncmp(run, scratch, strlen(scratch)),
       "a base that cannot be written is passed over");
    ok(stat(run, &info) == 0 && (info.st_mode & 0777) == 0700, "it is for us alone");
    log = xasprintf("%s/log", run);
    ok(stat(log, &info) == 0 && S_ISDIR(info.st_mode), "it has a log directory");
    free(log);
    log = xasprintf("%s/log/a", run);
    ok(files_write(log, "x", 1, &err) == 0 && symlink("/etc", run) < 0, "that is used");
    free(log);
    log = xasprintf("%s/link", run);
    ok(symlink("/etc", log) == 0, "beside a link");
    free(log);
    files_remove_tree(run);
    ok(stat(run, &info) < 0, "all of it is removed");
    ok(stat("/etc/passwd", &info) == 0, "but nothing behind the link");
    free(run);
    rmdir(scratch);
}

int main(void)
{
    check_template();
    check_create();
    return done_testing();
}
