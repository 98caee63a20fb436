// SPDX-License-Identifier: MIT
/*
 * clock - time that only goes forward.
 */
#ifndef TOOLS_CLOCK_H
#define TOOLS_CLOCK_H

// Milliseconds since some moment in the past.
double clock_ms(void);

#endif
