// Negotiation of permessage-deflate (RFC 7692, section 7.1): the offer of a client that the server accepts,
// and the answer. Thread rule: pure functions.
//
// The server keeps no window between messages, neither its own nor the client's. Its answer always says so,
// as sections 7.1.1.1 and 7.1.1.2 allow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace togglecast::wire::websocket {

struct DeflateAgreement {
  std::uint8_t window_bits = 15;  ///< of the server's compressor, 9 to 15
  bool limited = false;           ///< the client asked for that limit; the answer repeats it
};

/// The first acceptable offer in the value of one `Sec-WebSocket-Extensions` field. An offer is not
/// acceptable if a parameter is unknown, repeated or has a wrong value, or if it asks for a window of 8 bits,
/// which zlib cannot make. The text after a syntax error is ignored.
[[nodiscard]] std::optional<DeflateAgreement> accept_deflate_offer(std::string_view field);

/// The value of that field in the 101 answer.
[[nodiscard]] std::string deflate_answer(const DeflateAgreement& agreement);

}  // namespace togglecast::wire::websocket
