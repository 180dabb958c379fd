// The PROXY header in front of a connection: versions 1 and 2 of the protocol that HAProxy defined.
//
//   v1 := "PROXY " ("TCP4" | "TCP6") " " source " " destination " " port " " port CRLF
//       | "PROXY UNKNOWN" … CRLF                                  107 bytes at most
//   v2 := signature (12 bytes) version-and-command (1) family-and-transport (1) length (2) addresses TLV…
//
//   TLV := type (1) length (2) value;  PP2_TYPE_SSL (0x20) has the flags of the client as its first byte
//
// Only the source address is read, and whether the client used TLS; all else is skipped. Thread rule: pure
// functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace togglecast::wire::proxy {

inline constexpr std::size_t kLongestV1 = 107;        ///< bytes, with CRLF
inline constexpr std::size_t kLongestV2Body = 2'048;  ///< bytes behind the first 16: addresses and TLVs

struct Header {
  std::size_t size = 0;  ///< bytes of the header; what follows belongs to the connection
  /// Numeric. Empty: the proxy speaks for itself (LOCAL), or it does not know an IP address (UNKNOWN, UNIX).
  std::string source;
  bool secure = false;  ///< the client spoke TLS to the proxy; only version 2 can tell
};

/// `received` begins with the first byte of the connection. Nothing: all bytes belong to a header that is not
/// complete. `parse_error` names what is wrong, as soon as it can be seen.
[[nodiscard]] Result<std::optional<Header>> decode(std::string_view received);

}  // namespace togglecast::wire::proxy
