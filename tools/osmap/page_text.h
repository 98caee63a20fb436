// SPDX-License-Identifier: MIT
/*
 * page_text - the page around the data, line by line; NULL behind the last.
 *
 * Made by embed.awk of page.html and what it includes.
 */
#ifndef TOOLS_OSMAP_PAGE_TEXT_H
#define TOOLS_OSMAP_PAGE_TEXT_H

extern const char *const osmap_page_head[]; // in front of the data
extern const char *const osmap_page_tail[];

#endif
