// paint - colours and patterns, and pages made of them.
//
// A tint is what a pixel can show: a state, or a change, in one of two shades
// that take turns from block to block.  Colours differ in lightness, so that
// those who cannot tell red from green, and a printer without colours, still
// see them apart; and a pattern stands beside each colour, so that colour is
// never alone.  Everything that shows a tint, the legend as well, goes through
// Brush.color().

const SOLID = 0, SLASHES = 1, PAPER = 2, DOTS = 3, CROSSES = 4, BARS = 5;

// [pattern, first shade, second shade, lines of the pattern, text upon it]
const LIGHT = [
    [SOLID, "#b2182b", "#8c1020", "#b2182b", "#ffffff"],
    [SLASHES, "#c4c4c4", "#c4c4c4", "#8f8f8f", "#1a1a1a"],
    [PAPER, "#ffffff", "#ffffff", "#b8b8b8", "#595959"],
    [DOTS, "#f0d9a0", "#e8cc86", "#7a5c00", "#1a1a1a"],
    [CROSSES, "#d3e3f3", "#c6d9ee", "#5b85b3", "#1a1a1a"],
    [SOLID, "#2166ac", "#174a80", "#2166ac", "#ffffff"],
    [SOLID, "#01665e", "#01665e", "#01665e", "#ffffff"],
    [SLASHES, "#a6d8d0", "#a6d8d0", "#35978f", "#1a1a1a"],
    [BARS, "#e0a85a", "#e0a85a", "#8c510a", "#1a1a1a"],
    [SOLID, "#543005", "#543005", "#543005", "#ffffff"],
    [SOLID, "#eeeeee", "#eeeeee", "#eeeeee", "#1a1a1a"],
    [PAPER, "#ffffff", "#ffffff", "#ededed", "#595959"],
];
const DARK = [
    [SOLID, "#ff8c7a", "#f06a57", "#ff8c7a", "#1a1a1a"],
    [SLASHES, "#3d434c", "#3d434c", "#6b7480", "#ffffff"],
    [PAPER, "#0b0d10", "#0b0d10", "#555d68", "#a9adb3"],
    [DOTS, "#46370b", "#524110", "#d9b34a", "#ffffff"],
    [CROSSES, "#172a42", "#1d3450", "#5f8dbf", "#ffffff"],
    [SOLID, "#7db8f5", "#599cdf", "#7db8f5", "#1a1a1a"],
    [SOLID, "#4fd1c0", "#4fd1c0", "#4fd1c0", "#1a1a1a"],
    [SLASHES, "#1f5c55", "#1f5c55", "#5ab5aa", "#ffffff"],
    [BARS, "#8a5a1c", "#8a5a1c", "#f0b866", "#ffffff"],
    [SOLID, "#ffdca8", "#ffdca8", "#ffdca8", "#1a1a1a"],
    [SOLID, "#242a32", "#242a32", "#242a32", "#ffffff"],
    [PAPER, "#171b21", "#171b21", "#242a32", "#a9adb3"],
];
const SLOT_TINT = 5; // a live slot of rheap
const CHANGE_TINT = 6; // the first of the changes
const ABSENT = CHANGE_TINT + CHANGES.length; // no area in this snapshot

// How much a tint counts among those that share a pixel.
const TINT_RANK = [4, 1, 0, 2, 3, 4, 4, 2, 3, 3, 0, 0];

// A unit is drawn as a tint and two bits.
const SECOND_SHADE = 16, FADED = 32;

function parts(color) {
    return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
}

function pixel([red, green, blue]) {
    return (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
}

class Brush {
    // `scale`: pixels of the screen for one of the pattern.
    constructor(isDark, scale) {
        this.scale = Math.max(1, Math.round(scale));
        this.tints = isDark ? DARK : LIGHT;
        this.isDark = isDark;
        this.card = pixel(parts(isDark ? "#171b21" : "#ffffff"));
        const paper = parts(isDark ? "#171b21" : "#ffffff");
        const fade = (color) => parts(color)
            .map((part, n) => Math.round(part * .2 + paper[n] * .8));
        this.colors = new Uint32Array(64);
        this.lines = new Uint32Array(64);
        this.patterns = new Uint8Array(64);
        for (const [n, [pattern, first, second, line]] of
             this.tints.entries())
            for (const [bits, color] of [[0, first], [SECOND_SHADE, second]]) {
                this.set(n | bits, pattern, parts(color), parts(line));
                this.set(n | bits | FADED, pattern, fade(color), fade(line));
            }
    }

    set(code, pattern, color, line) {
        this.patterns[code] = pattern;
        this.colors[code] = pixel(color);
        this.lines[code] = pixel(line);
    }

    color(code, x, y) {
        return this.isLine(this.patterns[code], Math.floor(x / this.scale),
            Math.floor(y / this.scale)) ? this.lines[code] : this.colors[code];
    }

    isLine(pattern, x, y) {
        switch (pattern) {
        case SLASHES:
            return (x + y) % 4 === 0;
        case DOTS:
            return x % 3 === 0 && y % 3 === 0;
        case CROSSES:
            return (x + y) % 6 === 0 || (x - y + 600000) % 6 === 0;
        case BARS:
            return y % 3 === 0;
        default:
            return false;
        }
    }

    // One page into the pixels of an image `width` wide: a square of `edge`
    // pixels at left, top, of which the rows from 0 to `bottom` exist.
    page(image, width, bottom, left, top, edge, codes, side) {
        const from = Math.max(0, -top);
        const to = Math.min(edge, bottom - top);
        const columns = pooled(edge, side);
        const line = this.lines[RELEASED];
        for (let y = from; y < to; y++) {
            const [firstRow, endRow] = columns[y];
            let at = (top + y) * width + left;
            for (let x = 0; x < edge; x++, at++) {
                const [firstColumn, endColumn] = columns[x];
                let code = codes[firstRow * side + firstColumn];
                if (endRow - firstRow > 1 || endColumn - firstColumn > 1)
                    code = strongest(codes, side, firstRow, endRow,
                        firstColumn, endColumn);
                const tint = code & 15;
                const isEdge = x === 0 || y === 0 || x === edge - 1 ||
                    y === edge - 1;
                if (isEdge && (tint === RELEASED || tint === ABSENT))
                    image[at] = edge < 7 && (x === 0 || y === 0) ?
                        this.colors[code] :
                        tint === ABSENT ? this.lines[ABSENT] : line;
                else
                    image[at] = this.color(code, left + x, top + y);
            }
        }
    }

    // A whole canvas in one tint.
    fill(canvas, code) {
        const context = canvas.getContext("2d");
        const image = context.createImageData(canvas.width, canvas.height);
        const pixels = new Uint32Array(image.data.buffer);
        for (let y = 0, at = 0; y < canvas.height; y++)
            for (let x = 0; x < canvas.width; x++, at++)
                pixels[at] = this.color(code, x, y);
        context.putImageData(image, 0, 0);
    }

    // A pattern for the canvas' own drawing.
    pattern(context, code) {
        this.made ??= new Map();
        if (!this.made.has(code)) {
            const tile = document.createElement("canvas");
            tile.width = tile.height = 12 * this.scale;
            this.fill(tile, code);
            this.made.set(code, tile);
        }
        return context.createPattern(this.made.get(code), "repeat");
    }
}

// For each of `edge` pixels the units [first, end) of `side` that it shows.
const pooledOf = new Map();
function pooled(edge, side) {
    const key = edge * 1024 + side;
    if (!pooledOf.has(key))
        pooledOf.set(key, Array.from({ length: edge }, (_, n) => {
            const first = Math.floor(n * side / edge);
            return [first, Math.max(first + 1,
                Math.floor((n + 1) * side / edge))];
        }));
    return pooledOf.get(key);
}

function strongest(codes, side, firstRow, endRow, firstColumn, endColumn) {
    let best = codes[firstRow * side + firstColumn];
    for (let row = firstRow; row < endRow; row++)
        for (let column = firstColumn; column < endColumn; column++) {
            const code = codes[row * side + column];
            if (weight(code) > weight(best))
                best = code;
        }
    return best;
}

function weight(code) {
    return TINT_RANK[code & 15] + (code & FADED ? 0 : 8);
}

// What to show for each unit of a page: of one snapshot, or, with two, what
// has changed.
function unitCodes(snapshot, page, codes, wanted) {
    if (page === NOTHING) {
        codes.fill(ABSENT);
        return;
    }
    snapshot.eachRun(page, (run, from, to) => {
        const state = snapshot.runState[run];
        const block = snapshot.runBlock[run];
        const slot = snapshot.runSlot[run];
        let code = state;
        if (state === USED && snapshot.runHeap[run] !== NOTHING)
            code = SLOT_TINT;
        if (block === NOTHING ? slot & 1 : block & 1)
            code |= SECOND_SHADE;
        if (isFaded(snapshot, run, wanted))
            code |= FADED;
        codes.fill(code, from, to);
    });
}

// `wanted`: the site and the state that are to stand out; NOTHING: all.
function isFaded(snapshot, run, wanted) {
    if (wanted.state !== NOTHING)
        return snapshot.runState[run] !== wanted.state;
    return wanted.site !== NOTHING && snapshot.siteOf(run) !== wanted.site;
}

function stateUnits(snapshot, page, states) {
    states.fill(RELEASED);
    if (page !== NOTHING)
        snapshot.eachRun(page, (run, from, to) =>
            states.fill(snapshot.runState[run], from, to));
}

const statesBefore = new Uint8Array(4096), statesAfter = new Uint8Array(4096);
function changeCodes(snapshots, pages, codes) {
    stateUnits(snapshots[0], pages[0], statesBefore);
    stateUnits(snapshots[1], pages[1], statesAfter);
    for (let unit = 0; unit < codes.length; unit++) {
        const is = change(statesBefore[unit], statesAfter[unit]);
        codes[unit] = is === SAME ? statesAfter[unit] | FADED :
            CHANGE_TINT + is;
    }
}

// Bytes of each change in the given pairs of pages.
function sumChanges(snapshots, pairs) {
    const bytes = new Float64Array(CHANGES.length);
    const codes = new Uint8Array(snapshots[0].pageUnits);
    for (const pages of pairs) {
        changeCodes(snapshots, pages, codes);
        for (const code of codes)
            bytes[code & FADED ? SAME : code - CHANGE_TINT] +=
                snapshots[0].unitBytes;
    }
    return bytes;
}
