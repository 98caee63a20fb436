// pane - one map on the screen: all areas, one of them, or one page.
//
// The canvas has the size of the window and stays where it is while the window
// scrolls over a content that may be much taller; only what can be seen is
// painted.  Lengths are pixels of the screen, which may be smaller than those
// of CSS: `scale` of them are one.

const EDGES = [4, 6, 8, 12, 16, 24, 32, 48, 64]; // of a page, CSS pixels
const CHANGE = 2; // the pane shows what changed; 0, 1: a snapshot
const FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";
const NUMBER_FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, monospace";

class Pane {
    constructor(parent, layout, snapshots) {
        this.layout = layout;
        this.snapshots = snapshots;
        this.root = document.createElement("section");
        this.root.className = "pane";
        this.root.innerHTML = `<h2></h2><div class="window">` +
            `<div class="tall"></div><canvas tabindex="0" role="application" ` +
            `aria-roledescription="map of memory"></canvas></div>`;
        parent.append(this.root);
        this.heading = this.root.querySelector("h2");
        this.window = this.root.querySelector(".window");
        this.tall = this.root.querySelector(".tall");
        this.canvas = this.root.querySelector("canvas");
        this.context = this.canvas.getContext("2d");
        const units = snapshots[0].pageUnits;
        this.side = snapshots[0].side;
        this.codes = new Uint8Array(units);
        this.shows = 0;
    }

    // `view`: level, area, page, unit, edge, wanted; what it says is drawn by
    // draw().
    arrange(view, shows, title, brush, label) {
        const scale = window.devicePixelRatio || 1;
        this.view = view;
        this.shows = shows;
        this.brush = brush;
        this.scale = scale;
        this.heading.textContent = title;
        this.canvas.setAttribute("aria-label", label);
        this.window.style.maxHeight = "";
        this.width = Math.round(this.window.clientWidth * scale);
        this.height = Math.round(this.window.clientHeight * scale);
        if (view.level === "page")
            this.arrangeLens();
        else
            this.arrangeGrid();
        this.tall.style.height = `${Math.floor(this.contentHeight / scale)}px`;
        if (this.contentHeight < this.height) {
            this.window.style.maxHeight =
                `${Math.ceil(this.contentHeight / scale) + 8}px`;
            this.height = Math.round(this.window.clientHeight * scale);
        }
        if (this.canvas.width !== this.width ||
            this.canvas.height !== this.height) {
            this.canvas.width = this.width;
            this.canvas.height = this.height;
            this.canvas.style.height = `${this.height / scale}px`;
            this.image = null;
        }
    }

    arrangeGrid() {
        const { scale, view, layout } = this;
        const isOne = view.level === "area";
        this.edge = Math.round(view.edge * scale);
        this.step = this.edge + Math.max(1, Math.round(scale)) *
            (view.edge >= 32 ? 3 : view.edge >= 12 ? 2 : 1);
        this.left = Math.round((isOne ? 112 : 14) * scale);
        this.columns = Math.floor((this.width - this.left - 14 * scale) /
            this.step);
        this.columns = Math.max(4, this.columns - this.columns %
            (this.columns >= 16 ? 8 : 4));
        this.sections = [];
        let top = Math.round(4 * scale);
        for (const [n, area] of layout.areas.entries()) {
            if (isOne && n !== view.area)
                continue;
            const rows = Math.ceil(area.pages / this.columns);
            const grid = top + Math.round(34 * scale);
            this.sections.push({ area: n, top, grid, rows });
            top = grid + rows * this.step + Math.round(12 * scale);
        }
        this.contentHeight = top;
    }

    arrangeLens() {
        const { scale, side } = this;
        const room = Math.min(this.width - 110 * scale,
            this.height - 74 * scale);
        this.cell = Math.max(Math.round(8 * scale), Math.floor(room / side));
        this.left = Math.round(84 * scale);
        this.lensTop = Math.round(50 * scale);
        this.contentHeight = this.lensTop + side * this.cell +
            Math.round(20 * scale);
    }

    get offset() {
        return Math.round(this.window.scrollTop * this.scale);
    }

    draw(hover) {
        if (!this.image)
            this.image = this.context.createImageData(this.width, this.height);
        this.pixels = new Uint32Array(this.image.data.buffer);
        this.pixels.fill(this.brush.card);
        const style = getComputedStyle(document.documentElement);
        this.ink = style.getPropertyValue("--ink");
        this.soft = style.getPropertyValue("--soft");
        this.accent = style.getPropertyValue("--accent");
        if (this.view.level === "page") {
            this.context.putImageData(this.image, 0, 0);
            this.drawLens(hover);
        } else {
            this.drawGrid(hover);
        }
    }

    // --- many pages ----------------------------------------------------------

    drawGrid(hover) {
        const visible = this.sections.filter((section) =>
            section.top < this.offset + this.height &&
            section.grid + section.rows * this.step > this.offset);
        for (const section of visible)
            this.paintSection(section);
        this.context.putImageData(this.image, 0, 0);
        for (const section of visible)
            this.writeSection(section);
        if (hover)
            this.ring(hover.area, hover.page, 1);
        this.ring(this.view.area, this.view.page, 2);
    }

    paintSection(section) {
        const { step, columns, offset } = this;
        const area = this.layout.areas[section.area];
        const firstRow = Math.max(0, Math.floor((offset - section.grid) / step));
        const endRow = Math.min(section.rows,
            Math.ceil((offset + this.height - section.grid) / step));
        for (let row = firstRow; row < endRow; row++)
            for (let column = 0; column < columns; column++) {
                const page = row * columns + column;
                if (page >= area.pages)
                    break;
                this.codesOf(section.area, page);
                this.brush.page(this.pixels, this.width, this.height,
                    this.left + column * step,
                    section.grid + row * step - offset, this.edge, this.codes,
                    this.side);
            }
    }

    codesOf(area, page) {
        const { layout, snapshots, shows } = this;
        if (shows === CHANGE)
            changeCodes(snapshots, [layout.pageIn(0, area, page),
                layout.pageIn(1, area, page)], this.codes);
        else
            unitCodes(snapshots[shows], layout.pageIn(shows, area, page),
                this.codes, this.view.wanted);
    }

    writeSection(section) {
        const { context, scale } = this;
        const area = this.layout.areas[section.area];
        const part = area.parts[this.shows === CHANGE ? 1 : this.shows];
        const base = section.top - this.offset + 24 * scale;
        const left = (this.view.level === "area" ? 14 : this.left / scale) *
            scale;
        context.textAlign = "left";
        context.textBaseline = "alphabetic";
        context.fillStyle = this.ink;
        context.font = `650 ${13.5 * scale}px ${FONT}`;
        context.fillText(area.name, left, base);
        const gap = context.measureText(area.name).width + 10 * scale;
        context.fillStyle = this.soft;
        context.font = `${12 * scale}px ${FONT}`;
        context.fillText(part ? this.areaLine(part) : "not there", left + gap,
            base);
        if (this.view.level === "area")
            this.writeAddresses(section, area);
    }

    areaLine(part) {
        const { bytes, gray, pages } = part.sums;
        const whole = pages * this.layout.pageBytes;
        const resident = whole - bytes[RELEASED] - part.sums.swapped;
        return `${size(resident)} resident of ${size(whole)}, ` +
            `${size(bytes[USED])} used, ` +
            `${counted(gray, "gray page")}`;
    }

    writeAddresses(section, area) {
        const { context, scale, step } = this;
        const every = Math.max(1, Math.ceil(16 * scale / step));
        context.textAlign = "right";
        context.textBaseline = "middle";
        context.font = `${10.5 * scale}px ${NUMBER_FONT}`;
        for (let row = 0; row < section.rows; row += every) {
            const y = section.grid + row * step - this.offset + this.edge / 2;
            if (y < -step || y > this.height + step)
                continue;
            context.fillText(address(area.start + row * this.columns *
                this.layout.pageBytes), this.left - 8 * scale, y);
        }
    }

    ring(area, page, weight) {
        const box = this.boxOf(area, page);
        if (box)
            this.outline(box.x, box.y - this.offset, this.edge, this.edge,
                weight);
    }

    outline(x, y, width, height, weight) {
        const { context, scale } = this;
        const line = weight * scale;
        context.lineWidth = line + 2 * scale;
        context.strokeStyle = this.brush.isDark ? "#000" : "#fff";
        context.strokeRect(x - line, y - line, width + 2 * line,
            height + 2 * line);
        context.lineWidth = line;
        context.strokeStyle = weight > 1 ? this.accent : this.ink;
        context.strokeRect(x - line, y - line, width + 2 * line,
            height + 2 * line);
    }

    boxOf(area, page) {
        const section = this.sections.find((s) => s.area === area);
        if (!section)
            return null;
        return {
            x: this.left + page % this.columns * this.step,
            y: section.grid + Math.floor(page / this.columns) * this.step,
        };
    }

    // --- one page ------------------------------------------------------------

    drawLens(hover) {
        const { view, shows } = this;
        const n = shows === CHANGE ? 1 : shows;
        const page = this.layout.pageIn(n, view.area, view.page);
        this.writeLensTitle();
        if (shows === CHANGE || page === NOTHING)
            this.drawUnits();
        else
            this.drawRuns(this.snapshots[n], page);
        this.drawLines();
        if (hover && hover.unit !== NOTHING)
            this.outlineUnit(hover.unit, 1);
        this.outlineUnit(view.unit, 2);
    }

    writeLensTitle() {
        const { context, scale, view, side } = this;
        const area = this.layout.areas[view.area];
        const start = this.layout.address(view.area, view.page);
        context.textAlign = "left";
        context.textBaseline = "alphabetic";
        context.fillStyle = this.ink;
        context.font = `650 ${13.5 * scale}px ${FONT}`;
        context.fillText(`${area.name}, page ${count(view.page + 1)} of ` +
            count(area.pages), 14 * scale, 24 * scale - this.offset);
        context.fillStyle = this.soft;
        context.font = `${10.5 * scale}px ${NUMBER_FONT}`;
        context.textAlign = "right";
        context.textBaseline = "middle";
        const every = Math.max(1, Math.ceil(13 * scale / this.cell));
        for (let row = 0; row < side; row += every) {
            const at = row * side * 16;
            context.fillText(row ? `+0x${at.toString(16)}` : address(start)
                .slice(-9).padStart(10, "\u2026"), this.left - 8 * scale,
            this.lensTop - this.offset + (row + .5) * this.cell);
        }
        context.textAlign = "center";
        for (let column = 0; column < side && this.cell > 18 * scale; column++)
            context.fillText((column * 16).toString(16),
                this.left + (column + .5) * this.cell,
                this.lensTop - this.offset - 9 * scale);
    }

    // From byte `from` to byte `to` of the page: a rectangle in each row.
    eachRect(from, to, visit) {
        const row = this.side * 16;
        while (from < to) {
            const end = Math.min(to, from - from % row + row);
            const left = from % row * this.cell / 16;
            visit(this.left + left, this.lensTop - this.offset +
                Math.floor(from / row) * this.cell,
            (end - from) * this.cell / 16, this.cell);
            from = end;
        }
    }

    fillBytes(code, from, to) {
        this.context.fillStyle = this.brush.pattern(this.context, code);
        this.eachRect(from, to, (x, y, width, height) =>
            this.context.fillRect(x, y, width, height));
    }

    drawUnits() {
        this.codesOf(this.view.area, this.view.page);
        for (const [unit, code] of this.codes.entries())
            this.fillBytes(code, unit * 16, unit * 16 + 16);
    }

    drawRuns(snapshot, page) {
        this.codesOf(this.view.area, this.view.page);
        const rims = [];
        snapshot.eachRun(page, (run, from, to) => {
            this.fillBytes(this.codes[from], from * 16, to * 16);
            if (snapshot.runBlock[run] !== NOTHING)
                rims.push([run, from * 16, to * 16]);
        });
        for (const [run, from, to] of rims)
            this.drawBlock(snapshot, run, from, to);
        this.drawSlots(snapshot, page);
    }

    drawBlock(snapshot, run, from, to) {
        this.rim(from, to);
        const bytes = snapshot.blockSpan[snapshot.runBlock[run]];
        this.label(`${count(bytes)}`, from, to, this.codes[from / 16]);
    }

    // The border of a range that may fill some rows and parts of two others.
    rim(from, to) {
        const { context } = this;
        context.strokeStyle = this.brush.isDark ? "#0b0d10" : "#ffffff";
        context.lineWidth = Math.max(1, Math.round(this.scale * 1.5));
        const row = this.side * 16;
        context.beginPath();
        this.eachRect(from, to, (x, y, width, height) => {
            const first = Math.round((y + this.offset - this.lensTop) /
                this.cell) * row + (x - this.left) * 16 / this.cell;
            const end = first + width * 16 / this.cell;
            const inside = (byte) => byte >= from && byte < to;
            if (first <= from + .01)
                line(context, x, y, x, y + height);
            if (end >= to - .01)
                line(context, x + width, y, x + width, y + height);
            edge(context, x, y, width, first - row, end - row, from, to,
                this.cell, inside);
            edge(context, x, y + height, width, first + row, end + row, from,
                to, this.cell, inside);
        });
        context.stroke();
    }

    label(text, from, to, code) {
        const { context, scale, cell } = this;
        const row = this.side * 16;
        const room = (Math.min(to, from - from % row + row) - from) * cell / 16;
        if (code & FADED || (code & 15) === RELEASED || cell < 16 * scale)
            return;
        context.font = `600 ${Math.min(12 * scale, cell * .45)}px ${FONT}`;
        context.textAlign = "left";
        context.textBaseline = "middle";
        if (context.measureText(text).width + 8 * scale > room)
            return;
        context.fillStyle = this.brush.tints[code & 15][4];
        this.eachRect(from, from + 1, (x, y) =>
            context.fillText(text, x + 5 * scale, y + cell / 2));
    }

    // Slots do not keep to units of 16 bytes: drawn where they really are.
    drawSlots(snapshot, page) {
        const first = snapshot.runHeap[snapshot.runAt(page, 0)];
        const last = snapshot.runHeap[snapshot.runAt(page,
            snapshot.pageUnits - 1)];
        const start = this.layout.address(this.view.area, this.view.page);
        const bytes = snapshot.pageBytes;
        if (snapshot.residence[page] === NO_RESIDENCE)
            return;
        for (let n = Math.max(0, first); n <= last; n++) {
            const heap = snapshot.heapPage[n];
            for (let slot = 0; slot < heap.slots; slot++) {
                const from = heap.address + heap.firstSlot +
                    slot * heap.slotBytes - start;
                const to = from + heap.slotBytes;
                if (to > 0 && from < bytes)
                    this.drawSlot(Math.max(0, from), Math.min(bytes, to),
                        snapshot.hasSlot(n, slot), slot, from >= 0);
            }
        }
    }

    drawSlot(from, to, isLive, slot, isWhole) {
        const code = (isLive ? SLOT_TINT : FREE) |
            (slot & 1 ? SECOND_SHADE : 0) | (this.codes[from >> 4] & FADED);
        this.fillBytes(code, from, to);
        this.rim(from, to);
        if (isLive && isWhole)
            this.label(String(slot), from, to, code);
    }

    // A fine grid of the units, so that sizes can be counted.
    drawLines() {
        const { context, side, cell, left } = this;
        const top = this.lensTop - this.offset;
        context.lineWidth = 1;
        context.strokeStyle = this.brush.isDark ? "rgb(255 255 255 / 12%)" :
            "rgb(0 0 0 / 10%)";
        context.beginPath();
        for (let n = 1; n < side; n++) {
            line(context, left + n * cell + .5, top, left + n * cell + .5,
                top + side * cell);
            line(context, left, top + n * cell + .5, left + side * cell,
                top + n * cell + .5);
        }
        context.stroke();
        context.strokeStyle = this.soft;
        context.lineWidth = Math.max(1, Math.round(this.scale));
        context.strokeRect(left, top, side * cell, side * cell);
    }

    outlineUnit(unit, weight) {
        this.outline(this.left + unit % this.side * this.cell,
            this.lensTop - this.offset +
            Math.floor(unit / this.side) * this.cell, this.cell, this.cell,
            weight);
    }

    // --- where is what -------------------------------------------------------

    // What is at a point of the window, in CSS pixels: area, page and unit; or
    // null.
    at(x, y) {
        x *= this.scale;
        y = y * this.scale + this.offset;
        return this.view.level === "page" ? this.atLens(x, y) :
            this.atGrid(x, y);
    }

    atLens(x, y) {
        const column = Math.floor((x - this.left) / this.cell);
        const row = Math.floor((y - this.lensTop) / this.cell);
        if (column < 0 || row < 0 || column >= this.side || row >= this.side)
            return null;
        return { area: this.view.area, page: this.view.page,
            unit: row * this.side + column };
    }

    atGrid(x, y) {
        const column = Math.floor((x - this.left) / this.step);
        const section = this.sections.findLast((s) => s.grid <= y);
        if (!section || column < 0 || column >= this.columns)
            return null;
        const row = Math.floor((y - section.grid) / this.step);
        const page = row * this.columns + column;
        if (row >= section.rows ||
            page >= this.layout.areas[section.area].pages)
            return null;
        const [dx, dy] = [(x - this.left) % this.step,
            (y - section.grid) % this.step];
        const unit = this.edge < this.side ? NOTHING :
            Math.min(this.side - 1, Math.floor(dy * this.side / this.edge)) *
            this.side + Math.min(this.side - 1,
                Math.floor(dx * this.side / this.edge));
        return { area: section.area, page, unit };
    }

    // The middle of a page, or of a unit of the page on show, in CSS pixels
    // of the window.
    middle(area, page, unit) {
        if (this.view.level === "page")
            return { x: (this.left + (unit % this.side + .5) * this.cell) /
                this.scale,
            y: (this.lensTop - this.offset + (Math.floor(unit / this.side) +
                .5) * this.cell) / this.scale };
        const box = this.boxOf(area, page);
        return { x: (box.x + this.edge / 2) / this.scale,
            y: (box.y - this.offset + this.edge / 2) / this.scale };
    }

    reveal(area, page) {
        const box = this.view.level === "page" ? null :
            this.boxOf(area, page);
        if (!box)
            return;
        const top = (box.y - 40 * this.scale) / this.scale;
        const bottom = (box.y + this.step + 8 * this.scale - this.height) /
            this.scale;
        if (this.window.scrollTop > top)
            this.window.scrollTop = Math.max(0, top);
        if (this.window.scrollTop < bottom)
            this.window.scrollTop = bottom;
    }
}

function line(context, fromX, fromY, toX, toY) {
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
}

// The parts of an upper or lower border behind which the range does not go on.
function edge(context, x, y, width, first, end, from, to, cell, inside) {
    const bytes = 16 / cell;
    let left = x;
    let right = x + width;
    if (inside(first) && inside(end - 1))
        return;
    if (inside(first))
        left = x + (to - first) / bytes;
    else if (inside(end - 1))
        right = x + (from - first) / bytes;
    line(context, left, y, right, y);
}
