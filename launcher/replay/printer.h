/* printer.h - what a cell put out, for people who read a terminal or a log */
#ifndef REPLAY_PRINTER_H
#define REPLAY_PRINTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* The text of streams and results; a line "[figure]" for each picture.  Errors are
 * left to printer_error(). */
void printer_cell(FILE *file, const json_t *cell, bool has_colors);

/* The last error among the outputs: its traceback.  false when there is none. */
bool printer_error(FILE *file, const json_t *cell, bool has_colors);

/* 'text' without the escape sequences that colour it; to be freed. */
char *printer_plain(const char *text);

#endif
