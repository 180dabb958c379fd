// The messages of @socket.io/redis-adapter over plain pub/sub.
//
//   broadcast := [uid, packet, opts]                            MessagePack
//   request   := {"uid", "requestId", "type": 0 to 7, …}        JSON; type 7 is MessagePack
//   response  := {"requestId", …}                               JSON; type 9 is MessagePack
//
// Thread rule: pure functions. Errors: `parse_error` and `payload_too_large`, with the field or the byte.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "adapters/codec/message.hpp"
#include "adapters/codec/packed_value.hpp"
#include "base/error.hpp"

namespace togglecast::adapters {

/// The body is an EventMessage without a request.
[[nodiscard]] std::string write_classic_broadcast(const Message& message);
[[nodiscard]] Result<Message> read_classic_broadcast(std::string_view bytes, const PackedLimits& limits = {});

[[nodiscard]] std::string write_classic_request(const Message& message);
/// `nsp` is that of the channel. Nothing for a type that is not known.
[[nodiscard]] Result<std::optional<Message>> read_classic_request(std::string_view bytes, std::string nsp,
                                                                  const PackedLimits& limits = {});

[[nodiscard]] std::string write_classic_response(const Message& message);
/// What a response answers is told by its fields. Nothing for one that answers nothing of ours.
[[nodiscard]] Result<std::optional<Message>> read_classic_response(std::string_view bytes, std::string nsp,
                                                                   const PackedLimits& limits = {});

}  // namespace togglecast::adapters
