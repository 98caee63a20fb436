// SPDX-License-Identifier: MIT
/*
 * attributes - what compilers want to know and C11 cannot say.
 */
#ifndef TOOLS_ATTRIBUTES_H
#define TOOLS_ATTRIBUTES_H

// The parameter `text` (counted from 1) is a format for those from `rest` on.
#if defined(__GNUC__)
#define FORMATS(text, rest) __attribute__((__format__(__printf__, text, rest)))
#else
#define FORMATS(text, rest)
#endif

#endif
