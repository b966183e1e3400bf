# SPDX-License-Identifier: Apache-2.0
find_package(OpenSSL 3.0 REQUIRED)
file(GLOB driver_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/base/*.c
    ${PROJECT_SOURCE_DIR}/lib/chip/*.c)
hd_fuzz_target(driver_calls SOURCES driver_calls.c ${driver_sources}
    ${PROJECT_SOURCE_DIR}/lib/crypto/openssl.c
    LIBS OpenSSL::Crypto)
