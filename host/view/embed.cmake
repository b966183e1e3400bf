# SPDX-License-Identifier: Apache-2.0
# Writes OUT, a C file with the bytes of the style sheet IN.
file(READ ${IN} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR len "${digits} / 2")
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "/* made from page.css by embed.cmake */\n"
    "#include \"view/inner.h\"\n"
    "const char hd_page_css[] = {${bytes}0};\n"
    "const size_t hd_page_css_len = ${len};\n")
