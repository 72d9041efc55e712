/* page.h - the memory that a keeper and its interpreter share
 *
 * One page, a memfd that the keeper makes, maps and leaves open for the
 * interpreter (RANKBOOK_PAGE_FD).  It carries what must be said while the
 * interpreter's GIL is held or its main thread sits in MPI:
 *
 *   - keeper to interpreter: the interrupt word (why, which rank, generation);
 *   - interpreter to keeper: which generation was consumed, which cell runs, and
 *     what each thread waits for, and text that it has not sent yet: whatever it dies
 *     of, that text is not lost.
 *
 * The layout is shared by kernel/keeper, kernel/interpreter and bindings/wait,
 * which are built apart; PAGE_VERSION changes with it.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel/base/error.h"

#define PAGE_MAGIC 0x3147504bu /* "KPG1" */
#define PAGE_VERSION 6
#define PAGE_THREADS 16
#define PAGE_TEXT 256
#define PAGE_GATHER 32768
/* Makes the interpreter write its main thread's Python frames to RANKBOOK_STACK_FD,
 * from the handler, whoever has the GIL.  SIGRTMAX - 2, as a number. */
#define PAGE_STACK_SIGNAL 62
#define PAGE_RANKS 512 /* that a wait can name */

enum page_reason {
    PAGE_REASON_NONE,
    PAGE_REASON_STOP,  /* somebody pressed Stop: KeyboardInterrupt */
    PAGE_REASON_PEER,  /* another rank raised, or all are stuck: PeerError */
    PAGE_REASON_DEATH, /* another rank died: PeerError */
};

/* The interrupt word: generation 32 | rank 16 (0xffff: none) | reason 16. */
static inline uint64_t page_word(uint32_t generation, int rank, enum page_reason reason)
{
    return (uint64_t)generation << 32 | (uint64_t)(rank & 0xffff) << 16
           | (uint64_t)reason;
}

/* Who can end a wait. */
enum page_needs {
    PAGE_NEEDS_UNKNOWN, /* maybe processes outside the job, or too many ranks */
    PAGE_NEEDS_ANY,     /* any of 'ranks' */
    PAGE_NEEDS_ALL,     /* all of 'ranks': those that have not arrived */
    PAGE_NEEDS_LIFE,    /* 'ranks' are in it too: it ends unless one of them dies */
};

/* What a fatal signal meant, where its name does not say it. */
enum page_fault {
    PAGE_FAULT_NONE,
    PAGE_FAULT_STACK, /* the main thread's stack was full */
};

/* A line of the user's code: number of the cell 32 | line 32. */
static inline uint64_t page_place(uint32_t count, uint32_t line)
{
    return (uint64_t)count << 32 | line;
}

/* What one thread waits for.  Written by its owner only, read by the keeper:
 * 'seq' is odd while it is being written (a seqlock). */
struct page_wait {
    _Atomic uint32_t seq;
    uint32_t active;                 /* 1 while the thread waits */
    uint32_t started;                /* 1: a collective that all members have begun */
    int32_t peer;                    /* rank in 'comm', -1 any, -2 none */
    int32_t tag;                     /* -1 any, -2 none */
    int32_t comm_size;               /* 0: no communicator */
    uint32_t arrived;                /* collectives: members that have arrived */
    uint32_t needs;                  /* enum page_needs */
    int32_t thread;                  /* gettid() */
    uint64_t since_ns;               /* CLOCK_MONOTONIC */
    _Atomic uint64_t polled_ns;      /* of a loop of tests: the last; 0: it waits */
    char call[32];                   /* "Recv", "Allreduce" */
    char comm[32];                   /* name of the communicator */
    uint64_t ranks[PAGE_RANKS / 64]; /* of MPI_COMM_WORLD as it began, a bit each */
};

/* What was printed and gathers before it leaves as one record.  Written by its owner
 * only, 'size' last; read by the keeper once the owner has died. */
struct page_text {
    _Atomic uint32_t size;
    char stream[8]; /* "stdout" */
    uint64_t cell;
    _Atomic uint64_t before; /* bytes of text that records have taken before it: a
                                keeper that has got more has got it too */
    char text[PAGE_GATHER];
};

struct page {
    uint32_t magic;
    uint32_t version;
    _Atomic uint64_t interrupt; /* page_word(); written by the keeper */
    _Atomic uint32_t consumed;  /* the generation that was turned into an exception */
    _Atomic uint32_t signalled; /* the generation whose SIGINT has come */
    _Atomic uint32_t ran;       /* generation at the start of the running cell: only
                                   newer ones concern it */
    _Atomic uint64_t cell;      /* the running cell, 0 when idle; by the interpreter */
    _Atomic uint64_t place;     /* of the main thread, page_place(); 0 unknown */
    _Atomic uint32_t others;    /* 1 while other ranks compute: keep MPI going */
    _Atomic uint32_t detached;  /* set in forked children on their own copy */
    _Atomic uint32_t fault;     /* enum page_fault; by the interpreter, as it dies */
    char text[PAGE_TEXT];       /* words for PEER and DEATH; written by the keeper
                                   before the word */
    struct page_wait waits[PAGE_THREADS];
    struct page_text unsent;
};

/* Keeper: a new page; '*fd' is its memfd, CLOEXEC. */
struct page *page_create(int *fd, struct error *err);

/* Interpreter: maps the descriptor that it was given. */
struct page *page_attach(int fd, struct error *err);

/* Accepts NULL. */
void page_detach(struct page *page);

/* In a forked child: a private copy takes the place of the shared memory, at the
 * same address, with 'detached' set and no cell.  Nothing interrupts it any more. */
int page_detach_child(struct page *page);

/* Keeper: sets reason, rank (-1 none) and words with a new generation. */
void page_interrupt(struct page *page, enum page_reason reason, int rank,
                    const char *text);

/* Interpreter, at the start of a cell: interrupts up to now are not for it.  'cell'
 * is not 0. */
void page_cell_begin(struct page *page, uint64_t cell);
void page_cell_end(struct page *page);

/* True while the running cell has an interrupt that nobody has consumed; false when
 * no cell runs.  Cheap: for wait loops. */
static inline bool page_is_interrupted(struct page *page)
{
    uint32_t generation =
        (uint32_t)(atomic_load_explicit(&page->interrupt, memory_order_relaxed) >> 32);

    return generation != atomic_load_explicit(&page->consumed, memory_order_relaxed)
           && atomic_load_explicit(&page->cell, memory_order_relaxed) != 0;
}

/* Consumes the pending interrupt: exactly one caller gets its reason, the others
 * PAGE_REASON_NONE.  '*rank' (may be NULL) is set with it.  Outside a cell nothing is
 * consumed, and the next cell does not see it. */
enum page_reason page_interrupt_take(struct page *page, int *rank);

/* Interpreter, at SIGINT: whether it is to end the running cell.  Stop comes as a
 * generation and one signal; the signal means nothing more once the generation has been
 * consumed, by an MPI call that waited.  Any other SIGINT is the cell's own, and one in
 * a forked child is the child's. */
bool page_signal_take(struct page *page);

/* The words of the last interrupt, always terminated. */
void page_interrupt_text(const struct page *page, char out[PAGE_TEXT]);

/* The owner of a slot: everything but 'seq', as one step for the keeper.  'polled_ns'
 * may be stored without. */
void page_wait_write(struct page_wait *slot, const struct page_wait *wait);

/* Keeper: copies a consistent wait of slot 'idx'; false when it is not active, or a
 * loop of tests that goes on no more. */
bool page_wait_read(struct page *page, int idx, struct page_wait *out);

#endif
