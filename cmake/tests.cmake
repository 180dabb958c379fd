# One GoogleTest executable per layer, each a single ctest entry:
#   tests/unit/<layer>/**/*.cpp       -> unit_<layer>       linked with that layer
#   tests/component/<layer>/**/*.cpp  -> component_<layer>  linked with that layer
#   tests/component/*.cpp             -> component          linked with the protocol tower
#   tests/programs/<name>.cpp         -> <name>             what tests start and kill, beside them in one folder
# Instrumented builds link most of them into one program instead, tests_together.
# Where ThreadSanitizer is on, only those in which threads meet. What sanitizers hide is tested in the release build:
#   some of the above                 -> release_tests
# Target `tests`: all of them and no other program.
# Helpers shared by tests live in tests/support and are included as "support/…". Absent folders are skipped.

option(TOGGLECAST_TESTS_TOGETHER "Link the C++ tests into one program, where each program is large" OFF)

set(togglecast_tests_with_threads "^component|^unit_(observe|egress|net|engineio|socketio|cluster|service|changes|replication|delivery)$")

# Whether one of these sources replaces operator new, which it must do for its own program alone.
function(replaces_new result)
  set(${result} OFF PARENT_SCOPE)
  foreach(source IN LISTS ARGN)
    file(STRINGS ${source} lines REGEX "^void\\* operator new" LIMIT_COUNT 1)
    if(lines)
      set(${result} ON PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

add_custom_target(tests)

function(add_test_program name)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  add_dependencies(tests ${name})
endfunction()

function(add_test_executable name layer)
  if(NOT ARGN OR NOT TARGET togglecast_${layer})
    return()
  endif()
  if(TOGGLECAST_SANITIZE STREQUAL "thread" AND NOT name MATCHES "${togglecast_tests_with_threads}")
    return()
  endif()
  replaces_new(alone ${ARGN})
  if(TOGGLECAST_TESTS_TOGETHER AND NOT alone)
    add_library(${name} OBJECT ${ARGN})
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF COMPILE_OPTIONS -fPIE)
    set_property(GLOBAL APPEND PROPERTY togglecast_tests_together ${name})
  else()
    add_executable(${name} ${ARGN})
    add_test_program(${name})
  endif()
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE togglecast::${layer} GTest::gmock GTest::gtest_main togglecast_compile_tests)
  use_precompiled_headers(${name} togglecast_precompiled_tests)
  compile_together(${name})
  target_compile_definitions(${name} PRIVATE TOGGLECAST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
endfunction()

function(add_tests_together)
  get_property(parts GLOBAL PROPERTY togglecast_tests_together)
  if(parts)
    add_executable(tests_together)
    target_link_libraries(tests_together PRIVATE ${parts} togglecast::app togglecast::socketio GTest::gmock
        GTest::gtest_main togglecast_compile_tests)
    add_test_program(tests_together)
  endif()
endfunction()

# What the tests in `user` start as a process of its own, linked with that layer.
function(add_helper_program name layer user)
  if(NOT TARGET ${user})
    return()
  endif()
  add_executable(${name} ${PROJECT_SOURCE_DIR}/tests/programs/${name}.cpp)
  target_link_libraries(${name} PRIVATE togglecast::${layer} togglecast::compile)
  add_dependencies(${user} ${name})
endfunction()

# Memory as it is: the allocator's own numbers, the pools of src/base/pooled.hpp, a limit on the address space. And a
# process without descriptors, which the sanitizers need for themselves.
function(add_release_tests)
  add_executable(release_tests EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/component/churn_test.cpp
      ${PROJECT_SOURCE_DIR}/tests/unit/auth/password_test.cpp ${PROJECT_SOURCE_DIR}/tests/unit/net/listener_test.cpp)
  target_include_directories(release_tests PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(release_tests PRIVATE togglecast::socketio togglecast::auth GTest::gmock GTest::gtest_main
      togglecast_compile_tests)
  add_test_program(release_tests)
endfunction()

function(add_unit_tests)
  foreach(layer IN LISTS togglecast_layers)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${layer}/*.cpp)
    add_test_executable(unit_${layer} ${layer} ${sources})
  endforeach()
  add_helper_program(endless_writer service unit_service)
endfunction()

function(add_component_tests)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/component/*.cpp)
  add_test_executable(component socketio ${sources})
  foreach(layer IN LISTS togglecast_layers)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/component/${layer}/*.cpp)
    add_test_executable(component_${layer} ${layer} ${sources})
  endforeach()
endfunction()
