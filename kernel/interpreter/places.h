/* places.h - where the parts are that this program runs */
#ifndef INTERPRETER_PLACES_H
#define INTERPRETER_PLACES_H

/* BIN/../lib/rankbook/NAME, to be freed. */
char *places_part(const char *name);

/* The python whose packages are used: RANKBOOK_PYTHON, or NULL. */
const char *places_python(void);

#endif
