// decode - from the text of the page back to numbers.
//
// A column of numbers is an element of its own: base64 of raw deflate of
// unsigned numbers, seven bits to a byte, the low ones first, the high bit set
// in all bytes but the last (LEB128).

async function inflate(text) {
    const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream()
        .pipeThrough(new DecompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function column(prefix, name) {
    const element = document.getElementById(`${prefix}-${name}`);
    const bytes = await inflate(element.textContent.trim());
    element.remove(); // its text is as large as all that was in it
    return bytes;
}

class Numbers {
    constructor(bytes) {
        this.bytes = bytes;
        this.at = 0;
    }

    get more() {
        return this.at < this.bytes.length;
    }

    next() {
        let number = 0;
        let scale = 1;
        for (;;) {
            const byte = this.bytes[this.at++];
            if (byte === undefined)
                throw new Error("the data of this page are cut short");
            number += (byte & 127) * scale;
            if (byte < 128)
                return number;
            scale *= 128;
        }
    }

    // Negative numbers: 0, -1, 1, -2, 2 ... are written as 0, 1, 2, 3, 4.
    nextSigned() {
        const number = this.next();
        return number % 2 ? -(number + 1) / 2 : number / 2;
    }
}
