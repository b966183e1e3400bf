# SPDX-License-Identifier: Apache-2.0
# The readers of explain and doctor: recordings, bundles, certificates, cases.
# The chip that they ask and the recordings' own forms have targets elsewhere.
if(TARGET hd_vchip AND TARGET hd_lib)
    file(GLOB explain_sources CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/host/*.c ${PROJECT_SOURCE_DIR}/host/explain/*.c)
    foreach(piece math victim actor moves validate zone sweep replay attack)
        list(APPEND explain_sources
            ${PROJECT_SOURCE_DIR}/host/attack/${piece}.c)
    endforeach()
    foreach(name explain_bundle explain_trace explain_case explain_cert)
        hd_fuzz_target(${name} SOURCES ${name}.c ${explain_sources}
            LIBS hd_crypto_openssl hd_port_sim hd_vchip hd_lib OpenSSL::Crypto
                PkgConfig::JANSSON PkgConfig::LIBZIP m
            INCLUDES ${PROJECT_SOURCE_DIR}/host)
        target_compile_definitions(fuzz_${name} PRIVATE _GNU_SOURCE)
    endforeach()
endif()
