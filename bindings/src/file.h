/* file.h - what a file keeps besides its handle */
#ifndef SRC_FILE_H
#define SRC_FILE_H

#include "bindings/src/handle.h"

/* Of a file that was closed: forgets the memory of a collective access that was begun
 * and never ended. */
void io_forget(MPI_File file);

#endif
