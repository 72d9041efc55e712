/* driver.c - runs a fuzz target on the files that are named, without libFuzzer
 *
 * A directory stands for the files in it.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size;
    long end;

    if (!file || fseek(file, 0, SEEK_END) < 0 || (end = ftell(file)) < 0) {
        perror(path);
        if (file)
            fclose(file);
        return -1;
    }
    rewind(file);
    /* exactly as large as the input, so that a sanitizer sees the byte after it */
    if (!(data = malloc((size_t)end)) && end)
        abort();
    size = fread(data, 1, (size_t)end, file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

/* The number of inputs, or -1. */
static int run(const char *path)
{
    struct dirent *entry;
    char name[4096];
    struct stat st;
    int count = 0;
    DIR *dir;

    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return run_file(path);
    if (!(dir = opendir(path))) {
        perror(path);
        return -1;
    }
    while (count >= 0 && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        count = run_file(name) < 0 ? -1 : count + 1;
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    int total = 0, count;

    for (int i = 1; i < argc; i++) {
        if ((count = run(argv[i])) < 0)
            return 1;
        total += count;
    }
    printf("%d inputs\n", total);
    return total ? 0 : 1;
}
