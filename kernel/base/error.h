/* error.h - why something failed, as text fit to show a user
 *
 * A function that can fail for a reason worth knowing takes a 'struct error *'
 * as its last parameter: set on failure, untouched on success, NULL allowed.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

struct error {
    char text[1024];
};

/* Sets the text; truncates what does not fit.  Returns -1, so that a caller can
 * write 'return error_set(err, ...)'.  'err' may be NULL. */
int error_set(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "CONTEXT: " before the text that is there.  Returns -1. */
int error_prefix(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
