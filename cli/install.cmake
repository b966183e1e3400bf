# SPDX-License-Identifier: Apache-2.0
# Manual pages, and what `make install` puts where. The provider (tls/) and the
# preload library (vchip/) install themselves. Included by the last folder
# that builds something worth installing.
include(GNUInstallDirs)

find_program(SCDOC scdoc)
if(SCDOC)
    file(GLOB man_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.scd)
    set(man_dir ${PROJECT_BINARY_DIR}/man)
    file(MAKE_DIRECTORY ${man_dir})
    foreach(source ${man_sources})
        get_filename_component(page ${source} NAME_WLE)
        add_custom_command(OUTPUT ${man_dir}/${page}
            COMMAND sh -c "\"$1\" <\"$2\" >\"$3\"" sh ${SCDOC} ${source}
                ${man_dir}/${page}
            DEPENDS ${source} VERBATIM)
        list(APPEND man_pages ${man_dir}/${page})
    endforeach()
    add_custom_target(man ALL DEPENDS ${man_pages})
    install(FILES ${man_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
else()
    message(STATUS "manual pages are not built: there is no scdoc")
endif()

install(TARGETS half RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${PROJECT_SOURCE_DIR}/completions/half.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    RENAME half)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/halfdollar
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
foreach(library hd_lib hd_crypto_openssl hd_vchip hd_vdoor hd_vdoor_client
        hd_port_sim hd_port_linux hd_crypto_libmd)
    if(TARGET ${library})
        install(TARGETS ${library} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    endif()
endforeach()
