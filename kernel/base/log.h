/* log.h - one line a record, to a file of the run's log directory
 *
 * Only programs log, once, where an error stops travelling.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Appends to 'path' from now on; stderr when 'path' is NULL or cannot be opened.
 * 'name' stands in every line ("front", "keeper 3") and is copied.  The level is
 * INFO, or what RANKBOOK_LOG (debug, info, warning, error) says. */
void log_open(const char *name, const char *path);
void log_close(void);

void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
