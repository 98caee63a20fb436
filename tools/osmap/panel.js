// panel - what stands beside the map: the legend with its numbers, the details
// of what is selected, call sites, and the list of areas or blocks.

function element(name, properties = {}, ...children) {
    const made = document.createElement(name);
    Object.assign(made, properties);
    made.append(...children);
    return made;
}

function cell(text, className = "") {
    return element("td", { textContent: text, className });
}

function swatch(brush, code) {
    const canvas = element("canvas", { width: 26 * brush.scale,
        height: 18 * brush.scale });
    canvas.setAttribute("aria-hidden", "true");
    brush.fill(canvas, code);
    outlineCanvas(canvas, brush);
    return canvas;
}

function outlineCanvas(canvas, brush) {
    const context = canvas.getContext("2d");
    context.strokeStyle = brush.isDark ? "#767d87" : "#767676";
    context.lineWidth = brush.scale;
    context.strokeRect(brush.scale / 2, brush.scale / 2,
        canvas.width - brush.scale, canvas.height - brush.scale);
}

const BAR_ORDER = [USED, NOT_OURS, CACHED, FREE, RELEASED];

// A bar of all states, in proportion to their sizes.
function drawBar(canvas, brush, bytes) {
    const whole = bytes.reduce((sum, part) => sum + part, 0);
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    const context = canvas.getContext("2d");
    let sum = 0;
    for (const state of BAR_ORDER) {
        const from = Math.round(canvas.width * sum / whole);
        sum += bytes[state];
        const to = Math.round(canvas.width * sum / whole);
        context.fillStyle = brush.pattern(context, state);
        context.fillRect(from, 0, to - from, canvas.height);
        context.fillStyle = brush.isDark ? "#0b0d10" : "#ffffff";
        if (to > from && to < canvas.width)
            context.fillRect(to - ratio, 0, ratio, canvas.height);
    }
    outlineCanvas(canvas, { ...brush, scale: Math.max(1, Math.round(ratio)) });
}

// --- the legend --------------------------------------------------------------

function legendRow(brush, code, name, note, bytes, whole) {
    const row = element("tr", { className: bytes ? "" : "nothing" },
        element("td", {}, swatch(brush, code)),
        element("td", {}, name, element("small", { textContent: note })),
        cell(size(bytes), "n"), cell(share(bytes, whole), "n"));
    return row;
}

function fillLegend(body, brush, sums, slotBytes, choose, wanted) {
    const whole = sums.bytes.reduce((sum, part) => sum + part, 0);
    body.replaceChildren();
    for (const [state, name] of STATE_NAMES.entries()) {
        const button = element("button", { type: "button",
            textContent: name, title: "Show these alone",
            onclick: () => choose(state) });
        button.setAttribute("aria-pressed", wanted === state);
        const row = legendRow(brush, state, button, STATE_NOTES[state],
            sums.bytes[state], whole);
        row.dataset.state = STATES[state];
        row.dataset.bytes = sums.bytes[state];
        body.append(row);
        if (state === USED && slotBytes) {
            const slots = legendRow(brush, SLOT_TINT, "of these in slots",
                "objects of rheap, on its heap pages", slotBytes, whole);
            slots.dataset.state = "slots";
            slots.dataset.bytes = slotBytes;
            body.append(slots);
        }
    }
}

function fillChanges(body, brush, bytes) {
    const whole = bytes.reduce((sum, part) => sum + part, 0);
    body.replaceChildren();
    for (const [n, name] of CHANGE_NAMES.entries()) {
        const row = legendRow(brush, CHANGE_TINT + n, name, CHANGE_NOTES[n],
            bytes[n], whole);
        row.dataset.state = CHANGES[n];
        row.dataset.bytes = bytes[n];
        body.append(row);
    }
}

// --- details -----------------------------------------------------------------

function fillFacts(list, facts) {
    list.replaceChildren();
    for (const [word, value] of facts)
        if (word)
            list.append(element("dt", { textContent: word }),
                element("dd", { textContent: value }));
        else
            list.append(element("dd", { className: "whole",
                textContent: value }));
}

// --- call sites --------------------------------------------------------------

const SITES_SHOWN = 40;

function fillSites(body, snapshot, sites, choose, wanted) {
    body.replaceChildren();
    for (const sum of sites.slice(0, SITES_SHOWN)) {
        const button = element("button", { type: "button",
            textContent: snapshot.siteName(sum.site),
            onclick: () => choose(sum.site) });
        button.setAttribute("aria-pressed", wanted === sum.site);
        body.append(element("tr", { className: wanted === sum.site ?
            "chosen" : "" }, element("td", {}, button),
        cell(count(sum.blocks), "n"), cell(size(sum.bytes), "n"),
        cell(count(sum.sparse), "n")));
    }
    if (sites.length > SITES_SHOWN)
        body.append(element("tr", { className: "nothing" },
            cell(`${count(sites.length - SITES_SHOWN)} more`)));
    if (!sites.length)
        body.append(element("tr", { className: "nothing" },
            cell("no used block in view")));
}

// --- the list: what the map shows, for those who read ------------------------

function head(...names) {
    const row = element("tr");
    for (const [n, name] of names.entries()) {
        const th = element("th", { textContent: name,
            className: n > 1 ? "n" : "" });
        th.setAttribute("scope", "col");
        row.append(th);
    }
    return element("thead", {}, row);
}

function fillAreas(table, snapshot, layout, n, open, chosen) {
    const body = element("tbody");
    table.replaceChildren(head("area", "address", "virtual", "resident",
        ...STATE_NAMES, "gray pages"), body);
    for (const [index, area] of layout.areas.entries()) {
        const part = area.parts[n];
        if (!part)
            continue;
        const button = element("button", { type: "button",
            textContent: area.name, onclick: () => open(index) });
        body.append(areaRow(element("td", {}, button), address(area.start),
            part.sums, snapshot.pageBytes, index === chosen));
    }
    body.append(areaRow(cell("in all"), "", snapshot.totals,
        snapshot.pageBytes));
}

function areaRow(name, start, sums, pageBytes, isChosen) {
    const whole = sums.pages * pageBytes;
    return element("tr", { className: isChosen ? "chosen" : "" }, name,
        cell(start, "a"), cell(size(whole), "n"),
        cell(size(whole - sums.bytes[RELEASED] - sums.swapped), "n"),
        ...STATES.map((_, state) => cell(size(sums.bytes[state]), "n")),
        cell(count(sums.gray), "n"));
}

// What lies on one page, run by run.
function fillRuns(table, snapshot, page, start, select) {
    const body = element("tbody");
    table.replaceChildren(head("what", "from", "bytes here", "asked for",
        "age"), body);
    table.querySelector("thead tr").append(element("th", {
        textContent: "call site" }));
    if (page === NOTHING)
        return;
    snapshot.eachRun(page, (run, from, to) => {
        const block = snapshot.runBlock[run];
        const facts = describe(snapshot, page, from);
        const slot = slotPlace(snapshot, run);
        const button = element("button", { type: "button",
            textContent: facts[0][1], onclick: () => select(from) });
        body.append(element("tr", {}, element("td", {}, button),
            cell(address(slot?.address ?? start + from * 16), "a"),
            cell(count(slot?.bytes ?? (to - from) * 16), "n"),
            cell(block === NOTHING ? "" : count(snapshot.blockSize[block]),
                "n"),
            cell(block === NOTHING ? "" : duration(snapshot.blockAge[block]),
                "n"),
            cell(block === NOTHING ? "" :
                snapshot.siteName(snapshot.blockSite[block]))));
    });
}
