# The compiler, its dialect and its warnings.

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
    message(FATAL_ERROR
        "staffetta is built with clang 16 or later: g++ 12 destroys temporaries twice in ordinary "
        "coroutine code (docs/decisions/compiler.md). Install clang-16 and use a preset, "
        "for example: cmake --preset release")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")

set(STAFFETTA_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
option(STAFFETTA_FUZZ "Build the libFuzzer targets" OFF)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast
    -Wimplicit-fallthrough -Wextra-semi -Werror
    -fno-omit-frame-pointer -fstack-protector-strong "-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.")
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    add_link_options(-Wl,-z,relro,-z,now)
else()
    add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

if(STAFFETTA_SANITIZE)
    add_compile_options("-fsanitize=${STAFFETTA_SANITIZE}" -fno-sanitize-recover=all)
    add_link_options("-fsanitize=${STAFFETTA_SANITIZE}")
    # A symmetric transfer between coroutines is a tail call only when optimised.
    add_compile_options(-fno-sanitize=function,vptr)
endif()
if(STAFFETTA_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Precompiled headers are for who builds a tree once: they take a quarter off. Without them each file shows that
# it includes what it uses, and ccache shares what it holds between work trees.
option(STAFFETTA_PRECOMPILE "Precompile the common headers" OFF)
find_program(CCACHE ccache)
if(CCACHE)
    # Paths count from the tree's top, so that clones side by side share what was compiled.
    set(cache "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1)
    set(CMAKE_C_COMPILER_LAUNCHER ${cache} "${CCACHE}")
    if(STAFFETTA_PRECOMPILE)
        # As ccache's manual asks for it.
        list(APPEND cache CCACHE_SLOPPINESS=pch_defines,time_macros)
        add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
    endif()
    set(CMAKE_CXX_COMPILER_LAUNCHER ${cache} "${CCACHE}")
endif()
find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
endif()
