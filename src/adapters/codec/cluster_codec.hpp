// The messages of Socket.IO's cluster adapters: those of @socket.io/redis-adapter (sharded) and of
// @socket.io/redis-streams-adapter.
//
//   message := {"uid": …, "nsp": …, "type": n, "data": {…}}     as JSON text or MessagePack
//   entry   := uid U nsp N type n data D                         in a stream; D is JSON, or base64 of
//   MessagePack
//
// Thread rule: pure functions. Errors: `parse_error` and `payload_too_large`, with the field or the byte.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/codec/message.hpp"
#include "adapters/codec/packed_value.hpp"
#include "base/error.hpp"

namespace togglecast::adapters {

/// JSON text; MessagePack if the message has binary parts.
[[nodiscard]] std::string write_cluster_text(const Message& message);
[[nodiscard]] std::string write_cluster_msgpack(const Message& message);
/// Nothing for a type that is not known, such as a heartbeat.
[[nodiscard]] Result<std::optional<Message>> read_cluster(std::string_view bytes,
                                                          const PackedLimits& limits = {});

using StreamFields = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] StreamFields write_stream_entry(const Message& message);
/// Nothing for an entry without `nsp`, or of a type that is not known.
[[nodiscard]] Result<std::optional<Message>> read_stream_entry(const StreamFields& fields,
                                                               const PackedLimits& limits = {});

/// A session for connection state recovery: base64 of the MessagePack of `{sid, pid, rooms, data}`.
[[nodiscard]] std::string write_session(const socketio::RecoverableSession& session);
[[nodiscard]] Result<socketio::RecoverableSession> read_session(std::string_view text,
                                                                const PackedLimits& limits = {});

}  // namespace togglecast::adapters
