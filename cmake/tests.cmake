# One GoogleTest executable per layer, each a single ctest entry:
#   tests/unit/<layer>/**/*.cpp       -> unit_<layer>       linked with that layer
#   tests/component/<layer>/**/*.cpp  -> component_<layer>  linked with that layer
#   tests/component/*.cpp             -> component          linked with the protocol tower
#   tests/programs/<name>.cpp         -> <name>             what tests start and kill, beside them in one folder
# Those in which threads meet have the label `threads` and belong to the target `thread_tests`, for ThreadSanitizer.
# Helpers shared by tests live in tests/support and are included as "support/…". Absent folders are skipped.

function(add_test_executable name layer)
  if(NOT ARGN OR NOT TARGET togglecast_${layer})
    return()
  endif()
  add_executable(${name} ${ARGN})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE togglecast::${layer} GTest::gmock GTest::gtest_main togglecast_compile_tests)
  use_precompiled_headers(${name} togglecast_precompiled_tests)
  target_compile_definitions(${name} PRIVATE TOGGLECAST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(name MATCHES "^component|^unit_(observe|net|engineio|socketio|changes|service)$")
    set_tests_properties(${name} PROPERTIES LABELS threads)
    add_dependencies(thread_tests ${name})
  endif()
endfunction()

# What the tests in `user` start as a process of its own, linked with that layer.
function(add_test_program name layer user)
  if(NOT TARGET ${user})
    return()
  endif()
  add_executable(${name} ${PROJECT_SOURCE_DIR}/tests/programs/${name}.cpp)
  target_link_libraries(${name} PRIVATE togglecast::${layer} togglecast::compile)
  add_dependencies(${user} ${name})
endfunction()

add_custom_target(thread_tests)

function(add_unit_tests)
  foreach(layer IN LISTS togglecast_layers)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${layer}/*.cpp)
    add_test_executable(unit_${layer} ${layer} ${sources})
  endforeach()
  add_test_program(endless_writer service unit_service)
endfunction()

function(add_component_tests)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/component/*.cpp)
  add_test_executable(component socketio ${sources})
  foreach(layer IN LISTS togglecast_layers)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/component/${layer}/*.cpp)
    add_test_executable(component_${layer} ${layer} ${sources})
  endforeach()
endfunction()
