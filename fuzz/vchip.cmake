# SPDX-License-Identifier: Apache-2.0
find_package(OpenSSL 3.0 REQUIRED)
file(GLOB vchip_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/vchip/*.c
    ${PROJECT_SOURCE_DIR}/vchip/cmd/*.c)
foreach(name vchip_bus vchip_state)
    hd_fuzz_target(${name} SOURCES ${name}.c ${vchip_sources}
        LIBS OpenSSL::Crypto INCLUDES ${PROJECT_SOURCE_DIR}/vchip)
endforeach()
