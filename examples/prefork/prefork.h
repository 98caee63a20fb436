/* SPDX-License-Identifier: MIT */
/* prefork.h - what 08-prefork-server needs that is no lesson about forking:
 * options, objects to serve, a little HTTP, the board on which workers write how
 * they are, and a page that shows it. */
#ifndef PREFORK_H
#define PREFORK_H

#include <rheap/object.h>

#include <stdatomic.h>
#include <stdio.h>

/* ---- options.c ---- */

struct options {
    unsigned workers;
    uint64_t requests; /* end after so many; 0: never */
    size_t made_up;
    int no_seal;
    int private_buffers;
    uint16_t port;
    const char *dump; /* NULL: made-up objects */
};

/* Ends the program when the options are wrong, or ask for help. */
void parse_options(struct options *options, int argc, char **argv);

/* ---- the board: one piece of memory that all processes share for good ---- */

/* What a worker says of itself.  Bytes are as in struct rh_sharing: shared with
 * the parent, copied since the fork, or new. */
#define FIGURES(X)                                                             \
    X(pid)                                                                     \
    X(requests)                                                                \
    X(kept)                                                                    \
    X(minor)                                                                   \
    X(major)                                                                   \
    X(measured) /* 0: not yet, or the system does not tell */                  \
    X(body_shared)                                                             \
    X(body_private)                                                            \
    X(body_own)                                                                \
    X(table_shared)                                                            \
    X(table_private)                                                           \
    X(table_own)                                                               \
    X(rest_shared) /* malloc's memory, stacks, libraries */                    \
    X(rest_private)                                                            \
    X(resident)                                                                \
    X(proportional)

/* One process writes it, the others read it: each figure is whole, but two may
 * be of different moments. */
struct figures {
#define FIGURE(name) _Atomic uint64_t name;
    FIGURES(FIGURE)
#undef FIGURE
};

enum {
    MOST_WORKERS = 64
};

struct board {
    bool is_sealed;
    unsigned workers;
    uint64_t objects;        /* loaded, and so inherited */
    _Atomic uint64_t served; /* by all workers together */
    struct figures of[MOST_WORKERS];
};

/* ---- load.c: objects to serve ---- */

/* An array of them, or RH_UNDEF; then *wrong says why.  The heap must be new;
 * nothing is collected meanwhile. */
rh_value load_dump(struct rh_heap *heap, FILE *file, const char **wrong);
rh_value load_made_up(struct rh_heap *heap, size_t count);

/* ---- buffers.c: external data after the fork ---- */

/* An allocator that can be told of a fork; false: mimalloc is not there. */
bool buffers_prepare(struct rh_allocator *allocator);

/* From now on new buffers share no page with inherited ones. */
void buffers_forked(void);

/* ---- http.c ---- */

struct request {
    char head[4096]; /* all there may be of it */
    const char *path;
    bool only_head; /* HEAD: the answer has no body */
};

/* A socket that listens on 127.0.0.1, or -1.  *port: the one that was given,
 * where it was 0. */
int http_listen(uint16_t *port);

enum {
    HTTP_END = -2
};

/* Wait for a client, for `timeout` milliseconds (-1: for ever).  -1: none came,
 * or another worker was faster; HTTP_END: the other end of `lifeline` is
 * closed. */
int http_accept(int listener, int lifeline, int timeout);

int64_t now_ms(void); /* a clock that only goes forward */

/* Wait for a request, for two seconds in all.  200: here it is; 0: who asked is
 * gone, or too slow; otherwise the status to answer. */
int http_read(int client, struct request *request);

/* Answer (unless the status is 0) and close.  `body` may be NULL: then it says
 * what the status is. */
void http_answer(int client, const struct request *request, int status,
                 const char *type, const char *body, size_t length);

/* ---- page.c ---- */

void board_print(const struct board *board);

/* The board as text, a new string (RH_UNDEF: no memory), and the page that reads
 * it. */
rh_value board_json(struct rh_heap *heap,
                    const struct board *board) RH_MAY_COLLECT;
extern const char page_html[];

#endif
