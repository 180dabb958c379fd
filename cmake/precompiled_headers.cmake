# The heavy third-party headers, parsed once for all layers and once more, with GoogleTest, for all tests (programs are
# compiled differently from libraries). Nobody may rely on them: the header checks and clang-tidy do without.

set(togglecast_heavy_headers
    <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/post.hpp> <boost/json/value.hpp>
    <tl/expected.hpp> <algorithm> <chrono> <functional> <map> <memory> <optional> <string> <string_view>
    <unordered_map> <variant> <vector>)

function(add_precompiled_headers)
  if(NOT TOGGLECAST_PCH)
    return()
  endif()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.cpp CONTENT "int main() {}\n")
  add_library(togglecast_precompiled STATIC ${CMAKE_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(togglecast_precompiled PRIVATE
      togglecast::compile togglecast_boost Boost::json tl::expected)
  target_precompile_headers(togglecast_precompiled PRIVATE ${togglecast_heavy_headers})
endfunction()

function(add_precompiled_test_headers)
  if(NOT TOGGLECAST_PCH)
    return()
  endif()
  add_executable(togglecast_precompiled_tests ${CMAKE_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(togglecast_precompiled_tests PRIVATE
      togglecast_boost Boost::json tl::expected GTest::gmock togglecast_compile_tests)
  target_precompile_headers(togglecast_precompiled_tests PRIVATE ${togglecast_heavy_headers} <gmock/gmock.h>)
endfunction()

function(use_precompiled_headers target from)
  if(TOGGLECAST_PCH)
    target_precompile_headers(${target} REUSE_FROM ${from})
  endif()
endfunction()
