// SPDX-License-Identifier: MIT
#include "config.h"

#include "svg.h"

#include <string.h>

// "absent" to "full": pages by live share.  "s0" to "s6": slots by kind.
static const char style_sheet[] =
    "<style>\n"
    "text{font:12px sans-serif;fill:#1a1a1a}\n"
    ".title{font-size:16px;font-weight:bold}\n"
    ".small{font-size:10px}\n"
    ".number{font-size:10px;text-anchor:end}\n"
    ".letter{font:9px monospace;text-anchor:middle;fill:#fff}\n"
    "rect{stroke:#767676;stroke-width:.5}\n"
    ".absent{fill:#fff}.empty{fill:url(#hatch)}\n"
    ".quarter{fill:#f6d8ce}.half{fill:#e9a590}.three{fill:#d86b5c}\n"
    ".most{fill:#b2182b}.full{fill:#67001f}.ours{fill:#2166ac}\n"
    ".head{fill:#ffffbf}.free{fill:url(#hatch)}\n"
    ".s0{fill:#b2182b}.s1{fill:#2166ac}.s2{fill:#1b7837}.s3{fill:#762a83}\n"
    ".s4{fill:#8c510a}.s5{fill:#4d4d4d}\n"
    ".border{stroke:#000;stroke-width:2;stroke-dasharray:6 3}\n"
    ".path{fill:none;stroke:#000;stroke-width:1.2;"
    "marker-mid:url(#arrow);marker-end:url(#arrow)}\n"
    ".mark{fill:#fff;stroke:none}\n"
    ".axis{fill:none;stroke:#bdbdbd;stroke-width:.5}\n"
    ".curve{fill:none;stroke-width:2}\n"
    ".c0{stroke:#b2182b}.c1{stroke:#2166ac}.c2{stroke:#1b7837}"
    ".c3{stroke:#762a83}.c4{stroke:#8c510a}.c5{stroke:#4d4d4d}\n"
    "</style>\n"
    "<defs>\n"
    "<pattern id=\"hatch\" width=\"4\" height=\"4\" "
    "patternUnits=\"userSpaceOnUse\">"
    "<path d=\"M0 0h4v4h-4z\" fill=\"#dedede\"/>"
    "<path d=\"M0 4L4 0\" stroke=\"#bdbdbd\"/></pattern>\n"
    "<marker id=\"arrow\" viewBox=\"0 0 6 6\" refX=\"5\" refY=\"3\" "
    "markerWidth=\"5\" markerHeight=\"5\" orient=\"auto\">"
    "<path d=\"M0 0L6 3L0 6z\"/></marker>\n"
    "</defs>\n";

void
svg_escape(struct output *output, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte == '<')
            output_print(output, "&lt;");
        else if (byte == '>')
            output_print(output, "&gt;");
        else if (byte == '&')
            output_print(output, "&amp;");
        else if (byte >= ' ' && byte < 127)
            output_write(output, text, 1);
        else
            output_print(output, "?");
    }
}

void
svg_begin(struct output *output, int width, int height, const char *title,
          const char *summary)
{
    output_print(output,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
                 "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
                 "aria-labelledby=\"t d\">\n",
                 width, height, width, height);
    output_print(output, "<title id=\"t\">");
    svg_escape(output, title);
    output_print(output, "</title>\n<desc id=\"d\">");
    svg_escape(output, summary);
    output_print(output, "</desc>\n");
    output_write(output, style_sheet, strlen(style_sheet));
    output_print(output, "<path d=\"M0 0h%dv%dh-%dz\" fill=\"#fff\"/>\n", width,
                 height, width);
}

void
svg_end(struct output *output)
{
    output_print(output, "</svg>\n");
}

void
svg_box(struct output *output, double x, double y, double width, double height,
        const char *style)
{
    output_print(output,
                 "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" "
                 "class=\"%s\"/>\n",
                 x, y, width, height, style);
}

void
svg_text(struct output *output, double x, double y, const char *style,
         const char *text)
{
    output_print(output, "<text x=\"%g\" y=\"%g\" class=\"%s\">", x, y, style);
    svg_escape(output, text);
    output_print(output, "</text>\n");
}
