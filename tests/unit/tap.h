/* tap.h - checks that read as sentences, printed as TAP */
#ifndef UNIT_TAP_H
#define UNIT_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 4, 5), unused)) static bool
tap_ok(bool good, const char *file, int line, const char *format, ...)
{
    va_list args;

    printf("%sok %d - ", good ? "" : "not ", ++tap_count);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    if (!good) {
        tap_failed++;
        printf("#   at %s:%d\n", file, line);
    }
    fflush(stdout);
    return good;
}

__attribute__((unused)) static bool tap_is_str(const char *got, const char *want,
                                               const char *file, int line,
                                               const char *what)
{
    bool good = got && want ? !strcmp(got, want) : got == want;

    tap_ok(good, file, line, "%s", what);
    if (!good)
        printf("#   got:  %s\n#   want: %s\n", got ? got : "NULL",
               want ? want : "NULL");
    return good;
}

__attribute__((unused)) static bool
tap_is_int(long long got, long long want, const char *file, int line, const char *what)
{
    bool good = got == want;

    tap_ok(good, file, line, "%s", what);
    if (!good)
        printf("#   got:  %lld\n#   want: %lld\n", got, want);
    return good;
}

#define ok(good, ...) tap_ok(good, __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, what) tap_is_str(got, want, __FILE__, __LINE__, what)
#define is_int(got, want, what) tap_is_int(got, want, __FILE__, __LINE__, what)

/* To be returned from main(). */
__attribute__((unused)) static int done_testing(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed ? 1 : 0;
}

#endif
