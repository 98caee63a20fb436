// layout - the places of pages, which two snapshots have in common.
//
// An area of the layout is an address where one or both snapshots have an area,
// with the pages of the longer one: so equal places are equal addresses, and
// what is in one snapshot only stays empty in the other.

class Layout {
    constructor(snapshots) {
        const areas = new Map();
        for (const [n, snapshot] of snapshots.entries())
            for (const area of snapshot.areas) {
                let both = areas.get(area.startNumber);
                if (!both) {
                    both = { start: area.startNumber, name: area.name,
                        kind: area.kind, pages: 0, parts: [null, null] };
                    areas.set(area.startNumber, both);
                }
                both.parts[n] = area;
                both.pages = Math.max(both.pages, area.pages);
            }
        this.areas = [...areas.values()].sort((a, b) => a.start - b.start);
        this.pageBytes = snapshots[0].pageBytes;
        this.pages = 0;
        for (const area of this.areas) {
            area.first = this.pages; // in the row of all pages of the layout
            this.pages += area.pages;
        }
    }

    // The area that has place `at` of the row of all pages.
    areaAt(at) {
        let [low, high] = [0, this.areas.length - 1];
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (this.areas[middle].first <= at)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }

    address(area, page) {
        return this.areas[area].start + page * this.pageBytes;
    }

    // The place of an address: [area, page], or null.
    find(address) {
        for (const [n, area] of this.areas.entries()) {
            const page = Math.floor((address - area.start) / this.pageBytes);
            if (page >= 0 && page < area.pages)
                return [n, page];
        }
        return null;
    }

    // The number of that page in snapshot n, NOTHING if it is not there.
    pageIn(n, area, page) {
        const part = this.areas[area].parts[n];
        return part && page < part.pages ? part.firstPage + page : NOTHING;
    }
}

// What became of the units between two snapshots.
const CHANGES = ["returned", "freed", "taken", "grown", "same"];
const RETURNED = 0, FREED = 1, TAKEN = 2, GROWN = 3, SAME = 4;

function change(before, after) {
    if (before === after)
        return SAME;
    if (after === RELEASED)
        return RETURNED;
    if (before === RELEASED)
        return GROWN;
    if (before === USED || after === FREE)
        return FREED;
    return TAKEN;
}
