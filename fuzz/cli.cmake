# SPDX-License-Identifier: Apache-2.0
hd_fuzz_target(cli_parse
    SOURCES cli_parse.c ${PROJECT_SOURCE_DIR}/cli/parse.c)
