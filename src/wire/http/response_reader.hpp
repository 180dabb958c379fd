// Reads one response of another server. Thread rule: a pure function.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.hpp"
#include "wire/http/message.hpp"

namespace togglecast::wire::http {

inline constexpr std::size_t kMaxResponse = std::size_t{16} * 1'024 * 1'024;

/// `bytes` is all that the server sent until it closed the connection. `parse_error` when that is no complete
/// response to a request other than HEAD, `payload_too_large` above `kMaxResponse`.
[[nodiscard]] Result<Response> read_response(std::string_view bytes);

}  // namespace togglecast::wire::http
