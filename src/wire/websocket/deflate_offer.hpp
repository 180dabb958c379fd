// Negotiation of permessage-deflate (RFC 7692, section 7.1): which offer of a client is accepted, and the
// answer. Thread rule: pure functions.
//
// We never keep a window between messages, neither ours nor the client's: our answer says so whether or not
// the client asked for it, as sections 7.1.1.1 and 7.1.1.2 allow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace togglecast::wire::websocket {

struct DeflateAgreement {
  std::uint8_t window_bits = 15;  ///< what we compress with, 9 to 15
  bool limited = false;           ///< the client asked for that limit, and is told
};

/// The first acceptable offer in the value of one `Sec-WebSocket-Extensions` field. An offer with a parameter
/// that is unknown, repeated or has a wrong value is passed over, and so is one for a window of 8 bits, which
/// zlib cannot make. What follows a syntax error is not read.
[[nodiscard]] std::optional<DeflateAgreement> accept_deflate_offer(std::string_view field);

/// The value of that field in the 101 answer.
[[nodiscard]] std::string deflate_answer(const DeflateAgreement& agreement);

}  // namespace togglecast::wire::websocket
