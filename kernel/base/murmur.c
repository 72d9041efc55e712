/* murmur.c - MurmurHash2, by which front ends know the files of cells */
#include "kernel/base/murmur.h"

#define FACTOR UINT32_C(0x5bd1e995)

static uint32_t mix(uint32_t word)
{
    word *= FACTOR;
    return (word ^ word >> 24) * FACTOR;
}

/* Up to four bytes. */
static uint32_t word_of(const unsigned char *data, size_t size)
{
    uint32_t word = 0;

    for (size_t i = 0; i < size; i++)
        word |= (uint32_t)data[i] << (8 * i);
    return word;
}

uint32_t murmur2(const void *data, size_t size, uint32_t seed)
{
    const unsigned char *bytes = data;
    uint32_t hash = seed ^ (uint32_t)size;

    for (; size >= 4; bytes += 4, size -= 4)
        hash = hash * FACTOR ^ mix(word_of(bytes, 4));
    if (size > 0)
        hash = (hash ^ word_of(bytes, size)) * FACTOR;
    hash = (hash ^ hash >> 13) * FACTOR;
    return hash ^ hash >> 15;
}
