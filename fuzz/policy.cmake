# SPDX-License-Identifier: Apache-2.0
find_package(PkgConfig REQUIRED)
pkg_check_modules(FUZZ_CYAML REQUIRED IMPORTED_TARGET libcyaml yaml-0.1)

foreach(piece blank document fields hex hint keys load numbers purposes view
        write yaml_scan)
    list(APPEND policy_sources ${PROJECT_SOURCE_DIR}/host/policy/${piece}.c)
endforeach()
foreach(name policy_yaml policy_bytes)
    hd_fuzz_target(${name} SOURCES ${name}.c ${policy_sources}
        LIBS PkgConfig::FUZZ_CYAML OpenSSL::Crypto
        INCLUDES ${PROJECT_SOURCE_DIR}/host)
endforeach()
