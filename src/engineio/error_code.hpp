// The error codes of Engine.IO 4, which a refused request gets in its answer. Thread rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace togglecast::engineio {

enum class ErrorCode : std::uint8_t {
  unknown_transport = 0,
  unknown_sid = 1,
  bad_handshake_method = 2,
  bad_request = 3,
  forbidden = 4,
  unsupported_version = 5,
};
inline constexpr std::size_t kErrorCodes = 6;

/// The text that the reference implementation sends with `code`.
[[nodiscard]] std::string_view message_of(ErrorCode code) noexcept;

}  // namespace togglecast::engineio
