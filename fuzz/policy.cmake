# SPDX-License-Identifier: Apache-2.0
find_package(PkgConfig REQUIRED)
pkg_check_modules(FUZZ_CYAML REQUIRED IMPORTED_TARGET libcyaml yaml-0.1)

file(GLOB policy_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/host/policy/*.c)
foreach(name policy_yaml policy_bytes)
    hd_fuzz_target(${name} SOURCES ${name}.c ${policy_sources}
        LIBS PkgConfig::FUZZ_CYAML OpenSSL::Crypto
        INCLUDES ${PROJECT_SOURCE_DIR}/host)
endforeach()

# The attacker and the lint; the chip that they ask has targets of its own.
if(TARGET hd_vchip)
    file(GLOB lint_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/host/lint/*.c
        ${PROJECT_SOURCE_DIR}/host/attack/*.c)
    hd_fuzz_target(policy_lint
        SOURCES policy_lint.c ${lint_sources} ${policy_sources}
        LIBS hd_port_sim hd_vchip PkgConfig::FUZZ_CYAML OpenSSL::Crypto
        INCLUDES ${PROJECT_SOURCE_DIR}/host)
endif()
