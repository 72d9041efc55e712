/* mpi.c - libmpiwait, found at run time */
#include "kernel/interpreter/mpi.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

static struct {
    void *library;
    void (*attach)(struct page *page);
    void (*interrupt)(void);
    void (*progress)(void);
    int (*heal)(uint64_t cell);
    const char *(*heal_text)(void);
    int (*world_size)(void);
} mpi;

/* A data pointer becomes a function pointer; POSIX says that it may. */
static void find(const char *name, void *where)
{
    *(void **)where = dlsym(mpi.library, name);
}

int mpi_load(const char *path, struct error *err)
{
    if (!(mpi.library = dlopen(path, RTLD_NOW | RTLD_GLOBAL)))
        return error_set(err, "%s", dlerror());
    find("mpiwait_attach", &mpi.attach);
    find("mpiwait_interrupt", &mpi.interrupt);
    find("mpiwait_progress", &mpi.progress);
    find("mpiwait_heal", &mpi.heal);
    find("mpiwait_heal_text", &mpi.heal_text);
    find("mpiwait_world_size", &mpi.world_size);
    return 0;
}

/* ---- beside the start of Python ---- */

static struct {
    pthread_t thread;
    bool is_running;
    char *path;
    struct page *page;
    int rc;
    struct error err;
} loading;

static void *run_load(void *arg)
{
    if ((loading.rc = mpi_load(loading.path, &loading.err)) == 0)
        mpi_attach(loading.page);
    free(loading.path);
    return NULL;
}

void mpi_load_begin(char *path, struct page *page)
{
    sigset_t all, old;

    loading.path = path;
    loading.page = page;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    loading.is_running = pthread_create(&loading.thread, NULL, run_load, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!loading.is_running)
        run_load(NULL);
}

int mpi_load_end(struct error *err)
{
    if (loading.is_running)
        pthread_join(loading.thread, NULL);
    loading.is_running = false;
    return loading.rc < 0 ? error_set(err, "%s", loading.err.text) : 0;
}

bool mpi_is_loaded(void)
{
    return mpi.library != NULL;
}

void mpi_attach(struct page *page)
{
    if (mpi.attach)
        mpi.attach(page);
}

void mpi_progress(void)
{
    if (mpi.progress)
        mpi.progress();
}

void mpi_interrupt(void)
{
    if (mpi.interrupt)
        mpi.interrupt();
}

int mpi_heal(uint64_t cell, const char **text, int *size)
{
    int rc = mpi.heal ? mpi.heal(cell) : 0;

    *text = mpi.heal_text ? mpi.heal_text() : NULL;
    if (!*text)
        *text = "";
    *size = rc == 0 && mpi.world_size ? mpi.world_size() : 0;
    return rc;
}
