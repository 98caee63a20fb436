// snapshot - one snapshot, as typed arrays.
//
// The pages of all areas stand in a row, and so do their units of 16 bytes.  A
// run is a row of units that are alike: of one state, and of the same block or
// slot.  Nothing here has an element for each unit: those of a page are painted
// when they are drawn.

const STATES = ["used", "free_resident", "released", "cached", "not_ours"];
const USED = 0, FREE = 1, RELEASED = 2, CACHED = 3, NOT_OURS = 4;

// What of the states in one pixel, or in one page, counts most.
const RANK = [4, 1, 0, 2, 3];

const NO_RESIDENCE = 0, SWAPPED = 2;
const NOTHING = -1;
const OBJECTS = -2; // in the place of a call site: live slots of rheap

class Snapshot {
    // `prefix` is that of the elements: "before" or "after".
    static async load(prefix) {
        const element = document.getElementById(prefix);
        if (!element)
            return null;
        const snapshot = new Snapshot(JSON.parse(element.textContent));
        const read = async (name) => new Numbers(await column(prefix, name));
        snapshot.residence = await column(prefix, "residence");
        await snapshot.readRuns(read);
        await snapshot.readBlocks(read);
        await snapshot.readHeapPages(read, prefix);
        snapshot.index();
        return snapshot;
    }

    constructor(facts) {
        Object.assign(this, facts);
        this.unitBytes = 16;
        this.pageUnits = this.pageBytes / this.unitBytes;
        this.side = Math.ceil(Math.sqrt(this.pageUnits));
        for (const area of this.areas) {
            area.startNumber = Number(area.start);
            area.pages = (Number(area.end) - area.startNumber) / this.pageBytes;
        }
    }

    async readRuns(read) {
        const length = await read("run-length");
        const kind = await read("run-kind");
        const block = await read("run-block");
        const heap = await read("run-heap");
        const slot = await read("run-slot");
        const count = this.runs;

        this.runStart = new Float64Array(count + 1);
        this.runState = new Uint8Array(count);
        this.runBlock = new Int32Array(count).fill(NOTHING);
        this.runHeap = new Int32Array(count).fill(NOTHING);
        this.runSlot = new Int16Array(count).fill(NOTHING);
        let [unit, lastBlock, lastHeap, lastSlot] = [0, 0, 0, 0];
        for (let run = 0; run < count; run++) {
            const what = kind.next();
            this.runStart[run] = unit;
            unit += length.next();
            this.runState[run] = what & 7;
            if (what & 8)
                this.runBlock[run] = lastBlock += block.nextSigned();
            if (what & 16) {
                this.runHeap[run] = lastHeap += heap.nextSigned();
                this.runSlot[run] = lastSlot += slot.nextSigned();
            }
        }
        this.runStart[count] = unit;
    }

    async readBlocks(read) {
        const names = ["gap", "span", "before", "spare", "state", "age",
            "thread", "site"];
        const [gap, span, before, spare, state, age, thread, site] =
            await Promise.all(names.map((name) => read(`block-${name}`)));
        const count = this.blocks;
        let end = 0;

        this.blockStart = new Float64Array(count);
        this.blockSpan = new Float64Array(count);
        this.blockSize = new Float64Array(count);
        this.blockBefore = new Uint32Array(count);
        this.blockState = new Uint8Array(count);
        this.blockAge = new Uint32Array(count);
        this.blockThread = new Uint32Array(count);
        this.blockSite = new Uint32Array(count);
        for (let n = 0; n < count; n++) {
            const start = end + gap.nextSigned();
            this.blockStart[n] = start;
            this.blockSpan[n] = span.next();
            this.blockBefore[n] = before.next();
            this.blockSize[n] = this.blockSpan[n] - spare.nextSigned();
            this.blockState[n] = state.next();
            this.blockAge[n] = age.next();
            this.blockThread[n] = thread.next();
            this.blockSite[n] = site.next();
            end = start + this.blockSpan[n];
        }
    }

    async readHeapPages(read, prefix) {
        const numbers = await read("heap-pages");
        this.slotBits = await column(prefix, "heap-bits");
        this.heapPage = [];
        let address = 0;
        while (numbers.more) {
            address += numbers.nextSigned();
            this.heapPage.push({
                address,
                number: numbers.next(),
                bytes: numbers.next(),
                firstSlot: numbers.next(),
                slotBytes: numbers.next(),
                slots: numbers.next(),
                live: numbers.next(),
            });
        }
    }

    // The first run of each page, the states of each page, all totals.
    index() {
        const pages = this.residence.length;
        const zeros = () => new Float64Array(STATES.length);

        this.pageRun = new Uint32Array(pages + 1);
        this.pageState = new Uint8Array(pages).fill(RELEASED);
        this.pageUsed = new Uint16Array(pages); // units
        this.totals = { bytes: zeros(), gray: 0, pages, swapped: 0 };
        let run = 0;
        for (const area of this.areas) {
            area.sums = { bytes: zeros(), gray: 0, pages: area.pages,
                swapped: 0 };
            for (let n = 0; n < area.pages; n++)
                run = this.indexPage(area, area.firstPage + n, run);
            for (const state in area.sums.bytes)
                this.totals.bytes[state] += area.sums.bytes[state];
            this.totals.gray += area.sums.gray;
            this.totals.swapped += area.sums.swapped;
        }
        this.pageRun[pages] = run;
    }

    indexPage(area, page, run) {
        const end = (page + 1) * this.pageUnits;
        let from = page * this.pageUnits;
        let isGray = this.residence[page] !== SWAPPED;
        let best = RELEASED;

        this.pageRun[page] = run;
        while (from < end) {
            const state = this.runState[run];
            const to = Math.min(end, this.runStart[run + 1]);
            area.sums.bytes[state] += (to - from) * this.unitBytes;
            isGray = isGray && state === FREE;
            if (RANK[state] > RANK[best])
                best = state;
            if (state === USED)
                this.pageUsed[page] += to - from;
            if (to === this.runStart[run + 1])
                run++;
            from = to;
        }
        this.pageState[page] = best;
        area.sums.gray += isGray;
        if (this.residence[page] === SWAPPED)
            area.sums.swapped += this.pageBytes;
        return run;
    }

    isGray(page) {
        return this.pageState[page] === FREE &&
            this.residence[page] !== SWAPPED;
    }

    // What one page holds, in the form of totals.
    sumsOfPage(page) {
        const bytes = new Float64Array(STATES.length);
        this.eachRun(page, (run, from, to) => {
            bytes[this.runState[run]] += (to - from) * this.unitBytes;
        });
        return { bytes, pages: 1, gray: this.isGray(page) ? 1 : 0,
            swapped: this.residence[page] === SWAPPED ? this.pageBytes : 0 };
    }

    // visit(run, from, to): units of the page, counted from its first.
    eachRun(page, visit) {
        const first = page * this.pageUnits;
        const end = first + this.pageUnits;
        for (let run = this.pageRun[page]; run < this.runs &&
             this.runStart[run] < end; run++)
            visit(run, Math.max(this.runStart[run], first) - first,
                Math.min(this.runStart[run + 1], end) - first);
    }

    runAt(page, unit) {
        const at = page * this.pageUnits + unit;
        let run = this.pageRun[page];
        while (this.runStart[run + 1] <= at)
            run++;
        return run;
    }

    hasSlot(heapPage, slot) {
        return this.slotBits[heapPage * 64 + (slot >> 3)] >> (slot & 7) & 1;
    }

    siteName(site) {
        if (site === OBJECTS)
            return "objects on heap pages of rheap";
        return this.sites[site] || "not known";
    }

    // Whose the units of a run are; NOTHING: they are not used.
    siteOf(run) {
        if (this.runState[run] !== USED)
            return NOTHING;
        if (this.runBlock[run] !== NOTHING)
            return this.blockSite[this.runBlock[run]];
        return this.runHeap[run] === NOTHING ? NOTHING : OBJECTS;
    }

    // How call sites use the pages first to end - 1: blocks, bytes, and the
    // sparse pages that they have a block on; those with most bytes first.
    sitesOf(first, end) {
        const sites = new Map();
        const limit = this.pageUnits / 4;
        let lastWhat = NOTHING;

        for (let page = first; page < end; page++) {
            const used = this.pageUsed[page];
            if (!used)
                continue;
            this.eachRun(page, (run, from, to) => {
                const site = this.siteOf(run);
                if (site === NOTHING)
                    return;
                let sum = sites.get(site);
                if (!sum) {
                    sum = { site, blocks: 0, bytes: 0, sparse: 0, last: -1 };
                    sites.set(site, sum);
                }
                sum.bytes += (to - from) * this.unitBytes;
                const what = site === OBJECTS ? this.runSlot[run] :
                    this.runBlock[run];
                sum.blocks += what !== lastWhat;
                lastWhat = what;
                if (used <= limit && sum.last !== page)
                    sum.sparse++;
                sum.last = page;
            });
        }
        return [...sites.values()].sort((a, b) => b.bytes - a.bytes);
    }
}
