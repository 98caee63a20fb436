/* SPDX-License-Identifier: MIT */
/* rheap/declare.h - the words in front of every public declaration. */
#ifndef RHEAP_DECLARE_H
#define RHEAP_DECLARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define RH_BEGIN_DECLARATIONS extern "C" {
#define RH_END_DECLARATIONS }
#else
#define RH_BEGIN_DECLARATIONS
#define RH_END_DECLARATIONS
#endif

#if defined(__GNUC__) || defined(__clang__)
#define RH_API __attribute__((visibility("default")))
#define RH_MUST_USE __attribute__((warn_unused_result))
#define RH_LIKELY(e) __builtin_expect(!!(e), 1)
#else
#define RH_API
#define RH_MUST_USE
#define RH_LIKELY(e) (e)
#endif

/* A function with this word may run a collection before it returns: every
 * reference that the caller still needs must be held by a root.  No function
 * without it ever collects. */
#define RH_MAY_COLLECT

/* A heap page has 1 << RH_PAGE_LOG bytes; the library's own tests are built
 * with small ones, too. */
#ifdef RH_TINY_PAGES
#define RH_PAGE_LOG 10
#else
#define RH_PAGE_LOG 14
#endif

struct rh_heap;

#endif
