// When and how bodies are compressed. Thread rule: constants.
#pragma once

#include <cstddef>
#include <string_view>

namespace togglecast::http_api {

/// Ends the tag of a compressed body, which is another representation (RFC 9110, section 8.8.3).
inline constexpr std::string_view kGzipMark = "-gzip";
inline constexpr std::size_t kLeastCompressed = 1'024;  ///< bytes; smaller bodies stay uncompressed
inline constexpr int kGzipLevel = 5;

}  // namespace togglecast::http_api
