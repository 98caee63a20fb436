/* SPDX-License-Identifier: MIT */
/* rheap/osmap.h - where all of malloc's memory is, down to 16 bytes.
 *
 * A snapshot says what lies where in the memory that a process has from the
 * system for malloc and for heaps, and which pages of the system are really
 * there.  From both follows what "What causes Ruby memory bloat?" paints red,
 * gray and white: used, free but resident, released.  `rheap osmap' records
 * whole programs and draws snapshots; the call below makes a program that uses
 * rheap write one of itself.
 *
 * THE FILE, version 1
 *
 * All numbers are little-endian.  A header, then sections, one behind the
 * other:
 *
 *     struct rh_osmap_header            32 bytes
 *     struct rh_osmap_section           16 bytes: kind, size and count of items
 *     items                             then zeros up to a multiple of 8
 *     struct rh_osmap_section
 *     ...
 *     struct rh_osmap_section           of kind RH_OSMAP_END
 *     uint64_t                          checksum of all bytes in front of this
 *                                       section
 *
 * The end section is how a reader knows that nothing was cut off.  The checksum
 * takes 8 bytes at a time, as a number, from the value 0xcbf29ce484222325 on:
 * sum = (sum ^ number) * 0x100000001b3.  Sections may come in any order and
 * more than once (their items then are one list), but for the text, which comes
 * once.  A reader skips kinds that it does not know, and the end of items that
 * are longer than it knows: such changes need no new version.
 *
 * Names are positions in the text: NUL-terminated, 0 is no name. */
#ifndef RHEAP_OSMAP_H
#define RHEAP_OSMAP_H

#include <rheap/config.h>
#include <rheap/heap.h>

RH_BEGIN_DECLARATIONS

#define RH_OSMAP_MAGIC "rh osmap" /* without the NUL */

enum {
    RH_OSMAP_VERSION = 1,
    RH_OSMAP_ORDER = 0x01020304,
    RH_OSMAP_UNIT = 16 /* bytes; what is painted in one colour */
};

#define RH_OSMAP_UNKNOWN UINT64_MAX /* of a size in KB */

struct rh_osmap_header {
    char magic[8];
    uint32_t version;
    uint32_t order;      /* RH_OSMAP_ORDER */
    uint32_t page_bytes; /* of a page of the system */
    uint32_t unit_bytes; /* RH_OSMAP_UNIT */
    uint64_t reserved;   /* 0 */
};

enum rh_osmap_kind {
    RH_OSMAP_PROCESS = 1, /* struct rh_osmap_process, one */
    RH_OSMAP_TEXT,        /* bytes */
    RH_OSMAP_AREA,        /* struct rh_osmap_area, any order */
    RH_OSMAP_RESIDENCE,   /* a byte for each page of the areas, in their order:
                             enum rh_osmap_residence */
    RH_OSMAP_BLOCK,       /* struct rh_osmap_block, any order */
    RH_OSMAP_SITE,        /* struct rh_osmap_site */
    RH_OSMAP_HEAP_PAGE,   /* struct rh_osmap_heap_page, any order */
    RH_OSMAP_END = 255    /* uint64_t, one */
};

struct rh_osmap_section {
    uint32_t kind;       /* enum rh_osmap_kind */
    uint32_t item_bytes; /* a multiple of 8; 1 for text and residence */
    uint64_t count;
};

enum rh_osmap_source {
    RH_OSMAP_RECORDED = 1, /* every block of malloc was seen */
    RH_OSMAP_CALLED,       /* rh_osmap_snapshot() */
    RH_OSMAP_MADE_UP       /* a sample */
};

enum rh_osmap_reason {
    RH_OSMAP_AT_EXIT = 1,
    RH_OSMAP_ON_SIGNAL,
    RH_OSMAP_EVERY, /* so many seconds */
    RH_OSMAP_BY_CALL
};

/* Facts about the process.  Sizes in KB are the kernel's (smaps), or
 * RH_OSMAP_UNKNOWN. */
struct rh_osmap_process {
    uint32_t source;         /* enum rh_osmap_source */
    uint32_t reason;         /* enum rh_osmap_reason */
    uint64_t process;        /* its number */
    uint64_t number;         /* of this snapshot of it: 1 is the first */
    uint64_t age_ms;         /* since recording began, or the heap was made */
    uint64_t virtual_kb;     /* of the whole process */
    uint64_t resident_kb;    /* likewise */
    uint64_t allocated;      /* blocks ever */
    uint64_t freed;          /* of these */
    uint64_t recorder_bytes; /* that the recorder itself takes */
    uint32_t program;        /* text: its command line */
    uint32_t allocator;      /* text: "glibc 2.36", or a library's path */
    uint32_t note;           /* text: what to know about this snapshot */
    uint32_t walked;         /* 1: glibc's arenas were walked, too */
};

enum rh_osmap_area_kind {
    RH_OSMAP_MAIN = 1,  /* malloc's main arena: the segment that brk() grows */
    RH_OSMAP_ARENA,     /* a heap of one of malloc's other arenas */
    RH_OSMAP_MAPPED,    /* blocks so large that each has a mapping of its own */
    RH_OSMAP_ANONYMOUS, /* another mapping that has blocks */
    RH_OSMAP_BODIES,    /* heap pages of rheap */
    RH_OSMAP_TABLES     /* rheap's bits and tables beside them */
};

enum rh_osmap_area_flag {
    /* What lies in no block may be in use all the same, by others. */
    RH_OSMAP_PARTIAL = 1
};

/* A range of addresses.  Areas do not overlap. */
struct rh_osmap_area {
    uint64_t start;          /* a multiple of page_bytes, as is the end */
    uint64_t end;            /* behind it */
    uint32_t kind;           /* enum rh_osmap_area_kind */
    uint32_t flags;          /* of enum rh_osmap_area_flag */
    uint32_t name;           /* text: "main arena", "arena 3", ... */
    uint32_t arena;          /* number of the arena; UINT32_MAX: not known */
    uint64_t resident_kb;    /* by smaps, where the area is one mapping; else
                                RH_OSMAP_UNKNOWN */
    uint64_t reserved_bytes; /* address space behind the end that it may grow
                                into */
};

enum rh_osmap_residence {
    RH_OSMAP_PRESENT = 1, /* has memory */
    RH_OSMAP_SWAPPED = 2  /* its contents are in swap space */
};

enum rh_osmap_block_state {
    RH_OSMAP_BLOCK_USED = 1, /* the program has it */
    RH_OSMAP_BLOCK_CACHED,  /* freed, but kept by the allocator to be handed out
                              again (tcache, fastbins), or its own table */
    RH_OSMAP_BLOCK_FREE,    /* free; only where arenas were walked */
    RH_OSMAP_BLOCK_NOT_OURS /* in use, but not by what is recorded */
};

/* A block of malloc's. */
struct rh_osmap_block {
    uint64_t address; /* that the program knows */
    uint64_t size;    /* that it asked for; usable if that is not known */
    uint64_t span;    /* bytes taken, from `address - before` on */
    uint32_t before;  /* bytes in front that belong to it */
    uint32_t state;   /* enum rh_osmap_block_state */
    uint32_t age_ms;  /* since it was allocated */
    uint32_t thread;  /* 1 is the first that allocated; 0: not known */
    uint32_t site;    /* where: 1 is the first site; 0: not known */
    uint32_t reserved;
};

/* Where blocks are allocated: the place that called malloc. */
struct rh_osmap_site {
    uint64_t address;  /* behind the call; 0: not known */
    uint64_t offset;   /* the same, in the file of the module */
    uint32_t module;   /* text: path of the program or library; 0: not known */
    uint32_t function; /* text: its name; 0: not known */
};

enum {
    RH_OSMAP_SLOT_WORDS = 8
};

/* A heap page of rheap, which lies in an area of RH_OSMAP_BODIES. */
struct rh_osmap_heap_page {
    uint64_t address;    /* of its header */
    uint64_t number;     /* in its heap */
    uint32_t bytes;      /* of the page */
    uint32_t first_slot; /* bytes in front of the first slot */
    uint32_t slot_bytes;
    uint32_t slots;
    uint32_t live;                           /* slots that have an object */
    uint32_t state;                          /* enum rh_page_state */
    uint64_t slot_bits[RH_OSMAP_SLOT_WORDS]; /* bit n: slot n has an object */
};

/* What a program notes about the blocks of its heaps, one by one: they come
 * from malloc, as all others, and only with this it is known which are theirs.
 */
struct rh_osmap;

/* From now on the allocator in `config` notes what it hands out, and hands it
 * out as before.  For the heaps that are then made with this config, until they
 * are freed: only then may rh_osmap_free() be called.  64 bytes a block at most,
 * beside the heap's memory.  The heaps may have one mutator among them at a
 * time.  NULL: no memory; config is as it was. */
RH_API struct rh_osmap *rh_osmap_new(struct rh_config *config);

/* Forget it; `osmap` may be NULL.  The config that it was made for may not be
 * used any more. */
RH_API void rh_osmap_free(struct rh_osmap *osmap);

/* Write a snapshot of this heap to the file `path`, which appears when it is
 * whole: its pages with their slots, its tables, and, if `osmap` is not NULL,
 * the mappings that the blocks noted there lie in.  What else lies in these is
 * not_ours: used by others, or free.  Changes nothing in the heap but that the
 * current page is flushed, as for a walk.
 *
 * RH_NO_MEMORY; RH_UNSUPPORTED: the system does not tell which pages are
 * resident; RH_BAD_ARGUMENT: the file cannot be written; RH_BUSY: during a
 * collection. */
RH_API enum rh_status rh_osmap_snapshot(struct rh_heap *heap,
                                        const struct rh_osmap *osmap,
                                        const char *path);

RH_END_DECLARATIONS

#endif
