# What most files include anyway, and what costs a third of the time of compiling them.
set(STAFFETTA_COMMON_HEADERS <algorithm> <array> <chrono> <functional> <map> <memory> <optional> <span>
    <string> <string_view> <utility> <vector> <fmt/format.h> <tl/expected.hpp>)

# staffetta_precompile(TARGET FIRST HEADER...): gives TARGET the headers precompiled; they are FIRST's, which
# is the first target that asks for them.
function(staffetta_precompile target first)
    if(NOT STAFFETTA_PRECOMPILE)
        return()
    endif()
    if(target STREQUAL first)
        target_precompile_headers(${target} PRIVATE ${ARGN})
    else()
        target_precompile_headers(${target} REUSE_FROM ${first})
    endif()
endfunction()

# staffetta_room(NAME ROOMS ... LIBRARIES ...): src/NAME as a static library `staffetta_NAME`, and its
# *_test.cc files as the test program `NAME_test`. A room without sources yet is left out.
function(staffetta_room name)
    cmake_parse_arguments(ARG "" "" "ROOMS;LIBRARIES" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${name}/*.cc")
    set(tests ${sources})
    list(FILTER tests INCLUDE REGEX "_test\\.cc$")
    list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
    if(NOT sources)
        return()
    endif()
    add_library(staffetta_${name} STATIC ${sources})
    target_include_directories(staffetta_${name} PUBLIC "${CMAKE_SOURCE_DIR}/src")
    target_link_libraries(staffetta_${name} PUBLIC Threads::Threads fmt::fmt)
    foreach(room IN LISTS ARG_ROOMS)
        if(TARGET staffetta_${room})
            target_link_libraries(staffetta_${name} PUBLIC staffetta_${room})
        endif()
    endforeach()
    target_link_libraries(staffetta_${name} PUBLIC ${ARG_LIBRARIES})
    staffetta_precompile(staffetta_${name} staffetta_base ${STAFFETTA_COMMON_HEADERS})
    if(tests)
        staffetta_test(${name}_test ROOM ${name} SOURCES ${tests})
    endif()
endfunction()

# staffetta_test(NAME ROOM room SOURCES ...): one gtest program, one entry in ctest.
function(staffetta_test name)
    cmake_parse_arguments(ARG "" "" "ROOM;SOURCES;LIBRARIES" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests" "${CMAKE_SOURCE_DIR}")
    foreach(room IN LISTS ARG_ROOM)
        target_link_libraries(${name} PRIVATE staffetta_${room})
    endforeach()
    # Fakes of the outside world stand in tests/fakes, one library a room they fake.
    if(NOT ARG_ROOM STREQUAL "base" AND NOT ARG_ROOM STREQUAL "mime")
        target_link_libraries(${name} PRIVATE staffetta_fakes)
    endif()
    target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main)
    staffetta_precompile(${name} base_test ${STAFFETTA_COMMON_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
    if(STAFFETTA_SANITIZE MATCHES "thread")
        set_tests_properties(${name} PROPERTIES
            ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp")
    endif()
endfunction()
