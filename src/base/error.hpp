// Expected failures as values: a code from a closed set, and a sentence for its reader.
// Thread rule: plain values, no shared state.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace togglecast {

/// The kind of failure. `http_api` maps each code to an HTTP status and `realtime` to an ack error, each in
/// one `switch` without `default`.
enum class Errc : std::uint8_t {
  invalid_argument,   ///< a field is missing, of the wrong type or out of range; `details` names it
  parse_error,        ///< the text does not follow its grammar
  payload_too_large,  ///< a limit on size, count or depth was passed
  not_found,          ///< no such entity, route or event
  already_exists,     ///< a unique key is taken
  conflict,           ///< the state differs from what the caller assumed
  unauthenticated,    ///< no credential, or a wrong password
  token_invalid,      ///< the token is malformed or its signature is wrong
  token_expired,      ///< the token has expired; the client should refresh it and come back
  revoked,            ///< the token was withdrawn
  forbidden,          ///< the caller is known, but may not do this
  rate_limited,       ///< too fast; try again later
  unavailable,        ///< temporarily not possible
  timeout,            ///< no answer in time
  internal,           ///< a fault of the server; logged where it happened
};

/// The code as it appears on the wire: `token_expired`.
[[nodiscard]] std::string_view to_string(Errc code) noexcept;

/// One rejected field.
struct FieldIssue {
  std::string pointer;  ///< JSON Pointer (RFC 6901) into the request, such as `/config/theme`
  std::string reason;   ///< why it was rejected, for people
};

struct Error {
  Errc code = Errc::internal;
  std::string message;
  std::vector<FieldIssue> details{};
  /// With `rate_limited` and `unavailable`: when to try again. Above zero with each `rate_limited`; zero: not
  /// known.
  std::chrono::milliseconds retry_after{0};
  std::uint32_t retry_after_seconds = 0;  ///< the same in whole seconds; the longer one of both counts

  [[nodiscard]] std::chrono::milliseconds wait() const noexcept {
    return std::max<std::chrono::milliseconds>(retry_after, std::chrono::seconds{retry_after_seconds});
  }
};

template <typename T>
using Result = tl::expected<T, Error>;

/// `return fail(Errc::not_found, "no platform 7");`
[[nodiscard]] inline tl::unexpected<Error> fail(Errc code, std::string message) {
  return tl::unexpected(Error{code, std::move(message), {}});
}

/// `return too_fast("too many events on this connection; slow down", wait);`
[[nodiscard]] tl::unexpected<Error> too_fast(std::string message, std::chrono::milliseconds wait);

/// `return fail_field("/key", "must be a slug");`
[[nodiscard]] tl::unexpected<Error> fail_field(std::string pointer, std::string reason);

}  // namespace togglecast
