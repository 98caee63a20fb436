/* SPDX-License-Identifier: MIT */
/* rheap/config.h - everything that can be chosen when a heap is made. */
#ifndef RHEAP_CONFIG_H
#define RHEAP_CONFIG_H

#include <rheap/model.h>
#include <rheap/status.h>
#include <rheap/trim.h>

RH_BEGIN_DECLARATIONS

/* Where external data and the heap's own small blocks come from.  `resize` and
 * `free` are told the size that was asked for.  NULL from `alloc` or `resize`
 * means no memory (`resize` then leaves the block alone).  `trim` gives free
 * memory back to the system and says whether it could; it may be NULL.
 * None of them may call into the heap or leave by longjmp. */
struct rh_allocator {
    void *(*alloc)(void *context, size_t bytes, bool zeroed);
    void *(*resize)(void *context, void *block, size_t old_bytes,
                    size_t new_bytes);
    void (*free)(void *context, void *block, size_t bytes);
    bool (*trim)(void *context);
    /* Bytes really set aside for a block, at least `bytes`; may be NULL. */
    size_t (*usable)(void *context, const void *block, size_t bytes);
    void *context;
};

/* malloc, calloc, realloc, free; rh_malloc_trim(). */
RH_API void rh_allocator_init(struct rh_allocator *allocator);

/* Where address ranges come from.  `reserve` finds address space without
 * memory, aligned to `alignment`, or answers NULL; `commit` makes a part of it
 * readable, writable and zero-filled (what is committed already stays as it is
 * when a failed call is made again); `release` returns the memory of a part
 * and keeps the addresses (contents are undefined afterwards; committed stays
 * committed); `unreserve` ends it.  All sizes are multiples of the OS page. */
struct rh_memory {
    void *(*reserve)(void *context, size_t bytes, size_t alignment);
    bool (*commit)(void *context, void *address, size_t bytes);
    bool (*release)(void *context, void *address, size_t bytes);
    void (*unreserve)(void *context, void *address, size_t bytes);
    /* Say whether a range may be backed by huge pages; may be NULL. */
    void (*huge_pages)(void *context, void *address, size_t bytes, bool wanted);
    size_t page_bytes; /* unit of commit and release; 0: ask the system */
    void *context;
};

/* mmap, mprotect, madvise, munmap. */
RH_API void rh_memory_init(struct rh_memory *memory);

/* What a growth policy may look at, after each full collection. */
struct rh_config;
struct rh_growth_view {
    const struct rh_config *config;
    size_t live_slots;     /* found by the collection that has just ended */
    size_t total_slots;    /* of pages with memory, full or empty */
    size_t capacity_slots; /* what this policy answered last (at first:
                               initial_slots) */
    size_t slots_per_page;
    size_t pages;       /* in use: with live objects */
    size_t heaps_added; /* how often the capacity has grown so far */
};

/* What it answers. */
struct rh_growth_answer {
    size_t capacity_slots;  /* live slots at which the next collection is due */
    size_t max_empty_pages; /* empty pages that may keep their memory */
};

typedef void (*rh_growth_fn)(const struct rh_growth_view *view,
                             struct rh_growth_answer *answer);

/* The default: the next collection is due when as many slots have been handed
 * out as are alive now, and at least initial_slots; keeps at most
 * max(24 pages, half of the pages in use; a nursery, if there are generations)
 * empty, and what shares a granule with pages in use where OS pages are larger
 * than heap pages. */
RH_API void rh_growth_default(const struct rh_growth_view *view,
                              struct rh_growth_answer *answer);

/* CRuby 3.1: grow by goal ratio when less than free_slots_min_ratio is free,
 * give back beyond free_slots_max_ratio (gc.c: gc_marks_finish,
 * heap_extend_pages). */
RH_API void rh_growth_cruby31(const struct rh_growth_view *view,
                              struct rh_growth_answer *answer);

/* CRuby 2.1: the same with growth_factor alone: no goal ratio. */
RH_API void rh_growth_cruby21(const struct rh_growth_view *view,
                              struct rh_growth_answer *answer);

/* Ruby Enterprise Edition: when fewer than free_slots are free, add a heap of
 * slots_increment slots; each later one is growth_factor times as large.
 * Nothing is given back. */
RH_API void rh_growth_ree(const struct rh_growth_view *view,
                          struct rh_growth_answer *answer);

/* Ruby 1.8: the first heap has initial_slots, each later one growth_factor times
 * as many as the one before; added when fewer than free_slots are free, or
 * fewer than free_slots_min_ratio.  Nothing is given back. */
RH_API void rh_growth_mri18(const struct rh_growth_view *view,
                            struct rh_growth_answer *answer);

/* live_ratio slots for each live one, and at least initial_slots; no more than
 * max_slots.  When that is less than before, growth_decay of the difference is
 * given up in each full collection. */
RH_API void rh_growth_ratio(const struct rh_growth_view *view,
                            struct rh_growth_answer *answer);

/* The name of the n-th policy: "default", "cruby31", "cruby21", "ree", "mri18",
 * "ratio"; then NULL. */
RH_API const char *rh_growth_name(size_t n);

/* A caller's bug or a corrupt heap: `message` says which.  Must not return. */
typedef void (*rh_panic_fn)(struct rh_heap *heap, const char *message,
                            void *context);

/* `bytes` could not be had, after everything else was tried.  Free something
 * and answer true to have it tried once more; or answer false, or leave by
 * longjmp.  May not allocate from this heap or collect it: the caller may be
 * in the middle of changing an object. */
typedef bool (*rh_out_of_memory_fn)(struct rh_heap *heap, size_t bytes,
                                    void *context);

/* Fill with rh_config_init(), change what you like, pass to rh_heap_new(). */
struct rh_config {
    size_t struct_bytes; /* set by rh_config_init(): which version this is */

    const struct rh_model *model; /* default: the Ruby-style objects */
    void *user_data;              /* for rh_heap_user_data() */

    size_t slot_bytes;   /* 32 to 1,024, a multiple of 8; default 40 */
    size_t region_bytes; /* address space for objects; 0: min(64 GiB, twice
                             the RAM, a quarter of what RLIMIT_AS leaves) */
    size_t handle_bytes; /* address space for handles; default 64 MiB */
    bool huge_pages;     /* let the system use huge pages; default false */

    /* Collections of young objects only, between full ones.  Needs a model
     * with RH_MODEL_BARRIERED.  Default false. */
    bool generational;
    /* Major collections in steps.  Needs `generational`.  Default false. */
    bool incremental;
    size_t nursery_slots; /* handed out between two minor collections; 0 (the
                              default): initial_slots */
    size_t step_us;       /* budget of an automatic step; default 500 */

    /* Compact by itself: in a major collection that stops the program, when
     * more than this share of the pages in use would be emptied, and as many as
     * initial_slots fill.  Needs a model with RH_MODEL_MOVABLE.  0 to 1; 0 (the
     * default): never. */
    double auto_compact;

    rh_growth_fn growth; /* default rh_growth_default */
    rh_trim_fn trim;     /* default rh_trim_never */
    void *trim_context;

    struct rh_allocator allocator;
    struct rh_memory memory;

    rh_panic_fn panic;                 /* default: trap */
    rh_out_of_memory_fn out_of_memory; /* default: none */
    void *hook_context;                /* for both hooks */

    /* Tunables, with the names and defaults of CRuby 3.1.  rh_growth_default
     * reads initial_slots; the other policies what their comments name.
     * oldobject_limit_factor is for generational heaps. */
    size_t initial_slots;          /* RUBY_GC_HEAP_INIT_SLOTS, 10,000 */
    size_t free_slots;             /* RUBY_GC_HEAP_FREE_SLOTS, 4,096 */
    size_t slots_increment;        /* RUBY_HEAP_SLOTS_INCREMENT, 10,000 */
    double growth_factor;          /* RUBY_GC_HEAP_GROWTH_FACTOR, 1.8 */
    size_t growth_max_slots;       /* RUBY_GC_HEAP_GROWTH_MAX_SLOTS, 0: none */
    double free_slots_min_ratio;   /* ..._FREE_SLOTS_MIN_RATIO, 0.20 */
    double free_slots_goal_ratio;  /* ..._FREE_SLOTS_GOAL_RATIO, 0.40 */
    double free_slots_max_ratio;   /* ..._FREE_SLOTS_MAX_RATIO, 0.65 */
    double oldobject_limit_factor; /* ..._OLDOBJECT_LIMIT_FACTOR, 2.0 */
    double live_ratio;             /* RHEAP_LIVE_RATIO, 2.0 */
    double growth_decay;           /* RHEAP_GROWTH_DECAY, 0.5 */
    size_t max_slots;              /* RHEAP_MAX_SLOTS, 0: none; for every
                                       policy, see rh_heap_set_max_slots() */
    size_t malloc_limit;           /* RUBY_GC_MALLOC_LIMIT, 16 MiB */
    size_t malloc_limit_max;       /* ..._MAX, 32 MiB; 0: no upper limit */
    double malloc_limit_growth_factor; /* ..._GROWTH_FACTOR, 1.4 */
    size_t oldmalloc_limit;            /* RUBY_GC_OLDMALLOC_LIMIT, 16 MiB */
    size_t oldmalloc_limit_max;        /* ..._MAX, 128 MiB; 0: no upper limit */
    double oldmalloc_limit_growth_factor; /* ..._GROWTH_FACTOR, 1.2 */
};

/* Set every field to its default.  `config` is the caller's. */
RH_API void rh_config_init(struct rh_config *config);

/* RH_OK, or RH_BAD_ARGUMENT with `*why` set to a sentence (static storage)
 * that names the field and its range.  rh_heap_new() asks it, too. */
RH_API enum rh_status rh_config_check(const struct rh_config *config,
                                      const char **why);

/* Take the policy of that name, and for those named after a Ruby the values that
 * it had: what the policy reads, and the malloc limit (8,000,000 for "ree" and
 * "mri18", whose limit does not move).  RH_NOT_FOUND: there is no such policy,
 * and nothing has changed. */
RH_API enum rh_status rh_config_use_growth(struct rh_config *config,
                                           const char *name);

/* Gets one message a remark about a variable, without a line end. */
typedef void (*rh_reporter_fn)(const char *message, void *context);

/* Read tunables from an environment (`envp` as main() gets it, ends with
 * NULL): the RUBY_GC_* names of CRuby 3.1 and, as older names of the same
 * fields, RUBY_HEAP_MIN_SLOTS, RUBY_HEAP_SLOTS_INCREMENT,
 * RUBY_HEAP_SLOTS_GROWTH_FACTOR, RUBY_HEAP_FREE_MIN, RUBY_FREE_MIN.
 * Before them RHEAP_GROWTH, the name of a growth policy, as for
 * rh_config_use_growth(); and RHEAP_LIVE_RATIO, RHEAP_GROWTH_DECAY,
 * RHEAP_MAX_SLOTS.  Sizes take k, M, G.  A value that cannot be used is reported and not used;
 * when an old and a new name of one field are both set, the new one wins and
 * this is reported.  `reporter` may be NULL.  Answers the number of values
 * used.  Nothing else in the library looks at the environment. */
RH_API size_t rh_config_from_environment(struct rh_config *config,
                                         char *const *envp,
                                         rh_reporter_fn reporter,
                                         void *context);

RH_END_DECLARATIONS

#endif
