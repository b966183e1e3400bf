# SPDX-License-Identifier: Apache-2.0
find_package(OpenSSL 3.0 REQUIRED)
file(GLOB door_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/vchip/*.c
    ${PROJECT_SOURCE_DIR}/vchip/cmd/*.c)
foreach(name file handle listen server vfile)
    list(APPEND door_sources ${PROJECT_SOURCE_DIR}/vchip/door/${name}.c)
endforeach()
hd_fuzz_target(door_frames SOURCES door_frames.c ${door_sources}
    ${PROJECT_SOURCE_DIR}/lib/base/bytes.c
    LIBS OpenSSL::Crypto
    INCLUDES ${PROJECT_SOURCE_DIR}/vchip ${PROJECT_SOURCE_DIR}/vchip/door)
