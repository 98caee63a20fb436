# From page.html to page_text.c: "@include FILE" is replaced by the lines of
# FILE, which lies beside it; "@data" is where the data will stand.
# Usage: awk -f embed.awk DIRECTORY/page.html

function put(line) {
    gsub(/\\/, "&&", line)
    gsub(/["?]/, "\\\\&", line) # a question mark: no trigraphs
    printf "    \"%s\\n\",\n", line
}

function include(name,    line, status) {
    while ((status = (getline line < name)) > 0)
        put(line)
    if (status < 0) {
        printf "%s: cannot be read\n", name | "cat >&2"
        failed = 1
        exit 1
    }
    close(name)
}

function begin(name) {
    printf "\nconst char *const osmap_page_%s[] = {\n", name
}

FNR == 1 {
    directory = FILENAME
    sub(/[^\/]*$/, "", directory)
    print "// Made by embed.awk; what you want to change is in page.html."
    print "// clang-format off"
    print "#include \"config.h\"\n\n#include \"osmap/page_text.h\"\n"
    print "#include <stddef.h>"
    begin("head")
}

$1 == "@include" {
    include(directory $2)
    next
}

$1 == "@data" {
    print "    NULL,\n};"
    begin("tail")
    next
}

{
    put($0)
}

END {
    if (!failed)
        print "    NULL,\n};"
}
