# SPDX-License-Identifier: Apache-2.0
# Writes OUT, a C file with every recipe of DIR as bytes.
file(GLOB files ${DIR}/*.yaml)
set(arrays "")
set(rows "")
foreach(file ${files})
    get_filename_component(name ${file} NAME_WE)
    string(MAKE_C_IDENTIFIER ${name} id)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    string(APPEND arrays "static const char ${id}[] = {${bytes}0};\n")
    string(APPEND rows "    {\"${name}\", ${id}, sizeof ${id} - 1},\n")
endforeach()
file(WRITE ${OUT} "/* made from policies/ by embed.cmake */\n"
    "#include \"policy/policy.h\"\n${arrays}"
    "const struct hd_policy_recipe hd_policy_recipes[] = {\n${rows}"
    "    {NULL, NULL, 0},\n};\n")
