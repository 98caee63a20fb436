// SPDX-License-Identifier: MIT
/*
 * json - writing text in the way of Ruby's heap dumps, without any memory.
 *
 * Lines of pairs, spelled as existing readers expect them: no space after a
 * colon, a comma and a space between pairs.  Text collects in a small buffer
 * that goes to the caller's function when it is full.  Once that has answered
 * false, nothing is written any more.
 *
 * Next: dump.h.
 */
#ifndef RHI_OBJECT_JSON_H
#define RHI_OBJECT_JSON_H

#include "base.h"

#include <rheap/dump.h>

enum {
    RHI_JSON_BUFFER = 4096
};

struct rhi_json {
    rh_dump_write_fn write;
    void *context;
    bool stopped;
    bool comma;  // something stands before the next pair or item
    size_t used; // of the buffer
    char buffer[RHI_JSON_BUFFER];
};

void rhi_json_begin(struct rhi_json *json, rh_dump_write_fn write,
                    void *context);

// Hand over what is left; whether everything was taken.
bool rhi_json_end(struct rhi_json *json);

// "{", and the end of a line.
void rhi_json_open(struct rhi_json *json);
void rhi_json_close(struct rhi_json *json);

// Pairs.  Keys are written as they are.
void rhi_json_true(struct rhi_json *json, const char *key);
void rhi_json_number(struct rhi_json *json, const char *key, uint64_t number);
void rhi_json_integer(struct rhi_json *json, const char *key, int64_t number);
void rhi_json_address(struct rhi_json *json, const char *key,
                      uintptr_t address);
void rhi_json_float(struct rhi_json *json, const char *key, double number);

// Bytes; those that JSON cannot have, or all above 0x7f when they are not
// UTF-8, are escaped.
void rhi_json_text(struct rhi_json *json, const char *key, const char *bytes,
                   size_t length);

// A list of addresses or a group of pairs: begin, items, end.
void rhi_json_list(struct rhi_json *json, const char *key);
void rhi_json_item(struct rhi_json *json, uintptr_t address);
void rhi_json_list_end(struct rhi_json *json);
void rhi_json_group(struct rhi_json *json, const char *key);
void rhi_json_group_end(struct rhi_json *json);

#endif
