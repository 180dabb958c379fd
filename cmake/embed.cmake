# Texts inside the program: sources that are written when CMake configures, and written again when a text changes. So no
# compilation waits for them.

# embed(<target> <file> <text> <input>…)  Adds the source `file`, which has this text and was made from these inputs.
function(embed target file text)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARGN})
  set(path ${CMAKE_BINARY_DIR}/generated/${file})
  file(WRITE ${path}.new "${text}")
  file(COPY_FILE ${path}.new ${path} ONLY_IF_DIFFERENT)
  file(REMOVE ${path}.new)
  target_sources(${target} PRIVATE ${path})
endfunction()

# The parts of the API's description, src/http_api/openapi/*.json, in the order of their names.
function(add_openapi)
  if(NOT TARGET togglecast_http_api)
    return()
  endif()
  file(GLOB fragments CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/http_api/openapi/*.json)
  set(literals "")
  foreach(fragment IN LISTS fragments)
    file(READ ${fragment} json)
    string(APPEND literals "R\"fragment(${json})fragment\",\n")
  endforeach()
  embed(togglecast_http_api openapi_fragments.cpp "// Made from src/http_api/openapi/*.json; see cmake/embed.cmake.
#include \"http_api/handlers/openapi.hpp\"

namespace togglecast::http_api {

std::span<const std::string_view> openapi_fragments() noexcept {
  static constexpr std::string_view kFragments[] = {
${literals}  };
  return kFragments;
}

}  // namespace togglecast::http_api
" ${fragments})
endfunction()

# demo/catalogue.json, as the text that app/demo.hpp offers.
function(add_demo)
  if(NOT TARGET togglecast_app)
    return()
  endif()
  set(catalogue ${PROJECT_SOURCE_DIR}/demo/catalogue.json)
  file(READ ${catalogue} json)
  embed(togglecast_app demo_catalogue.cpp "// Made from demo/catalogue.json; see cmake/embed.cmake.
#include \"app/demo.hpp\"

namespace togglecast::app {

std::string_view demo_catalogue() noexcept {
  return R\"catalogue(${json})catalogue\";
}

}  // namespace togglecast::app
" ${catalogue})
endfunction()

# examples/listen/listen.mjs, as the text that app/quickstart/listen_script.hpp offers.
function(add_listen_script)
  if(NOT TARGET togglecast_app)
    return()
  endif()
  set(script ${PROJECT_SOURCE_DIR}/examples/listen/listen.mjs)
  file(READ ${script} text)
  embed(togglecast_app listen_script.cpp "// Made from examples/listen/listen.mjs; see cmake/embed.cmake.
#include \"app/quickstart/listen_script.hpp\"

namespace togglecast::app {

std::string_view listen_script() noexcept {
  return R\"script(${text})script\";
}

}  // namespace togglecast::app
" ${script})
endfunction()
