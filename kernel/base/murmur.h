/* murmur.h - MurmurHash2, by which front ends know the files of cells */
#ifndef BASE_MURMUR_H
#define BASE_MURMUR_H

#include <stddef.h>
#include <stdint.h>

/* The 32 bit variant, little-endian on every machine. */
uint32_t murmur2(const void *data, size_t size, uint32_t seed);

#endif
