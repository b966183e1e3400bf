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

# The attacker and the lint; the chip that they ask has targets of its own.
if(TARGET hd_vchip)
    foreach(piece lint/lint lint/slots lint/features lint/zone attack/math
            attack/victim attack/actor attack/moves attack/validate attack/zone attack/sweep
            attack/replay attack/attack)
        list(APPEND lint_sources ${PROJECT_SOURCE_DIR}/host/${piece}.c)
    endforeach()
    hd_fuzz_target(policy_lint
        SOURCES policy_lint.c ${lint_sources} ${policy_sources}
        LIBS hd_port_sim hd_vchip PkgConfig::FUZZ_CYAML OpenSSL::Crypto
        INCLUDES ${PROJECT_SOURCE_DIR}/host)
endif()
