// text - words and numbers as people read them.

const STATE_NAMES = ["used", "free, not given back", "given back", "cached",
    "not ours"];
const STATE_NOTES = [
    "blocks that the program has, objects of rheap",
    "memory with nothing in it",
    "no memory behind it, or never touched",
    "what an allocator keeps for itself: caches, tables, headers",
    "in use by somebody else, or not known",
];
const CHANGE_NAMES = ["given back", "freed", "taken into use", "newly resident",
    "as before"];
const CHANGE_NOTES = [
    "had memory, has none any more",
    "was used, is free",
    "was free, is used or cached",
    "had no memory, has some now",
    "drawn pale",
];

function count(number) {
    return number.toLocaleString("en-US");
}

function counted(number, word) {
    return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

function size(bytes) {
    const units = ["B", "KB", "MB", "GB", "TB"];
    let unit = 0;
    while (bytes >= 1024 && unit + 1 < units.length) {
        bytes /= 1024;
        unit++;
    }
    return `${unit ? bytes.toFixed(1) : bytes} ${units[unit]}`;
}

function share(part, whole) {
    return `${(whole ? part * 100 / whole : 0).toFixed(1)}%`;
}

function address(number) {
    return `0x${number.toString(16)}`;
}

function duration(ms) {
    if (ms < 1000)
        return `${ms} ms`;
    if (ms < 120000)
        return `${(ms / 1000).toFixed(1)} s`;
    if (ms < 7200000)
        return `${(ms / 60000).toFixed(1)} min`;
    return `${(ms / 3600000).toFixed(1)} h`;
}

// What is at a unit of a page: pairs of a word and its value, for the details;
// the first has no word.
function describe(snapshot, page, unit) {
    const run = snapshot.runAt(page, unit);
    const block = snapshot.runBlock[run];
    const heap = snapshot.runHeap[run];
    if (heap !== NOTHING)
        return describeSlot(snapshot, run);
    if (block !== NOTHING && snapshot.runState[run] !== RELEASED)
        return describeBlock(snapshot, block, snapshot.runState[run]);
    if (block !== NOTHING)
        return [["", "A block without memory: its page was never touched"],
            ...describeBlock(snapshot, block, USED).slice(1)];
    return describeRest(snapshot, page, run);
}

function describeBlock(snapshot, block, state) {
    const span = snapshot.blockSpan[block];
    const start = snapshot.blockStart[block];
    const name = { [USED]: "Used", [FREE]: "Free", [CACHED]: "Cached",
        [NOT_OURS]: "Somebody else's" }[state];
    const facts = [
        ["", `${name} block of ${count(snapshot.blockSize[block])} bytes`],
        ["address", address(start + snapshot.blockBefore[block])],
        ["takes", `${count(span)} bytes from ${address(start)} on`],
        ["age", duration(snapshot.blockAge[block])],
        ["call site", snapshot.siteName(snapshot.blockSite[block])],
    ];
    if (snapshot.blockThread[block])
        facts.push(["thread", snapshot.blockThread[block]]);
    return facts;
}

// Where a slot really is, which need not begin where a unit does; or null.
function slotPlace(snapshot, run) {
    const slot = snapshot.runSlot[run];
    if (slot === NOTHING)
        return null;
    const heap = snapshot.heapPage[snapshot.runHeap[run]];
    return { address: heap.address + heap.firstSlot + slot * heap.slotBytes,
        bytes: heap.slotBytes };
}

function describeSlot(snapshot, run) {
    const heap = snapshot.heapPage[snapshot.runHeap[run]];
    const slot = snapshot.runSlot[run];
    const facts = [
        ["heap page", `${count(heap.number)} of rheap, at ` +
            address(heap.address)],
        ["live", `${heap.live} of ${heap.slots} slots`],
    ];
    if (slot === NOTHING)
        return [["", "Beside the slots of a heap page"], ...facts];
    const is = snapshot.hasSlot(snapshot.runHeap[run], slot) ?
        "Live" : "Free";
    return [["", `${is} slot ${slot} of rheap, ${heap.slotBytes} bytes`],
        ["address", address(slotPlace(snapshot, run).address)],
        ...facts];
}

function describeRest(snapshot, page, run) {
    const state = snapshot.runState[run];
    const bytes = (snapshot.runStart[run + 1] - snapshot.runStart[run]) *
        snapshot.unitBytes;
    const name = STATE_NAMES[state];
    return [["", name[0].toUpperCase() + name.slice(1)],
        ["together", `${size(bytes)} without a break`],
        ["that is", STATE_NOTES[state]]];
}

function describePage(snapshot, page, start) {
    const sums = snapshot.sumsOfPage(page);
    const parts = STATES.map((_, state) => state)
        .filter((state) => sums.bytes[state])
        .map((state) => `${count(sums.bytes[state])} bytes ` +
            STATE_NAMES[state]);
    const facts = [["page", address(start)], ["holds", parts.join(", ")]];
    if (snapshot.residence[page] === SWAPPED)
        facts.push(["swapped", "its contents are in swap space"]);
    if (sums.gray)
        facts.push(["gray", "nothing used in it, and not given back"]);
    return facts;
}
