# Sourced by tests: dumps that are wrong, each in one way.
#
# bad_dumps DIR: write them there, and DIR/list with a line for each:
#     NAME LINE SKIP CAUSE
# LINE is where the fault is (0: the file as a whole), SKIP whether
# --skip-bad-lines gets past it (yes or no), CAUSE a part of the message.

# A page that begins at a multiple of 16384 and of 40, so that its first slot
# is 40 bytes in: 0x140000028.
string='"type":"STRING", "embedded":true, "bytesize":1, "value":"x"'
good_lines() {
    printf '{"type":"ROOT", "root":"vm", "references":["0x140000028"]}\n'
    printf '{"address":"0x140000028", "type":"ARRAY", "length":1, '
    printf '"references":["0x140000050"], "memsize":40}\n'
    printf '{"address":"0x140000050", %s, "memsize":40}\n' "$string"
}

# bad NAME LINE SKIP CAUSE: standard input goes behind the good lines.
bad() {
    { good_lines; cat; } >"$dir/$1"
    printf '%s\n' "$1 $2 $3 $4" >>"$dir/list"
}

# alone NAME LINE SKIP CAUSE: standard input is the file.
alone() {
    cat >"$dir/$1"
    printf '%s\n' "$1 $2 $3 $4" >>"$dir/list"
}

# line NAME CAUSE TEXT: a fourth line that is wrong.
line() {
    printf '%s\n' "$3" | bad "$1" 4 yes "$2"
}

bad_lines() {
    line no-json 'not JSON' 'hello'
    line array 'not a JSON object' '[1, 2]'
    line number 'not a JSON object' '12'
    line two 'trailing garbage' "{$string} {$string}"
    line no-type 'no "type"' '{"address":"0x140000078"}'
    line no-address 'no "address"' "{$string}"
    line no-root 'no "root"' '{"type":"ROOT", "references":[]}'
    line type 'no type that Ruby ever had' \
        '{"address":"0x140000078", "type":"BANANA"}'
    line type-number 'must be a type' '{"address":"0x140000078", "type":5}'
    line key-twice 'stands twice' \
        "{\"address\":\"0x140000078\", \"address\":\"0x1400000a0\", $string}"
    line address-word 'bad address "140000078"' \
        "{\"address\":\"140000078\", $string}"
    line address-number 'must be an address' "{\"address\":5, $string}"
    line address-long 'bad address' \
        "{\"address\":\"0x11111111111111111\", $string}"
    line address-odd 'not a multiple of 8' \
        "{\"address\":\"0x14000007b\", $string}"
    line twin 'is on line 2 already' "{\"address\":\"0x140000028\", $string}"
    line twin-free 'is on line 3 already' \
        '{"address":"0x140000050", "type":"NONE"}'
    line reference-word 'bad address "0xhello"' \
        "{\"address\":\"0x140000078\", $string, \"references\":[\"0xhello\"]}"
    line references-text 'must be an array of addresses' \
        "{\"address\":\"0x140000078\", $string, \"references\":\"0x140000028\"}"
    line references-deep 'must be an array of addresses' \
        "{\"address\":\"0x140000078\", $string, \"references\":[[]]}"
    line references-null 'must be an array of addresses' \
        "{\"address\":\"0x140000078\", $string, \"references\":[null]}"
    line memsize-minus 'must be a whole number' \
        "{\"address\":\"0x140000078\", $string, \"memsize\":-40}"
    line memsize-part 'must be a whole number' \
        "{\"address\":\"0x140000078\", $string, \"memsize\":40.5}"
    line memsize-text 'must be a whole number' \
        "{\"address\":\"0x140000078\", $string, \"memsize\":\"40\"}"
    line memsize-huge 'must be a whole number' \
        "{\"address\":\"0x140000078\", $string, \"memsize\":99999999999999999999}"
    line memsize-impossible 'impossible "memsize"' \
        "{\"address\":\"0x140000078\", $string, \"memsize\":999999999999999}"
    line frozen-number 'must be true or false' \
        "{\"address\":\"0x140000078\", $string, \"frozen\":1}"
    line slot-size 'impossible "slot_size"' \
        "{\"address\":\"0x140000078\", $string, \"slot_size\":41}"
    line x-page 'belong together' \
        "{\"address\":\"0x140000078\", $string, \"x_page\":1}"
    line x-late 'earlier lines do not have' \
        "{\"address\":\"0x140000078\", $string, \"x_page\":1, \"x_slot\":1}"
    line path 'Ruby does not escape "file"' \
        "{\"address\":\"0x140000078\", $string, \"file\":\"/a\"b.rb\", \"line\":1}"
    printf '{"address":"0x140000078", %s, "method":"na\\u00ff\0\0"}\n' \
        "$string" | bad method 4 yes 'method name that is not ASCII'
    printf '{"address":"0x140000078", "type":"STR' |
        bad cut 4 yes 'the line breaks off'
    printf '{"address":"0x140000078",\n"type":"STRING"}\n' |
        bad cut-in-two 4 yes 'the line breaks off'
    awk 'BEGIN {
        printf "{\"address\":\"0x140000078\", \"x\":"
        for (i = 0; i < 200000; i++) printf "["
        print
    }' | bad deep 4 yes 'nested more than'
    awk 'BEGIN {
        printf "{\"address\":\"0x140000078\", \"type\":\"STRING\", \"x\":"
        for (i = 0; i < 200000; i++) printf "{\"a\":"
        printf "1"
        for (i = 0; i < 200000; i++) printf "}"
        print "}"
    }' | bad deep-closed 4 yes 'nested more than'
}

# Wrong for the heap, not for the reader.
bad_heaps() {
    printf '{"address":"0x140000070", %s}\n' "$string" |
        bad between-slots 4 yes 'not a multiple of 40'
    printf '{"address":"0x140010000", %s}\n' "$string" |
        bad in-header 4 yes 'inside the header'
    printf '{"address":"0x140003fe8", %s}\n' "$string" |
        bad over-the-end 4 yes 'into the next page'
    printf '{"address":"0x140000078", %s, "references":["0x1400000a0"]}\n' \
        "$string" | bad dangling 4 yes 'refers to 0x1400000a0'
    printf '{"type":"ROOT", "root":"vm", "references":["0x1400000a0"]}\n' |
        bad dangling-root 4 yes 'refers to 0x1400000a0'
    printf '{"address":"0x140000078", %s, "memsize":100000000000000}\n' \
        "$string" | bad enormous 0 no 'more than this machine has'
    {
        printf '{"address":"0x28", %s, "x_page":0, "x_slot":7}\n' "$string"
        printf '{"address":"0x50", %s, "x_page":0, "x_slot":7}\n' "$string"
    } | alone same-place 2 yes 'the same "x_page" and "x_slot"'
    {
        printf '{"address":"0x28", %s, "x_page":0, "x_slot":408}\n' "$string"
        printf '{"address":"0x50", %s, "x_page":0, "x_slot":7}\n' "$string"
    } | alone no-slot 1 yes 'impossible "x_slot"'
}

bad_files() {
    : | alone empty 0 no 'is empty'
    printf '\n\n\n' | alone blank 0 no 'no object in it'
    printf '{"type":"ROOT", "root":"vm", "references":[]}\n' |
        alone only-roots 0 no 'no object in it'
    good_lines | gzip -c | head -c 60 | alone cut-gzip 1 no 'gzip data breaks off'
    good_lines | gzip -c >"$dir/whole"
    { head -c $(($(wc -c <"$dir/whole") - 8)) "$dir/whole"; printf wrongsum; } |
        alone damaged-gzip 1 no 'gzip data is damaged'
    rm "$dir/whole"
    # Noise from a fixed seed; the first line is no JSON.
    awk 'BEGIN {
        srand(7)
        printf "?"
        for (i = 0; i < 60000; i++) printf "%c", 1 + int(rand() * 127)
    }' | alone noise 1 no 'not JSON'
    mkdir "$dir/directory"
    printf '%s\n' 'directory 0 no is a directory' >>"$dir/list"
    printf '%s\n' 'nowhere 0 no No such file' >>"$dir/list"
}

bad_dumps() {
    dir=$1
    : >"$dir/list"
    bad_lines
    bad_heaps
    bad_files
}
