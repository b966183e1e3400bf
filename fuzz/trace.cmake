# SPDX-License-Identifier: Apache-2.0
find_package(OpenSSL 3.0 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)

file(GLOB host_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/host/*.c)
foreach(name trace_text trace_tap trace_sr trace_token)
    hd_fuzz_target(${name} SOURCES ${name}.c ${host_sources}
        LIBS hd_vchip hd_lib OpenSSL::Crypto PkgConfig::JANSSON
            PkgConfig::LIBZIP m
        INCLUDES ${PROJECT_SOURCE_DIR}/host)
    target_compile_definitions(fuzz_${name} PRIVATE _DEFAULT_SOURCE)
endforeach()
