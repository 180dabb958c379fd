# How our own code is compiled: warnings, hardening, sanitizers, and the tools that make it quick.

include(CheckLinkerFlag)

option(TOGGLECAST_WERROR "Treat warnings as errors" ON)
option(TOGGLECAST_PCH "Precompile the heavy third-party headers" ON)
option(TOGGLECAST_UNITY "Compile sixteen sources of a target as one: half the work, for builds made from nothing" OFF)
set(TOGGLECAST_SANITIZE "" CACHE STRING "Value for -fsanitize, such as address,undefined")
option(TOGGLECAST_FUZZ "Instrument for libFuzzer (clang only)" OFF)
option(TOGGLECAST_COVERAGE "Instrument for gcov" OFF)

find_program(TOGGLECAST_CCACHE ccache)
if(TOGGLECAST_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${TOGGLECAST_CCACHE})
endif()

add_library(togglecast_compile INTERFACE)
add_library(togglecast::compile ALIAS togglecast_compile)
target_compile_features(togglecast_compile INTERFACE cxx_std_20)
target_include_directories(togglecast_compile INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(togglecast_compile INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor $<$<BOOL:${TOGGLECAST_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(togglecast_compile INTERFACE $<$<BOOL:${TOGGLECAST_PCH}>:-fpch-preprocess>)
endif()

# GCC 12 sees overlaps and overruns in std::string's own operator+ that are not there (its bugs 105329 and 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(togglecast_compile INTERFACE
      -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()

# Hardening of release builds. Position-independent executables are on for all.
target_compile_options(togglecast_compile INTERFACE
    $<$<CONFIG:Release>:-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS>)
target_link_options(togglecast_compile INTERFACE $<$<CONFIG:Release>:-Wl,-z,relro,-z,now>)

# Tests are about the code they call: their own is compiled quickly, not well. The checks of undefined behaviour would be
# half of that time.
add_library(togglecast_compile_tests INTERFACE)
target_link_libraries(togglecast_compile_tests INTERFACE togglecast_compile)
target_compile_options(togglecast_compile_tests INTERFACE -O0 -U_FORTIFY_SOURCE)
if(TOGGLECAST_SANITIZE MATCHES "undefined")
  target_compile_options(togglecast_compile_tests INTERFACE -fno-sanitize=undefined)
endif()
if(TOGGLECAST_FUZZ)
  target_compile_options(togglecast_compile_tests INTERFACE -fno-sanitize=fuzzer-no-link)
endif()

find_program(TOGGLECAST_MOLD mold)
if(TOGGLECAST_MOLD)
  check_linker_flag(CXX -fuse-ld=mold TOGGLECAST_CAN_USE_MOLD)
  if(TOGGLECAST_CAN_USE_MOLD)
    target_link_options(togglecast_compile INTERFACE -fuse-ld=mold)
  endif()
endif()

if(TOGGLECAST_SANITIZE)
  # Instrumented objects are large: an archive refers to them instead of holding copies.
  set(CMAKE_CXX_ARCHIVE_CREATE "<CMAKE_AR> qc --thin <TARGET> <LINK_FLAGS> <OBJECTS>")
  target_compile_options(togglecast_compile INTERFACE
      -fsanitize=${TOGGLECAST_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(togglecast_compile INTERFACE -fsanitize=${TOGGLECAST_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND TOGGLECAST_SANITIZE MATCHES "address")
    target_compile_definitions(togglecast_compile INTERFACE __SANITIZE_ADDRESS__)  # as GCC does by itself
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code looks uninitialised to GCC 12 where it is not, in libstdc++'s <regex> above all.
    target_compile_options(togglecast_compile INTERFACE -Wno-maybe-uninitialized)
    if(TOGGLECAST_SANITIZE STREQUAL "thread")
      # Asio's memory fences, which ThreadSanitizer does not see: what they order is ordered by Asio's mutex as well.
      target_compile_options(togglecast_compile INTERFACE -Wno-tsan)
    endif()
  endif()
endif()
if(TOGGLECAST_FUZZ)
  target_compile_options(togglecast_compile INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(TOGGLECAST_COVERAGE)
  target_compile_options(togglecast_compile INTERFACE --coverage)
  target_link_options(togglecast_compile INTERFACE --coverage)
endif()

# compile_together(<target>)  With TOGGLECAST_UNITY, sixteen sources of a target become one: their headers are read once.
# Sources of one folder may therefore define no private names twice. `./check alone` compiles each source by itself.
function(compile_together target)
  if(TOGGLECAST_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 16)
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()
