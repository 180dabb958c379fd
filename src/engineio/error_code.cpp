#include "engineio/error_code.hpp"

namespace togglecast::engineio {

std::string_view message_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::unknown_transport:
      return "Transport unknown";
    case ErrorCode::unknown_sid:
      return "Session ID unknown";
    case ErrorCode::bad_handshake_method:
      return "Bad handshake method";
    case ErrorCode::bad_request:
      return "Bad request";
    case ErrorCode::forbidden:
      return "Forbidden";
    case ErrorCode::unsupported_version:
      return "Unsupported protocol version";
  }
  return "Bad request";
}

}  // namespace togglecast::engineio
