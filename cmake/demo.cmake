# add_demo() puts demo/catalogue.json inside the program, as the text that app/demo.hpp offers.

if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${INPUT}" text)
  file(WRITE "${OUTPUT}" "// Made from demo/catalogue.json; see cmake/demo.cmake.
#include \"app/demo.hpp\"

namespace togglecast::app {

std::string_view demo_catalogue() noexcept {
  return R\"catalogue(${text})catalogue\";
}

}  // namespace togglecast::app
")
  return()
endif()

function(add_demo)
  if(NOT TARGET togglecast_app)
    return()
  endif()
  set(input ${PROJECT_SOURCE_DIR}/demo/catalogue.json)
  set(output ${CMAKE_BINARY_DIR}/generated/demo_catalogue.cpp)
  set(script ${PROJECT_SOURCE_DIR}/cmake/demo.cmake)
  add_custom_command(OUTPUT ${output} DEPENDS ${input} ${script} VERBATIM
      COMMAND ${CMAKE_COMMAND} -DINPUT=${input} -DOUTPUT=${output} -P ${script})
  target_sources(togglecast_app PRIVATE ${output})
endfunction()
