/* port.h - how long the name of a port may be */
#ifndef SRC_PORT_H
#define SRC_PORT_H

#include <mpi.h>

/* On some networks MPICH's ports are longer than its MPI_MAX_PORT_NAME; it makes
 * them when a hint says that there is room. */
#define PORT_ROOM 1024
#define PORT_ROOM_KEY "port_name_size"

enum { PORT_MAX = MPI_MAX_PORT_NAME > PORT_ROOM ? MPI_MAX_PORT_NAME : PORT_ROOM };

#endif
