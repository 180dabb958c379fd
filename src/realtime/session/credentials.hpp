// What a connection presents when it connects, and how it is refused. Thread rule: the socket's shard.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"
#include "delivery/subscriber.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

/// `auth.token`, else `Authorization: Bearer` of the handshake; empty when neither is there: it may log in by
/// an event. `token_invalid`, with what to do, when `auth.token` is no text or empty, and when the client put
/// its token where none is read: another member of `auth`, the URL.
[[nodiscard]] Result<std::string> presented_token(const socketio::Socket& socket);

/// `offsets` of the auth object, true when absent; an error, which is no reason to refuse the connection,
/// when it is no boolean.
[[nodiscard]] Result<bool> wants_offsets(const socketio::Socket& socket);

/// The member `context` of an auth object or a request; null (also as a member) when there is none. Errors
/// name `/context`.
[[nodiscard]] Result<delivery::ContextPtr> read_context(const json::value& from);

/// `[{pointer, reason}]` of an error, for `warnings`.
[[nodiscard]] json::array warnings_of(const Error& error);

/// The refusal that stops a stock client for good: `data.code` tells whether a new token would help.
[[nodiscard]] socketio::ConnectError connect_error(const Error& error);

}  // namespace togglecast::realtime
