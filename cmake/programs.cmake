# The server and the examples. Programs whose sources do not exist are skipped.

function(add_server)
  file(GLOB main CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/app/main.cpp)
  if(NOT main)
    return()
  endif()
  add_executable(togglecast ${main})
  target_link_libraries(togglecast PRIVATE togglecast::compile)
  foreach(layer IN LISTS togglecast_layers)
    if(TARGET togglecast_${layer})
      target_link_libraries(togglecast PRIVATE togglecast::${layer})
    endif()
  endforeach()
endfunction()

# The server once more, from the same libraries and one more source of tests/programs. Never installed.
function(add_server_for_tests name hook)
  set(source ${PROJECT_SOURCE_DIR}/tests/programs/${hook})
  if(NOT TARGET togglecast OR NOT EXISTS ${source})
    return()
  endif()
  get_target_property(main togglecast SOURCES)
  get_target_property(libraries togglecast LINK_LIBRARIES)
  add_executable(${name} ${main} ${source})
  target_link_libraries(${name} PRIVATE ${libraries})
endfunction()

# One that kills itself where a test wants it, and one as it is built without npm.
function(add_servers_for_tests)
  add_server_for_tests(togglecast-fail-points fail_points.cpp)
  add_server_for_tests(togglecast-without-console no_console.cpp)
endfunction()

# examples/<name>/*.cpp, built on the protocol tower alone: what any user of the library would write. `library` is
# socketio, or adapters for a server of a cluster.
function(add_example name library)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/${name}/*.cpp)
  if(NOT sources OR NOT TARGET togglecast_socketio)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE togglecast::${library})
  compile_together(${name})
endfunction()

# Target `programs`: all of the above and none of the tests.
function(add_programs_target)
  add_custom_target(programs)
  foreach(name togglecast togglecast-fail-points togglecast-without-console chat conformance-server)
    if(TARGET ${name})
      add_dependencies(programs ${name})
    endif()
  endforeach()
endfunction()
