# SPDX-License-Identifier: Apache-2.0
hd_fuzz_target(tls_uri
    SOURCES tls_uri.c ${PROJECT_SOURCE_DIR}/tls/openssl/uri.c
    INCLUDES ${PROJECT_SOURCE_DIR}/tls/openssl)
