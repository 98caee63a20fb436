// SPDX-License-Identifier: MIT
/*
 * json - results for programs: JSON on standard output, one object a line.
 *
 * Every function takes the key first; inside an array it is NULL.
 */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stdint.h>
#include <stdbool.h>

struct json;

// NULL: no memory.
struct json *json_begin(void);

void json_open_object(struct json *json, const char *key);
void json_close_object(struct json *json);
void json_open_array(struct json *json, const char *key);
void json_close_array(struct json *json);

void json_number(struct json *json, const char *key, uint64_t number);
void json_integer(struct json *json, const char *key, int64_t number);
void json_real(struct json *json, const char *key, double number);
void json_text(struct json *json, const char *key, const char *text);
void json_truth(struct json *json, const char *key, bool truth);
void json_null(struct json *json, const char *key);

// Print what there is and a line end, and begin anew.
void json_flush(struct json *json);

void json_end(struct json *json);

#endif
