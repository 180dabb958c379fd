# The built web console inside the program: every file of TOGGLECAST_CONSOLE becomes bytes of the object file of one source,
# by the assembler's .incbin. Huge arrays in C++ would take the compiler minutes. `console/build` makes the folder; without
# it, the server is built without the console and says so at `/`.

set(TOGGLECAST_CONSOLE ${PROJECT_SOURCE_DIR}/build/console/dist CACHE PATH "The folder with the built web console")

function(add_console)
  if(NOT TARGET togglecast_http_api)
    return()
  endif()
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${TOGGLECAST_CONSOLE}/*)
  if(NOT ${TOGGLECAST_CONSOLE}/index.html IN_LIST all)
    set(all "")
  endif()
  set(plain ${all})
  list(FILTER plain EXCLUDE REGEX "\\.(gz|br)$")
  list(SORT plain)
  set(number 0)
  set(assembler "")
  set(declarations "")
  set(rows "")
  foreach(file IN LISTS plain)
    file(RELATIVE_PATH name ${TOGGLECAST_CONSOLE} ${file})
    set(row "\"/${name}\"")
    foreach(ending "" .gz .br)
      if(NOT ${file}${ending} IN_LIST all)
        string(APPEND row ", std::string_view()")
        continue()
      endif()
      set(symbol togglecast_console_${number})
      math(EXPR number "${number} + 1")
      # A statement for each file: a literal of all would be longer than compilers must take.
      string(APPEND assembler "__asm__(\n    \".pushsection .rodata\\n.hidden ${symbol}, ${symbol}_end\\n\"\n"
             "    \".globl ${symbol}, ${symbol}_end\\n${symbol}:\\n\"\n"
             "    \".incbin \\\"${file}${ending}\\\"\\n${symbol}_end:\\n.popsection\\n\");\n")
      string(APPEND declarations "extern const char ${symbol}[], ${symbol}_end[];\n")
      string(APPEND row ", between(${symbol}, ${symbol}_end)")
    endforeach()
    string(APPEND rows "      ConsoleFile{${row}},\n")
  endforeach()
  list(LENGTH plain count)
  if(count GREATER 0)
    set(table "  static const std::array<ConsoleFile, ${count}> kFiles{\n${rows}  };\n  return kFiles;\n")
  else()
    set(table "  return {};\n")
  endif()
  embed(togglecast_http_api console_files.cpp "// Made from ${TOGGLECAST_CONSOLE}; see cmake/console.cmake.
#include <array>
#include <cstddef>

#include \"http_api/console/console.hpp\"

${assembler}
extern \"C\" {
${declarations}}

namespace togglecast::http_api {
namespace {

[[maybe_unused]] std::string_view between(const char* begin, const char* end) noexcept {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::span<const ConsoleFile> console_files() noexcept {
${table}}

}  // namespace togglecast::http_api
")
  set_source_files_properties(${CMAKE_BINARY_DIR}/generated/console_files.cpp PROPERTIES
      OBJECT_DEPENDS "${all}" SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
