# SPDX-License-Identifier: Apache-2.0
hd_fuzz_target(cli_parse
    SOURCES cli_parse.c ${PROJECT_SOURCE_DIR}/cli/parse.c)

find_package(OpenSSL 3 REQUIRED)
hd_fuzz_target(cli_keys
    SOURCES cli_keys.c ${PROJECT_SOURCE_DIR}/cli/pk_parse.c
        ${PROJECT_SOURCE_DIR}/cli/parse.c ${PROJECT_SOURCE_DIR}/lib/base/bytes.c
    LIBS OpenSSL::Crypto)

hd_fuzz_target(cli_address
    SOURCES cli_address.c ${PROJECT_SOURCE_DIR}/ports/linux/address.c)
