/* doctor.c - rankbook doctor: one line a check, and what to do
 *
 * A check answers with a detail, or with an error and a remedy.  Later checks rely
 * on what earlier ones found, and are left out when that is missing.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "launcher/capture.h"
#include "launcher/commands.h"
#include "launcher/files.h"
#include "launcher/options.h"
#include "launcher/parts.h"
#include "launcher/rundir.h"
#include "launcher/spec.h"
#include "launcher/strings.h"

/* A cold import from a network file system takes its time. */
#define PROGRAM_SECONDS 60
#define SHM_MIN_MB 64

struct settings {
    const char *python;
};

struct doctor {
    struct parts parts;
    char *python; /* NULL: there is none, as 'no_python' says */
    struct error no_python;
    char *interpreter;
    char *mpiexec;
    struct strings env;
    struct buf detail; /* of the running check */
    struct buf remedy;
};

static const struct option_row rows[] = {
    { "python", 0, OPTION_TEXT, offsetof(struct settings, python), "PATH",
      "the python of the environment to check" },
};

static const struct option_table table = {
    .usage = "rankbook doctor [OPTION]...",
    .summary = "Check this machine, one line a check; say what to do.",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .more = "The exit status is 0 when all is well, else 1.",
};

/* Runs the NULL-terminated arguments; the last line they print is the detail. */
static int ask(struct doctor *doctor, struct error *err, const char *program, ...)
{
    struct strings argv = { 0 };
    struct buf output = { 0 };
    const char *arg;
    va_list args;
    int rc;

    strings_add(&argv, program);
    va_start(args, program);
    while ((arg = va_arg(args, const char *)))
        strings_add(&argv, arg);
    va_end(args);
    rc = capture_run(argv.list, doctor->env.list, PROGRAM_SECONDS, &output, err);
    if (rc == 0 && output.size)
        buf_add_text(&doctor->detail, capture_last_line(output.data));
    strings_clear(&argv);
    buf_clear(&output);
    return rc;
}

/* -------------------------------------------------------------- the checks */

static int check_programs(struct doctor *doctor, struct error *err)
{
    static const char *const names[] = { "rankbook-front", "rankbook-keeper",
                                         "rankbook-interpreter" };

    buf_add_text(&doctor->remedy, "make && make install");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        free(doctor->interpreter);
        if (!(doctor->interpreter = parts_program(&doctor->parts, names[i], err)))
            return -1;
    }
    buf_add_text(&doctor->detail, doctor->parts.bin);
    return 0;
}

static int check_python(struct doctor *doctor, struct error *err)
{
    if (!doctor->python)
        return error_set(err, "%s", doctor->no_python.text);
    buf_add_text(&doctor->remedy, "give another one by RANKBOOK_PYTHON");
    if (ask(doctor, err, doctor->python, "-c",
            "import sys; print('%d.%d.%d' % sys.version_info[:3])", NULL)
        < 0)
        return -1;
    buf_add_format(&doctor->detail, " (%s)", doctor->python);
    return 0;
}

/* The interpreter was linked with one libpython; packages with compiled parts of
 * another minor version do not load into it. */
static int check_libpython(struct doctor *doctor, struct error *err)
{
    static const char version[] = "import sys; print('%d.%d' % sys.version_info[:2])";
    struct buf theirs = { 0 };
    int rc;

    buf_add_text(&doctor->remedy, "build Rankbook for it: make PYTHON=");
    buf_add_text(&doctor->remedy, doctor->python);
    if (ask(doctor, err, doctor->python, "-c", version, NULL) < 0)
        return -1;
    theirs = doctor->detail;
    doctor->detail = (struct buf){ 0 };
    rc = ask(doctor, err, doctor->interpreter, "--", "-c", version, NULL);
    if (rc == 0 && strcmp(buf_text(&theirs), buf_text(&doctor->detail)))
        rc = error_set(err, "the environment has Python %s, the interpreter has %s",
                       buf_text(&theirs), buf_text(&doctor->detail));
    buf_clear(&theirs);
    return rc;
}

static int check_ipython(struct doctor *doctor, struct error *err)
{
    buf_add_format(&doctor->remedy, "%s -m pip install ipython", doctor->python);
    return ask(doctor, err, doctor->python, "-c",
               "import IPython; print(IPython.__version__)", NULL);
}

static int check_mpiexec(struct doctor *doctor, struct error *err)
{
    buf_add_format(&doctor->remedy,
                   "%s -m pip install mpich, or name one by RANKBOOK_MPIEXEC",
                   doctor->python);
    if (!(doctor->mpiexec = parts_mpiexec(err)))
        return -1;
    parts_set_path(&doctor->env, doctor->python, doctor->mpiexec);
    if (ask(doctor, err, doctor->mpiexec, "-n", "2", "/bin/true", NULL) < 0) {
        free(doctor->mpiexec);
        doctor->mpiexec = NULL;
        return -1;
    }
    buf_add_text(&doctor->detail, doctor->mpiexec);
    return 0;
}

static int check_mpi(struct doctor *doctor, struct error *err)
{
    static const char program[] =
        "from mpi4py import MPI\n"
        "n = MPI.COMM_WORLD.allreduce(1)\n"
        "if MPI.COMM_WORLD.rank == 0:\n"
        "    words = MPI.Get_library_version().split()\n"
        "    print(' '.join(words[:3]).replace(' Version:', '') + ', %d ranks' % n)\n";

    buf_add_text(&doctor->remedy, "build Rankbook with the MPI of this mpiexec: "
                                  "make MPICC=... MPIEXEC=");
    buf_add_text(&doctor->remedy, doctor->mpiexec);
    return ask(doctor, err, doctor->mpiexec, "-n", "2", doctor->interpreter, "--", "-c",
               program, NULL);
}

static int check_ports(struct doctor *doctor, struct error *err)
{
    struct sockaddr_in addr = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = 0;

    buf_add_text(&doctor->remedy, "bring the loopback interface up: ip link set lo up");
    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0
        || listen(fd, 1) < 0)
        rc = error_set(err, "listen on 127.0.0.1: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    buf_add_text(&doctor->detail, "127.0.0.1 can be bound");
    return rc;
}

static int check_memory(struct doctor *doctor, struct error *err)
{
    struct statvfs info;
    unsigned long long free_mb;

    buf_add_text(&doctor->remedy, "make it larger: mount -o remount,size=1G /dev/shm "
                                  "(docker run --shm-size=1g)");
    if (statvfs("/dev/shm", &info) < 0)
        return error_set(err, "/dev/shm: %s", strerror(errno));
    free_mb = (unsigned long long)info.f_bavail * info.f_frsize >> 20;
    if (free_mb < SHM_MIN_MB)
        return error_set(err, "/dev/shm has %llu MB left, MPI needs %d", free_mb,
                         SHM_MIN_MB);
    buf_add_format(&doctor->detail, "/dev/shm has %llu MB free", free_mb);
    return 0;
}

static int check_rundir(struct doctor *doctor, struct error *err)
{
    char *run;

    buf_add_text(&doctor->remedy, "set TMPDIR to a short path that can be written");
    if (!(run = rundir_create(err)))
        return -1;
    buf_add_format(&doctor->detail, "%s can be made", run);
    files_remove_tree(run);
    free(run);
    return 0;
}

/* Adds what the kernels in 'dir' are to the detail; 1 when one starts us, -1 when
 * one starts a program that is gone. */
static int look_at_specs(struct doctor *doctor, const char *dir, struct error *err)
{
    DIR *list = opendir(dir);
    struct dirent *entry;
    int found = 0;

    while (list && found >= 0 && (entry = readdir(list))) {
        char *path = xasprintf("%s/%s/kernel.json", dir, entry->d_name);
        char *program = strstr(path, "rankbook") ? spec_program(path) : NULL;

        if (program && !strcmp(program, doctor->parts.self)) {
            buf_add_format(&doctor->detail, "%s%s", doctor->detail.size ? " " : "",
                           entry->d_name);
            found = 1;
        } else if (program && !path_is_program(program)) {
            found = error_set(err, "%s starts %s, which is not there", path, program);
        }
        free(program);
        free(path);
    }
    if (list)
        closedir(list);
    return found;
}

static int check_specs(struct doctor *doctor, struct error *err)
{
    char *dirs[] = { spec_user_dir(), spec_python_dir(doctor->python),
                     xstrdup("/usr/local/share/jupyter/kernels"),
                     xstrdup("/usr/share/jupyter/kernels") };
    int rc = 0, found = 0;

    buf_add_format(&doctor->remedy, "%s install", doctor->parts.self);
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        if (rc >= 0)
            rc = look_at_specs(doctor, dirs[i], err);
        found |= rc > 0;
        free(dirs[i]);
    }
    if (rc < 0)
        return -1;
    return found ? 0 : error_set(err, "none starts this program");
}

enum { NEEDS_PYTHON = 1, NEEDS_PROGRAMS = 2, NEEDS_MPIEXEC = 4 };

static const struct {
    const char *name;
    int (*check)(struct doctor *doctor, struct error *err);
    int needs;
} checks[] = {
    { "Programs", check_programs, 0 },
    { "Python", check_python, 0 },
    { "Interpreter", check_libpython, NEEDS_PYTHON | NEEDS_PROGRAMS },
    { "IPython", check_ipython, NEEDS_PYTHON },
    { "mpiexec", check_mpiexec, NEEDS_PYTHON },
    { "MPI", check_mpi, NEEDS_PYTHON | NEEDS_PROGRAMS | NEEDS_MPIEXEC },
    { "Ports", check_ports, 0 },
    { "Shared memory", check_memory, 0 },
    { "Run directory", check_rundir, 0 },
    { "Kernelspecs", check_specs, NEEDS_PYTHON },
};

static int missing(const struct doctor *doctor)
{
    return (doctor->python ? 0 : NEEDS_PYTHON)
           | (doctor->interpreter ? 0 : NEEDS_PROGRAMS)
           | (doctor->mpiexec ? 0 : NEEDS_MPIEXEC);
}

int doctor_main(int argc, char **argv)
{
    struct settings settings = { 0 };
    struct doctor doctor = { 0 };
    struct error err;
    int rc = options_parse(&table, argc, argv, &settings, &err), bad = 0;

    if (rc == 0)
        return 0;
    if (rc < 0 || parts_init(&doctor.parts, &err) < 0)
        return command_fail(&err);
    doctor.python = parts_python(settings.python, &doctor.no_python);
    strings_add_list(&doctor.env, environ);
    if (doctor.python)
        strings_set_env(&doctor.env, "RANKBOOK_PYTHON", doctor.python);
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (checks[i].needs & missing(&doctor))
            continue;
        buf_reset(&doctor.detail);
        buf_reset(&doctor.remedy);
        if (checks[i].check(&doctor, &err) == 0) {
            printf("ok  %s: %s\n", checks[i].name, buf_text(&doctor.detail));
        } else {
            printf("no  %s: %s%s%s\n", checks[i].name, err.text,
                   doctor.remedy.size ? " -> " : "", buf_text(&doctor.remedy));
            bad = 1;
        }
        fflush(stdout);
    }
    buf_clear(&doctor.detail);
    buf_clear(&doctor.remedy);
    strings_clear(&doctor.env);
    parts_clear(&doctor.parts);
    free(doctor.python);
    free(doctor.interpreter);
    free(doctor.mpiexec);
    return bad;
}
