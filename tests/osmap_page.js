// What tests/osmap_page.sh appends to a copy of the page: uses it as a reader
// would, through keys, clicks and what stands on the screen, and writes down
// what came of it.  `wanted` is set by the script in front of this.
"use strict";
(async () => {
const lines = [];
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const all = (selector) => [...document.querySelectorAll(selector)];
const one = (selector) => document.querySelector(selector);
const text = (selector) => one(selector).textContent.replace(/\s+/g, " ");

function check(name, is, note = "") {
    lines.push(`${is ? "ok" : "not ok"} ${name}${is ? "" : ` (${note})`}`);
}

function equal(name, is, should) {
    check(name, String(is) === String(should), `${is}, not ${should}`);
}

window.addEventListener("error", (event) =>
    check("no error", false, event.message));
window.addEventListener("unhandledrejection", (event) =>
    check("no error", false, event.reason));
document.addEventListener("securitypolicyviolation", (event) =>
    check("nothing is loaded", false, event.blockedURI));

async function key(name, target = document.activeElement || document.body) {
    target.dispatchEvent(new KeyboardEvent("keydown",
        { key: name, bubbles: true, cancelable: true }));
    await wait(60);
}

function canvas() {
    return one(".window canvas");
}

function at(type, x, y) {
    const box = canvas().getBoundingClientRect();
    canvas().dispatchEvent(new PointerEvent(type, { clientX: Math.ceil(box.left + x),
        clientY: Math.ceil(box.top + y), bubbles: true }));
}

function tipAt(x, y) {
    at("pointermove", x, y);
    return one("#tip").hidden ? "" : one("#tip").textContent;
}

// The first point of the map whose tip has such a text.
function find(pattern) {
    const box = canvas().getBoundingClientRect();
    for (let y = 3; y < box.height; y += 5)
        for (let x = 3; x < box.width; x += 5)
            if (pattern.test(tipAt(x, y)))
                return { x, y, tip: tipAt(x, y) };
    return null;
}

function legend() {
    const bytes = {};
    for (const row of all("#legend tr[data-state]"))
        bytes[row.dataset.state] = Number(row.dataset.bytes);
    return bytes;
}

function crumb() {
    return text("#crumbs [aria-current]");
}

function button(name) {
    return all("button").find((b) => b.textContent.trim() === name);
}

async function click(name) {
    button(name).click();
    await wait(80);
}

// --- what is written ---------------------------------------------------------

function checkTotals(name, totals) {
    const is = legend();
    for (const state of ["used", "free_resident", "released", "cached",
        "not_ours"])
        equal(`${name}: ${state}`, is[state], totals[state]);
    equal(`${name}: gray pages`, one("#legend-note").dataset.gray,
        totals.gray);
}

// Rounding to KB leaves the largest part what the others have not.
function checkJson({ total }) {
    const is = legend();
    const names = ["used", "free_resident", "released", "cached", "not_ours"];
    for (const state of names)
        check(`JSON: ${state}`, Math.abs(is[state] / 1024 -
            total[`${state}_kb`]) <= 2, `${is[state]} bytes, ` +
            `${total[`${state}_kb`]} KB`);
    equal("JSON: all of it", names.reduce((sum, state) => sum + is[state], 0) /
        1024, total.virtual_kb);
    equal("JSON: gray pages", one("#legend-note").dataset.gray,
        total.gray_pages);
    check("JSON: it has blocks", total.blocks > 100, total.blocks);
}

// Columns of the list of areas are right in sum, too.
function checkTable() {
    const rows = all("#list tbody tr");
    check("the list has areas", rows.length > 1, rows.length);
    const gray = rows.map((row) => Number(row.lastElementChild.textContent
        .replace(/,/g, "")));
    equal("gray pages of areas add up", gray.slice(0, -1)
        .reduce((sum, n) => sum + n, 0), gray.at(-1));
}

// --- colours -----------------------------------------------------------------

function linear(part) {
    part /= 255;
    return part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4;
}

// The mean light of a swatch: red, green, blue.
function light(state) {
    const swatch = one(`#legend tr[data-state=${state}] canvas`);
    const { data } = swatch.getContext("2d").getImageData(2, 2,
        swatch.width - 4, swatch.height - 4);
    const sum = [0, 0, 0];
    for (let n = 0; n < data.length; n++)
        if (n % 4 < 3)
            sum[n % 4] += linear(data[n]);
    return sum.map((part) => part / (data.length / 4));
}

// What those see who lack the green cones (Machado, Oliveira, Fernandes 2009).
function deuteranope([r, g, b]) {
    return [.367322 * r + .860646 * g - .227968 * b,
        .280085 * r + .672501 * g + .047413 * b,
        -.011820 * r + .042940 * g + .968881 * b];
}

function contrast(one, other) {
    const luminance = ([r, g, b]) => .2126 * r + .7152 * g + .0722 * b;
    const [low, high] = [luminance(one), luminance(other)]
        .sort((a, b) => a - b);
    return (high + .05) / (low + .05);
}

function checkColors() {
    for (const [a, b, least] of [["used", "free_resident", 2.9],
        ["used", "released", 4.5], ["used", "cached", 3],
        ["used", "not_ours", 3], ["free_resident", "released", 1.5]])
        for (const [eye, see] of [["all", (x) => x],
            ["deuteranopes", deuteranope]]) {
            const ratio = contrast(see(light(a)), see(light(b)));
            check(`${a} and ${b} differ for ${eye}`,
                ratio >= (eye === "all" ? least : least * .85),
                ratio.toFixed(2));
        }
}

// --- what is done ------------------------------------------------------------

async function checkKeys() {
    equal("the map has the focus", document.activeElement === canvas(), true);
    const first = text("#details dl");
    await key("ArrowRight");
    check("right moves", text("#details dl") !== first);
    await key("ArrowLeft");
    equal("left moves back", text("#details dl"), first);
    await key("End");
    const last = text("#details dl");
    await key("ArrowRight");
    equal("the end is the end", text("#details dl"), last);
    await key("Home");
    await key("ArrowDown");
    check("down goes to another row", text("#details dl") !== first);
    await key("Home");
    await key("Enter");
    check("Enter goes into the area", /^#area-/.test(location.hash) &&
        all("#crumbs li").length === 2, location.hash);
    await key("Enter");
    check("Enter goes into the page", /^#page-/.test(location.hash) &&
        /^page 0x/.test(crumb()), crumb());
    await key("ArrowRight");
    await key("ArrowDown");
    check("arrows move by units", location.hash.endsWith("110") ||
        /^#page-[0-9a-f]+110/.test(location.hash), location.hash);
    check("the page is listed", all("#list tbody tr").length > 0);
    await key("Escape");
    check("Escape goes out", /^#area-/.test(location.hash), location.hash);
    await key("Escape");
    equal("Escape goes out again", crumb(), "All areas");
    await key("?");
    check("? is help", one("#help-dialog").open);
    one("#help-dialog").close();
    const tall = one(".window .tall").style.height;
    await key("+", canvas());
    check("+ makes pages larger", parseFloat(one(".window .tall").style
        .height) >= parseFloat(tall));
    await key("-", canvas());
    equal("- makes them smaller", one(".window .tall").style.height, tall);
    check("every control can be reached", all("button, input").every((b) =>
        b.tabIndex >= 0));
}

async function checkMouse() {
    await key("End", canvas());
    const block = find(/Used block of [\d,]+ bytes/);
    check("hovering a block shows it", block, "no block was found");
    if (!block)
        return;
    for (const word of ["address: 0x", "age: ", "call site: "])
        check(`and its ${word}`, block.tip.includes(word), block.tip);
    const before = location.hash;
    at("click", block.x, block.y);
    await wait(60);
    check("a click selects", location.hash !== before, location.hash);
    at("click", block.x, block.y);
    await wait(60);
    check("a second one goes in", /^#area-/.test(location.hash),
        location.hash);
    await click("All areas");
    equal("and the way back out", crumb(), "All areas");
    const row = one("#list tbody button");
    row.click();
    await wait(60);
    equal("the list opens an area", crumb(), row.textContent);
    await click("All areas");
}

async function checkGray() {
    await key("g", canvas());
    check("g goes to a gray page", text("#details dl")
        .includes("nothing used in it"), text("#details dl"));
    await key("G", canvas());
    check("G, too", text("#details dl").includes("nothing used in it"));
    const gray = find(/gray: nothing used in it/);
    const { data } = canvas().getContext("2d").getImageData(
        gray.x * devicePixelRatio, gray.y * devicePixelRatio, 1, 1);
    check("gray is painted gray", data[0] === data[1] && data[1] === data[2] ||
        Math.abs(data[0] - data[2]) < 32, data.join());
    await key("Home", canvas());
}

async function checkWanted() {
    const site = one("#sites tbody button");
    site.click();
    await wait(60);
    check("a call site can be chosen", one("#sites [aria-pressed=true]"));
    await key("Escape", canvas());
    check("and let go", !one("#sites [aria-pressed=true]"));
    await click("used");
    check("a state can be chosen", one("#legend [aria-pressed=true]"));
    await key("Escape", canvas());
}

async function checkAddress() {
    button("Address").click();
    check("the address is asked for", one("#go-dialog").open);
    one("#go-address").value = "0x1";
    button("Go").click();
    await wait(60);
    check("one without memory is refused", one("#go-dialog").open &&
        text("#go-error").includes("0x1"), text("#go-error"));
    one("#go-address").value = wanted.address;
    button("Go").click();
    await wait(60);
    check("and any other shown", !one("#go-dialog").open &&
        /^#page-/.test(location.hash), location.hash);
    await click("All areas");
}

async function checkCompare() {
    equal("two maps", all(".pane").length, 2);
    checkTotals("after", wanted.after);
    await click("Changes");
    equal("one map of changes", all(".pane").length, 1);
    const sum = Object.values(legend()).reduce((a, b) => a + b, 0);
    const whole = ["used", "free_resident", "released", "cached", "not_ours"]
        .reduce((a, state) => a + wanted.after[state], 0);
    equal("changes are of all bytes", sum, whole);
    equal("what was given back", legend().returned, wanted.after.released -
        wanted.before.released);
    await click("Blink");
    const seen = new Set();
    for (let n = 0; n < 20; n++) {
        seen.add(text(".pane h2"));
        if (text(".pane h2") === "Before")
            checkTotals("before", wanted.before);
        await wait(200);
    }
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    equal(isStill ? "nothing blinks" : "it blinks", seen.size,
        isStill ? 1 : 2);
    await key("b", canvas());
    const name = text(".pane h2");
    if (isStill)
        check("but b changes over", !seen.has(name), name);
    await key("c", canvas());
    equal("c compares in another way", text(".pane h2"),
        "From before to after");
    await click("Side by side");
    const [left, right] = all(".pane canvas");
    equal("both maps are as wide", left.width, right.width);
}

async function run() {
    for (let n = 0; n < 600 && !document.documentElement.dataset.ready; n++)
        await wait(50);
    check("the page is ready", document.documentElement.dataset.ready,
        text("#headline"));
    if (wanted.title)
        equal("its title", document.title, `Memory of ${wanted.title}`);
    if (wanted.before)
        await checkCompare();
    else if (wanted.json)
        checkJson(wanted.json);
    else if (!wanted.crumb)
        checkTotals("all", wanted.after);
    checkTable();
    if (wanted.isThorough) {
        checkColors();
        await checkKeys();
        await checkMouse();
        await checkGray();
        await checkWanted();
        await checkAddress();
    }
    if (wanted.crumb)
        equal("the address of the view is recalled", crumb(), wanted.crumb);
    equal("nothing was loaded", performance.getEntriesByType("resource")
        .length, 0);
    check("few elements", all("*").length < 2500, all("*").length);
}

try {
    await run();
} catch (error) {
    check("the test itself", false, error.stack);
}
const result = document.createElement("pre");
result.id = "result";
result.textContent = `\n${lines.join("\n")}\nend\n`;
document.body.append(result);
})();
