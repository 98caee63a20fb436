// page - what is on show, and what the reader does with it.

const snapshots = []; // one, or before and after
let layout;
let panes = [];
let brush;
let printing = false;

const view = {
    level: "all", // "all", "area", "page"
    area: 0, // the selection, also where it is not all that is shown
    page: 0,
    unit: 0,
    edge: 8, // of a page, CSS pixels
    wanted: { site: NOTHING, state: NOTHING },
};
let compare = "one"; // with two snapshots: "side", "blink", "changes"
let shown = 1; // while blinking: which
let timer = 0;
let hover = null;
let drawing = 0;

const byId = (id) => document.getElementById(id);
const media = (query) => window.matchMedia(query);
const prefersDark = media("(prefers-color-scheme: dark)");
const prefersStill = media("(prefers-reduced-motion: reduce)");

const COMPARES = {
    side: "Side by side",
    blink: "Blink",
    changes: "Changes",
};

// --- what is on show ---------------------------------------------------------

// The snapshot that numbers beside the map are of.
function current() {
    if (snapshots.length === 1)
        return 0;
    return compare === "blink" ? shown : 1;
}

function isTwo() {
    return snapshots.length === 2;
}

function snapshotName(n) {
    return isTwo() ? ["Before", "After"][n] : "";
}

function paneShows(n) {
    if (compare === "side")
        return n;
    return compare === "changes" ? CHANGE : current();
}

function paneTitle(n) {
    if (!isTwo())
        return "";
    const shows = paneShows(n);
    return shows === CHANGE ? "From before to after" : snapshotName(shows);
}

// --- drawing -----------------------------------------------------------------

function makeBrush() {
    brush = new Brush(prefersDark.matches && !printing,
        window.devicePixelRatio || 1);
}

function paneCount() {
    return compare === "side" ? 2 : 1;
}

function makePanes() {
    for (const pane of panes)
        pane.root.remove();
    panes = [];
    for (let n = 0; n < paneCount(); n++) {
        const pane = new Pane(byId("panes"), layout, snapshots);
        listen(pane);
        panes.push(pane);
    }
}

function arrange() {
    for (const [n, pane] of panes.entries())
        pane.arrange(view, paneShows(n), paneTitle(n), brush, paneLabel());
}

function paneLabel() {
    const places = {
        all: "all areas, a square a page",
        area: `${layout.areas[view.area]?.name}, a square a page`,
        page: `page ${address(layout.address(view.area, view.page))}, ` +
            "a square 16 bytes",
    };
    return `Map of memory: ${places[view.level]}. Arrow keys select, Enter ` +
        "goes in, Escape out, question mark is help.";
}

function redraw() {
    drawing ||= requestAnimationFrame(() => {
        drawing = 0;
        for (const pane of panes)
            pane.draw(hover);
    });
}

// All of it anew: another level, another comparison, another size.
function show() {
    arrange();
    showCrumbs();
    showCompare();
    showLegend();
    showSites();
    showList();
    showSelection();
    byId("smaller").disabled = byId("larger").disabled = view.level === "page";
    redraw();
}

// --- beside the map ----------------------------------------------------------

function showTop() {
    const last = snapshots.at(-1);
    document.title = `Memory of ${last.program || "a process"}`;
    byId("title").textContent = document.title;
    const facts = [last.process ? `process ${last.process}` : "",
        last.allocator,
        ...snapshots.map((s, n) => `${snapshotName(n).toLowerCase()} ` +
            `snapshot ${s.number}, after ${duration(s.ageMs)}`), last.note];
    byId("subtitle").textContent = facts.map((s) => s.trim())
        .filter((s) => s).join(" \u00b7 ");
    byId("headline").replaceChildren(...headline());
    byId("bars").replaceChildren();
    for (const n of snapshots.keys()) {
        const canvas = element("canvas");
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", STATES.map((_, state) =>
            `${STATE_NAMES[state]} ${size(snapshots[n].totals.bytes[state])}`)
            .join(", "));
        byId("bars").append(element("div", { className: "bar" },
            element("span", { textContent: snapshotName(n) }), canvas));
    }
    drawBars();
}

function drawBars() {
    for (const [n, canvas] of [...byId("bars").querySelectorAll("canvas")]
        .entries())
        drawBar(canvas, brush, snapshots[n].totals.bytes);
}

function resident(sums, snapshot) {
    return sums.pages * snapshot.pageBytes - sums.bytes[RELEASED] -
        sums.swapped;
}

function headline() {
    const strong = (text) => element("strong", { textContent: text });
    const last = snapshots.at(-1);
    const sums = last.totals;
    const has = resident(sums, last);
    const line = [strong(size(has)), " resident, ",
        strong(size(sums.bytes[USED])), " used; ",
        strong(size(sums.bytes[FREE])),
        ` (${share(sums.bytes[FREE], has)}) is free and not given back, `,
        strong(counted(sums.gray, "page")),
        ` of ${last.pageBytes / 1024} KB ` +
            `${sums.gray === 1 ? "holds" : "hold"} nothing else.`];
    if (isTwo()) {
        const change = has - resident(snapshots[0].totals, snapshots[0]);
        line.push(" That is ", strong(size(Math.abs(change))),
            ` ${change > 0 ? "more" : "less"} resident than before.`);
    }
    return line;
}

function crumb(text, level) {
    const item = element("li");
    if (level === view.level) {
        item.append(element("span", { textContent: text }));
        item.firstChild.setAttribute("aria-current", "page");
    } else {
        item.append(element("button", { type: "button", textContent: text,
            onclick: () => goTo(level) }));
    }
    return item;
}

function showCrumbs() {
    const area = layout.areas[view.area];
    const items = [crumb("All areas", "all")];
    if (view.level !== "all")
        items.push(crumb(area.name, "area"));
    if (view.level === "page")
        items.push(crumb(`page ${address(layout.address(view.area,
            view.page))}`, "page"));
    byId("crumbs").replaceChildren(...items);
}

function showCompare() {
    if (!isTwo())
        return;
    byId("compare").replaceChildren();
    for (const [name, title] of Object.entries(COMPARES)) {
        const button = element("button", { type: "button", textContent: title,
            onclick: () => setCompare(name) });
        button.setAttribute("aria-pressed", name === compare);
        byId("compare").append(button);
    }
}

// Sums of what is in view, and its pages: [first, end) of snapshot n.
function inView(n) {
    const snapshot = snapshots[n];
    if (view.level === "all")
        return [snapshot.totals, 0, snapshot.residence.length];
    const part = layout.areas[view.area].parts[n];
    if (view.level === "area")
        return part ? [part.sums, part.firstPage, part.firstPage + part.pages] :
            [null, 0, 0];
    const page = layout.pageIn(n, view.area, view.page);
    return page === NOTHING ? [null, 0, 0] :
        [snapshot.sumsOfPage(page), page, page + 1];
}

const NO_SUMS = { bytes: new Float64Array(STATES.length), gray: 0, pages: 0,
    swapped: 0 };

function showLegend() {
    const body = byId("legend").querySelector("tbody");
    const note = byId("legend-note");
    if (compare === "changes") {
        fillChanges(body, brush, changesInView());
        note.textContent = "";
        return;
    }
    const [sums, first, end] = inView(current());
    fillLegend(body, brush, sums || NO_SUMS,
        slotBytes(snapshots[current()], first, end), wantState,
        view.wanted.state);
    const { gray, pages } = sums || NO_SUMS;
    note.replaceChildren(element("strong", { textContent:
        counted(gray, "page") }), ` of ${count(pages)} with nothing used, ` +
        "yet resident");
    note.dataset.gray = gray;
    if (isTwo())
        note.prepend(`${snapshotName(current())}: `);
}

function* pairsInView() {
    for (const [n, area] of layout.areas.entries()) {
        if (view.level !== "all" && n !== view.area)
            continue;
        const [first, end] = view.level === "page" ?
            [view.page, view.page + 1] : [0, area.pages];
        for (let page = first; page < end; page++)
            yield [layout.pageIn(0, n, page), layout.pageIn(1, n, page)];
    }
}

const knownChanges = new Map();
function changesInView() {
    const key = [view.level, view.level === "all" ? "" : view.area,
        view.level === "page" ? view.page : ""].join();
    if (!knownChanges.has(key))
        knownChanges.set(key, sumChanges(snapshots, pairsInView()));
    return knownChanges.get(key);
}

function slotBytes(snapshot, first, end) {
    let bytes = 0;
    if (snapshot.heapPage.length)
        for (let page = first; page < end; page++)
            snapshot.eachRun(page, (run, from, to) => {
                if (snapshot.runHeap[run] !== NOTHING &&
                    snapshot.runState[run] === USED)
                    bytes += (to - from) * snapshot.unitBytes;
            });
    return bytes;
}

function showSites() {
    const [, first, end] = inView(current());
    fillSites(byId("sites").querySelector("tbody"), snapshots[current()],
        snapshots[current()].sitesOf(first, end), wantSite, view.wanted.site);
}

function showList() {
    const table = byId("list").querySelector("table");
    const n = current();
    const suffix = isTwo() ? `, ${snapshotName(n).toLowerCase()}` : "";
    if (view.level === "page") {
        byId("list-title").textContent = `On this page${suffix}`;
        fillRuns(table, snapshots[n], layout.pageIn(n, view.area, view.page),
            layout.address(view.area, view.page), (unit) => {
                view.unit = unit;
                showSelection();
            });
        return;
    }
    byId("list-title").textContent = `Areas${suffix}`;
    fillAreas(table, snapshots[n], layout, n, (area) => {
        select(area, 0);
        goTo("area");
    }, view.level === "area" ? view.area : NOTHING);
}

// --- the selection -----------------------------------------------------------

function factsAt(place, n) {
    const page = layout.pageIn(n, place.area, place.page);
    const start = layout.address(place.area, place.page);
    const name = layout.areas[place.area].name;
    if (page === NOTHING)
        return [["", "Not there"], ["page", address(start)], ["area", name]];
    const snapshot = snapshots[n];
    if (place.unit !== NOTHING)
        return [...describe(snapshot, page, place.unit), ["area", name],
            ...describePage(snapshot, page, start)];
    return [["", `Page ${count(place.page + 1)} of ${name}`],
        ...describePage(snapshot, page, start)];
}

function selectedPlace() {
    return { area: view.area, page: view.page,
        unit: view.level === "page" ? view.unit : NOTHING };
}

function showSelection() {
    const facts = factsAt(selectedPlace(), current());
    fillFacts(byId("details").querySelector("dl"), facts);
    byId("spoken").textContent = facts.slice(0, 3).map((fact) =>
        fact.filter((x) => x).join(" ")).join("; ");
    keepPlace();
    redraw();
}

function select(area, page) {
    view.area = area;
    view.page = page;
    for (const pane of panes)
        if (pane.view)
            pane.reveal(area, page);
}

// By `columns` pages on, to the next or the previous area if need be.
function move(by) {
    const area = layout.areas[view.area];
    if (view.level === "page") {
        moveUnit(by);
        return;
    }
    let at = area.first + view.page + by;
    if (view.level === "area")
        at = Math.min(Math.max(at, area.first), area.first + area.pages - 1);
    else
        at = Math.min(Math.max(at, 0), layout.pages - 1);
    selectAt(at);
}

function selectAt(at) {
    const area = layout.areaAt(at);
    select(area, at - layout.areas[area].first);
    showSelection();
}

// Up and down in the picture: rows end where areas do.
function moveRow(by) {
    const columns = view.level === "page" ? panes[0].side : panes[0].columns;
    if (view.level !== "all") {
        move(by * columns);
        return;
    }
    const column = view.page % columns;
    const area = layout.areas[view.area];
    let page = view.page + by * columns;
    let n = view.area;
    if (page < 0 && n > 0) {
        n--;
        const { pages } = layout.areas[n];
        page = pages - 1 - (pages - 1) % columns + column;
    } else if (page >= area.pages && n + 1 < layout.areas.length &&
        Math.floor(view.page / columns) ===
        Math.floor((area.pages - 1) / columns)) {
        n++;
        page = column;
    }
    select(n, Math.min(Math.max(page, 0), layout.areas[n].pages - 1));
    showSelection();
}

function moveUnit(by) {
    const units = snapshots[0].pageUnits;
    const { pages } = layout.areas[view.area];
    let unit = view.unit + by;
    if (unit < 0 && view.page > 0) {
        view.page--;
        unit += units;
    } else if (unit >= units && view.page + 1 < pages) {
        view.page++;
        unit -= units;
    } else {
        view.unit = Math.min(Math.max(unit, 0), units - 1);
        showSelection();
        return;
    }
    view.unit = unit;
    show();
}

function moveFar(toEnd) {
    if (view.level === "page")
        view.unit = toEnd ? snapshots[0].pageUnits - 1 : 0;
    else if (view.level === "area")
        select(view.area, toEnd ? layout.areas[view.area].pages - 1 : 0);
    else
        select(...(toEnd ? [layout.areas.length - 1,
            layout.areas.at(-1).pages - 1] : [0, 0]));
    showSelection();
}

function nextGray(step) {
    const n = current();
    const start = layout.areas[view.area].first + view.page;
    for (let gone = 1; gone <= layout.pages; gone++) {
        const at = (start + step * gone + layout.pages * 2) % layout.pages;
        const area = layout.areaAt(at);
        const page = layout.pageIn(n, area, at - layout.areas[area].first);
        if (page === NOTHING || !snapshots[n].isGray(page))
            continue;
        const hasMoved = area !== view.area;
        view.unit = 0;
        select(area, at - layout.areas[area].first);
        if (view.level === "page" || hasMoved && view.level === "area")
            show();
        select(view.area, view.page);
        showSelection();
        return;
    }
    byId("spoken").textContent = "There is no gray page.";
}

// --- going in and out --------------------------------------------------------

function goTo(level) {
    if (level === "page" && view.level !== "page")
        view.unit = 0;
    view.level = level;
    hideTip();
    for (const pane of panes)
        pane.window.scrollTop = 0;
    if (level !== "page")
        view.edge = usualEdge();
    show();
    select(view.area, view.page);
    redraw();
}

function goIn() {
    if (view.level !== "page")
        goTo(view.level === "all" ? "area" : "page");
}

function goOut() {
    if (view.wanted.site !== NOTHING || view.wanted.state !== NOTHING)
        want(NOTHING, NOTHING);
    else if (view.level !== "all")
        goTo(view.level === "page" ? "area" : "all");
}

// So large that the pages fill about one window; in an area, so that its units
// can be seen.
function usualEdge() {
    const box = panes[0].window;
    box.style.maxHeight = "";
    const room = box.clientWidth * box.clientHeight * .7;
    const pages = view.level === "all" ? layout.pages :
        layout.areas[view.area].pages;
    const least = view.level === "all" ? 4 : 16;
    const most = view.level === "all" ? 32 : 64;
    const fits = EDGES.filter((edge) => edge <= most &&
        (edge + 2) ** 2 * pages < room);
    return Math.max(least, ...fits);
}

function resize(step) {
    if (view.level === "page")
        return;
    const at = EDGES.indexOf(view.edge) + step;
    view.edge = EDGES[Math.min(Math.max(at, 0), EDGES.length - 1)];
    arrange();
    select(view.area, view.page);
    redraw();
}

function want(site, state) {
    view.wanted = { site, state };
    showLegend();
    showSites();
    redraw();
}

function wantSite(site) {
    want(view.wanted.site === site ? NOTHING : site, NOTHING);
}

function wantState(state) {
    want(NOTHING, view.wanted.state === state ? NOTHING : state);
}

// --- comparing ---------------------------------------------------------------

function setCompare(name) {
    const top = panes[0].window.scrollTop;
    const had = panes.length;
    compare = name;
    clearInterval(timer);
    timer = 0;
    if (name === "blink" && !prefersStill.matches)
        timer = setInterval(turn, 900);
    if (had !== paneCount())
        makePanes();
    show();
    for (const pane of panes)
        pane.window.scrollTop = top;
}

// From one snapshot to the other, in the same place.
function turn() {
    shown = 1 - shown;
    arrange();
    showLegend();
    redraw();
}

function blink() {
    if (!isTwo())
        return;
    if (compare !== "blink") {
        setCompare("blink");
    } else if (timer) {
        clearInterval(timer);
        timer = 0;
        show();
    } else {
        turn();
        show();
    }
}

function nextCompare() {
    const names = Object.keys(COMPARES);
    if (isTwo())
        setCompare(names[(names.indexOf(compare) + 1) % names.length]);
}

// --- the address of the view -------------------------------------------------

function keepPlace() {
    const at = layout.address(view.area, view.page) +
        (view.level === "page" ? view.unit * 16 : 0);
    const place = `#${view.level}-${at.toString(16)}` +
        (isTwo() ? `-${compare}` : "");
    if (place !== location.hash)
        history.replaceState(null, "", place);
}

function recallPlace() {
    const [, level, text, mode] =
        location.hash.match(/^#(all|area|page)-([0-9a-f]+)(?:-(\w+))?$/) || [];
    if (isTwo())
        compare = mode in COMPARES ? mode : "side";
    const place = text && layout.find(parseInt(text, 16));
    if (!place)
        return;
    view.level = level;
    [view.area, view.page] = place;
    view.unit = parseInt(text, 16) % layout.pageBytes >> 4;
}

function goToAddress(text) {
    const number = Number(text.trim().replace(/^(0x)?/i, "0x"));
    const place = Number.isFinite(number) ? layout.find(number) : null;
    if (!place)
        return false;
    [view.area, view.page] = place;
    goTo("page");
    view.unit = number % layout.pageBytes >> 4;
    showSelection();
    return true;
}

// --- listening ---------------------------------------------------------------

const keys = {
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    ArrowUp: () => moveRow(-1),
    ArrowDown: () => moveRow(1),
    PageUp: () => moveRow(-16),
    PageDown: () => moveRow(16),
    Home: () => moveFar(false),
    End: () => moveFar(true),
    Enter: goIn,
    Escape: goOut,
    "+": () => resize(1),
    "=": () => resize(1),
    "-": () => resize(-1),
    g: () => nextGray(1),
    G: () => nextGray(-1),
    b: blink,
    c: nextCompare,
    "/": () => openDialog("go-dialog"),
    "?": () => openDialog("help-dialog"),
};

// Keys that other controls use for themselves.
const forMapOnly = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown",
    "PageUp", "PageDown", "Home", "End", "Enter"];

function openDialog(id) {
    hideTip();
    byId(id).showModal();
}

function onKey(event) {
    const isTyping = event.target.closest?.("input, dialog[open]");
    const isElsewhere = !event.target.closest?.("canvas[tabindex]") &&
        event.target !== document.body;
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping ||
        isElsewhere && forMapOnly.includes(event.key) || !keys[event.key])
        return;
    event.preventDefault();
    keys[event.key]();
}

function listen(pane) {
    const { canvas } = pane;
    const place = (event) => {
        const box = canvas.getBoundingClientRect();
        return pane.at(event.clientX - box.left, event.clientY - box.top);
    };
    canvas.addEventListener("pointermove", (event) =>
        onHover(place(event), event, pane));
    canvas.addEventListener("pointerleave", () => onHover(null));
    canvas.addEventListener("click", (event) => onClick(place(event)));
    canvas.addEventListener("dblclick", goIn);
    pane.window.addEventListener("scroll", () => onScroll(pane),
        { passive: true });
}

function onScroll(pane) {
    for (const other of panes)
        if (other.window.scrollTop !== pane.window.scrollTop)
            other.window.scrollTop = pane.window.scrollTop;
    hideTip();
    redraw();
}

// A click selects; one on what is selected already goes in.
function onClick(place) {
    if (!place)
        return;
    if (view.level === "page") {
        view.unit = place.unit;
        showSelection();
        return;
    }
    const isSame = place.area === view.area && place.page === view.page;
    select(place.area, place.page);
    showSelection();
    if (isSame)
        goIn();
}

function onHover(place, event, pane) {
    hover = place;
    redraw();
    if (!place) {
        hideTip();
        return;
    }
    const tip = byId("tip");
    const n = pane.shows === CHANGE ? 1 : pane.shows;
    tip.textContent = factsAt(place, n).slice(0, 8)
        .map(([word, value]) => word ? `${word}: ${value}` : value).join("\n");
    tip.hidden = false;
    const [x, y] = [event.clientX + 16, event.clientY + 18];
    tip.style.left = `${x + tip.offsetWidth > innerWidth - 8 ?
        Math.max(8, event.clientX - tip.offsetWidth - 12) : x}px`;
    tip.style.top = `${y + tip.offsetHeight > innerHeight - 8 ?
        Math.max(8, event.clientY - tip.offsetHeight - 12) : y}px`;
}

function hideTip() {
    byId("tip").hidden = true;
    hover = null;
}

function refresh() {
    makeBrush();
    drawBars();
    show();
}

function setPrinting(is) {
    printing = is;
    makeBrush();
    drawBars();
    arrange();
    showLegend();
    for (const pane of panes)
        pane.draw(null);
}

function listenToPage() {
    document.addEventListener("keydown", onKey);
    window.addEventListener("resize", refresh);
    window.addEventListener("beforeprint", () => setPrinting(true));
    window.addEventListener("afterprint", () => setPrinting(false));
    prefersDark.addEventListener("change", refresh);
    prefersStill.addEventListener("change", () => setCompare(compare));
    byId("smaller").onclick = () => resize(-1);
    byId("larger").onclick = () => resize(1);
    byId("next-gray").onclick = () => nextGray(1);
    byId("help").onclick = () => openDialog("help-dialog");
    byId("go").onclick = () => openDialog("go-dialog");
    byId("go-dialog").querySelector("form").onsubmit = onGo;
}

function onGo(event) {
    const text = byId("go-address").value;
    byId("go-error").textContent = "";
    if (event.submitter?.value !== "go" || goToAddress(text))
        return;
    event.preventDefault();
    byId("go-error").textContent =
        `No area of the map has ${text || "an empty address"}.`;
}

// --- the beginning -----------------------------------------------------------

async function start() {
    for (const prefix of ["before", "after"]) {
        const snapshot = await Snapshot.load(prefix);
        if (snapshot)
            snapshots.push(snapshot);
    }
    layout = new Layout(snapshots);
    if (!layout.pages) {
        byId("headline").textContent = "There is no memory in this snapshot.";
        return;
    }
    recallPlace();
    makeBrush();
    showTop();
    makePanes();
    view.edge = usualEdge();
    show();
    select(view.area, view.page);
    listenToPage();
    panes[0].canvas.focus({ preventScroll: true });
    document.documentElement.dataset.ready = "yes";
}

start().catch((error) => {
    byId("headline").textContent = `The map cannot be drawn: ${error.message}`;
    throw error;
});
