/* SPDX-License-Identifier: MIT */
/* page.c - the board, printed, as /sharing.json, and as the page at /, which is
 * whole: it asks for nothing else. */
#include "prefork.h"

#include <rheap/string.h>

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

void
board_print(const struct board *board)
{
    printf("%" PRIu64 " requests\n\n"
           "                              objects, KB           tables\n"
           "worker requests  minor major   shared  copied     new   copied\n",
           (uint64_t)board->served);
    for (unsigned i = 0; i < board->workers; i++) {
        const struct figures *of = &board->of[i];

        printf("%6u%9" PRIu64 "%7" PRIu64 "%6" PRIu64, i,
               (uint64_t)of->requests, (uint64_t)of->minor,
               (uint64_t)of->major);
        if (of->measured)
            printf("%9" PRIu64 "%8" PRIu64 "%8" PRIu64 "%9" PRIu64 "\n",
                   of->body_shared / 1024, of->body_private / 1024,
                   of->body_own / 1024, of->table_private / 1024);
        else
            puts("  unknown");
    }
}

/* ---- /sharing.json ---- */

static bool
add(struct rh_heap *heap, rh_value text, const char *format, ...)
{
    char piece[128];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(piece, sizeof piece, format, arguments);
    va_end(arguments);
    return rh_string_append(heap, text, piece, strlen(piece)) == RH_OK;
}

static bool
add_worker(struct rh_heap *heap, rh_value text, unsigned i,
           const struct figures *of)
{
    bool is_good = add(heap, text, "%s\n{\"worker\":%u", i ? "," : "", i);

#define FIGURE(name)                                                           \
    is_good &= add(heap, text, ",\"" #name "\":%" PRIu64, (uint64_t)of->name);
    FIGURES(FIGURE)
#undef FIGURE
    return is_good && add(heap, text, "}");
}

/* Only the first line can collect, so `text` need not be held. */
rh_value
board_json(struct rh_heap *heap, const struct board *board)
{
    rh_value text = rh_string_new(heap, 0, NULL, 0);
    bool is_good =
        text != RH_UNDEF && add(heap, text,
                                "{\"sealed\":%s, \"objects\":%" PRIu64
                                ", \"served\":%" PRIu64 ", \"workers\":[",
                                board->is_sealed ? "true" : "false",
                                board->objects, (uint64_t)board->served);

    for (unsigned i = 0; i < board->workers && is_good; i++)
        is_good = add_worker(heap, text, i, &board->of[i]);
    return is_good && add(heap, text, "\n]}\n") ? text : RH_UNDEF;
}

/* ---- / ---- */

const char page_html[] =
    "<!DOCTYPE html>\n"
    "<html lang='en'>\n"
    "<meta charset='utf-8'>\n"
    "<meta name='viewport' content='width=device-width'>\n"
    "<meta name='color-scheme' content='light dark'>\n"
    "<link rel='icon' href='data:,'>\n"
    "<title>Prefork server: shared memory</title>\n"
    "<style>\n"
    ":root { --paper: #fff; --ink: #1c2126; --quiet: #59636e;\n"
    "  --line: #d4dae0;\n"
    "  --shared: #2f7d4f; --copied: #c4372c; --fresh: #2d6cc0; }\n"
    "@media (prefers-color-scheme: dark) { :root { --paper: #14181c;\n"
    "  --ink: #e4e8ec; --quiet: #9aa5b1; --line: #333c45;\n"
    "  --shared: #4fae78; --copied: #f0695c; --fresh: #6aa5f0; } }\n"
    "body { background: var(--paper); color: var(--ink); margin: 2rem auto;\n"
    "  max-width: 66rem; padding: 0 1rem;\n"
    "  font: 1rem/1.5 system-ui, sans-serif; }\n"
    "h1 { font-size: 1.4rem; margin-bottom: 0; }\n"
    "p { max-width: 44rem; }\n"
    "button { font: inherit; padding: .3rem .8rem; margin-right: .5rem; }\n"
    ":focus-visible { outline: 3px solid var(--fresh); outline-offset: 2px; }\n"
    ".scroll { overflow-x: auto; }\n"
    "table { border-collapse: collapse; width: 100%; margin: 1rem 0;\n"
    "  font-variant-numeric: tabular-nums; }\n"
    "th, td { text-align: right; padding: .4rem .6rem; white-space: nowrap;\n"
    "  border-bottom: 1px solid var(--line); }\n"
    "th { color: var(--quiet); font-weight: normal; font-size: .875rem; }\n"
    "tbody th { text-align: left; color: var(--ink); }\n"
    ".wide { width: 40%; text-align: left; }\n"
    ".bar { display: flex; height: 1.1rem; min-width: 12rem;\n"
    "  background: var(--line); }\n"
    ".shared { background: var(--shared); }\n"
    ".copied { background: var(--copied); }\n"
    ".fresh { background: var(--fresh); }\n"
    ".key i { display: inline-block; width: .8rem; height: .8rem;\n"
    "  margin: 0 .3rem 0 1rem; }\n"
    ".key i:first-child { margin-left: 0; }\n"
    "#trouble { color: var(--copied); }\n"
    "</style>\n"
    "<h1>What the workers share</h1>\n"
    "<p id='summary'>Waiting for the first figures.</p>\n"
    "<p><button id='ask'>Send 200 requests</button>\n"
    "<button id='pause' aria-pressed='false'>Pause</button>\n"
    "<span id='trouble' role='status'></span></p>\n"
    "<p class='key'><i class='shared'></i>shared with the parent\n"
    "<i class='copied'></i>copied since the fork <i class='fresh'></i>new</p>\n"
    "<div class='scroll' tabindex='0' role='region' aria-label='Workers'>\n"
    "<table>\n"
    "<thead><tr><th scope='col'>Worker<th scope='col'>Requests\n"
    "<th scope='col'>Collections<br>minor, major\n"
    "<th scope='col' class='wide'>The heap: objects and tables\n"
    "<th scope='col'>Objects<br>copied<th scope='col'>Tables<br>copied\n"
    "<th scope='col'>New<th scope='col'>Private<br>elsewhere\n"
    "</tr></thead>\n"
    "<tbody id='workers'></tbody>\n"
    "</table></div>\n"
    "<p>The heap holds what the parent loaded; every worker inherits it.\n"
    "A page of it is copied when a worker writes there. New objects come to\n"
    "pages of the worker's own if the heap is sealed, and otherwise into\n"
    "holes between old ones. Elsewhere is malloc's memory, stacks and\n"
    "libraries. Each worker reads its figures after 25 requests, or a second\n"
    "after the last one.</p>\n"
    "<script>\n"
    "const find = id => document.getElementById(id)\n"
    "const count = number => number.toLocaleString('en')\n"
    "const kb = bytes => count(Math.round(bytes / 1024)) + ' KB'\n"
    "let timer = 0\n"
    "\n"
    "function make(tag, parent, text = '', kind = '') {\n"
    "  const node = document.createElement(tag)\n"
    "  node.textContent = text\n"
    "  node.className = kind\n"
    "  return parent.appendChild(node)\n"
    "}\n"
    "\n"
    "function show(worker, number, scale) {\n"
    "  const row = make('tr', find('workers'))\n"
    "  const parts = {\n"
    "    shared: worker.body_shared + worker.table_shared,\n"
    "    copied: worker.body_private + worker.table_private,\n"
    "    fresh: worker.body_own + worker.table_own\n"
    "  }\n"
    "  make('th', row, number + ' (pid ' + worker.pid + ')').scope = 'row'\n"
    "  make('td', row, count(worker.requests))\n"
    "  make('td', row, worker.minor + ', ' + worker.major)\n"
    "  const bar = make('div', make('td', row, '', 'wide'), '', 'bar')\n"
    "  bar.setAttribute('role', 'img')\n"
    "  bar.title = 'shared ' + kb(parts.shared) + ', copied ' +\n"
    "    kb(parts.copied) + ', new ' + kb(parts.fresh)\n"
    "  bar.setAttribute('aria-label', bar.title)\n"
    "  for (const part in parts) {\n"
    "    const width = 100 * parts[part] / scale\n"
    "    make('div', bar, '', part).style.width = width + '%'\n"
    "  }\n"
    "  const unknown = worker.measured ? null : 'unknown'\n"
    "  make('td', row, unknown || kb(worker.body_private))\n"
    "  make('td', row, unknown || kb(worker.table_private))\n"
    "  make('td', row, unknown || kb(parts.fresh))\n"
    "  make('td', row, unknown || kb(worker.rest_private))\n"
    "}\n"
    "\n"
    "function heap(worker) {\n"
    "  return worker.body_shared + worker.body_private + worker.body_own +\n"
    "    worker.table_shared + worker.table_private + worker.table_own\n"
    "}\n"
    "\n"
    "async function refresh() {\n"
    "  try {\n"
    "    const state = await (await fetch('/sharing.json')).json()\n"
    "    const scale = Math.max(1, ...state.workers.map(heap))\n"
    "    find('summary').textContent = count(state.objects) +\n"
    "      ' objects, ' + (state.sealed ? 'sealed' : 'not sealed') + '; ' +\n"
    "      count(state.served) + ' requests answered.'\n"
    "    find('workers').replaceChildren()\n"
    "    state.workers.forEach((worker, i) => show(worker, i, scale))\n"
    "    find('trouble').textContent = ''\n"
    "  } catch {\n"
    "    find('trouble').textContent = 'No answer. Has the server ended?'\n"
    "  }\n"
    "}\n"
    "\n"
    "async function repeat() {\n"
    "  clearTimeout(timer)\n"
    "  await refresh()\n"
    "  if (find('pause').getAttribute('aria-pressed') == 'false')\n"
    "    timer = setTimeout(repeat, 1000)\n"
    "}\n"
    "\n"
    "find('ask').onclick = async () => {\n"
    "  const ask = async () => {\n"
    "    for (let i = 0; i < 50; i++)\n"
    "      await fetch('/work').catch(() => 0)\n"
    "  }\n"
    "  await Promise.all([ask(), ask(), ask(), ask()])\n"
    "  refresh()\n"
    "}\n"
    "find('pause').onclick = event => {\n"
    "  const paused = event.target.getAttribute('aria-pressed') == 'false'\n"
    "  event.target.setAttribute('aria-pressed', paused)\n"
    "  event.target.textContent = paused ? 'Go on' : 'Pause'\n"
    "  paused ? clearTimeout(timer) : repeat()\n"
    "}\n"
    "repeat()\n"
    "</script>\n"
    "</html>\n";
