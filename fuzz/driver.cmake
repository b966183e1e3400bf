# SPDX-License-Identifier: Apache-2.0
file(GLOB driver_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/lib/base/*.c
    ${PROJECT_SOURCE_DIR}/lib/chip/*.c)
hd_fuzz_target(driver_bus SOURCES driver_bus.c ${driver_sources})
