/* SPDX-License-Identifier: MIT */
/* rheap/file.h - an object that owns a file descriptor.
 *
 * The descriptor is closed when the object is collected, at the latest when
 * the heap is freed.  The rules at the head of object.h apply. */
#ifndef RHEAP_FILE_H
#define RHEAP_FILE_H

#include <rheap/object.h>

RH_BEGIN_DECLARATIONS

/* A FILE that owns `fd` (-1: none yet), with a buffer of `buffer_bytes` bytes
 * (0: none).  When it answers RH_UNDEF, `fd` is still the caller's. */
RH_API rh_value rh_file_new(struct rh_heap *heap, rh_value class_of, int fd,
                            size_t buffer_bytes) RH_MAY_COLLECT;

/* The descriptor, or -1. */
RH_API int rh_file_descriptor(rh_value file);

/* Let it own another one (-1: none); answers the old one, which is the
 * caller's from now on. */
RH_API int rh_file_set_descriptor(struct rh_heap *heap, rh_value file, int fd);

/* The buffer, or NULL; *bytes (may be NULL) is its size. */
RH_API void *rh_file_buffer(rh_value file, size_t *bytes);

/* Close the descriptor now; RH_NOT_FOUND if it has none, RH_BAD_ARGUMENT if
 * the system refused (it is gone all the same). */
RH_API enum rh_status rh_file_close(struct rh_heap *heap, rh_value file);

RH_END_DECLARATIONS

#endif
