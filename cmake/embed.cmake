# Texts inside the program: cmake -DOUTPUT=… -DFILES=a;b -P embed.cmake writes a source that offers them in the order of
# their names. See add_openapi in cmake/layers.cmake.

set(source "// Made from src/http_api/openapi/*.json; see cmake/embed.cmake.\n#include \"http_api/handlers/openapi.hpp\"\n\n")
string(APPEND source "namespace togglecast::http_api {\n\nstd::span<const std::string_view> openapi_fragments() noexcept {\n")
string(APPEND source "  static constexpr std::string_view kFragments[] = {\n")
foreach(file IN LISTS FILES)
  file(READ "${file}" text)
  string(APPEND source "R\"fragment(${text})fragment\",\n")
endforeach()
string(APPEND source "  };\n  return kFragments;\n}\n\n}  // namespace togglecast::http_api\n")
file(WRITE "${OUTPUT}" "${source}")
