#include "base/error.hpp"

#include <algorithm>
#include <utility>

namespace togglecast {

std::string_view to_string(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::parse_error:
      return "parse_error";
    case Errc::payload_too_large:
      return "payload_too_large";
    case Errc::not_found:
      return "not_found";
    case Errc::already_exists:
      return "already_exists";
    case Errc::conflict:
      return "conflict";
    case Errc::unauthenticated:
      return "unauthenticated";
    case Errc::token_invalid:
      return "token_invalid";
    case Errc::token_expired:
      return "token_expired";
    case Errc::revoked:
      return "revoked";
    case Errc::forbidden:
      return "forbidden";
    case Errc::rate_limited:
      return "rate_limited";
    case Errc::unavailable:
      return "unavailable";
    case Errc::timeout:
      return "timeout";
    case Errc::internal:
      return "internal";
  }
  return "internal";
}

tl::unexpected<Error> too_fast(std::string message, std::chrono::milliseconds wait) {
  return tl::unexpected(
      Error{Errc::rate_limited, std::move(message), {}, std::max(wait, std::chrono::milliseconds{1})});
}

tl::unexpected<Error> fail_field(std::string pointer, std::string reason) {
  std::string message = pointer.empty() ? reason : pointer + " " + reason;
  Error error{Errc::invalid_argument, std::move(message), {}};
  error.details.push_back({std::move(pointer), std::move(reason)});
  return tl::unexpected(std::move(error));
}

}  // namespace togglecast
