// Who gets in: what a connection presents, how it is refused, and what its role or its client opens.
// Thread rule: the socket's shard.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "realtime/peer.hpp"
#include "service/accounts/authenticator.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

/// What a connection came with: `auth.token`, else `Authorization: Bearer` of its handshake; empty when
/// neither.
/// `token_invalid` when `auth.token` is no text.
[[nodiscard]] Result<std::string> presented_token(const socketio::Socket& socket);

/// `offsets` of the auth object, true when absent; an error when it is no boolean.
[[nodiscard]] Result<bool> wants_offsets(const socketio::Socket& socket);

/// The member `context` of an auth object or a request; null (also as a member) when there is none. Errors
/// name `/context`.
[[nodiscard]] Result<ContextPtr> read_context(const json::value& from);

/// The refusal that stops a stock client for good: `data.code` tells whether a new token would help.
[[nodiscard]] socketio::ConnectError connect_error(const Error& error);

/// An admin's role changed: its rooms and what it may read follow.
void take_role(socketio::Socket& socket, Peer& peer, const service::Principal& who);
/// The connection is one of `client`, as of what it is being told: its rooms follow.
void take_client(socketio::Socket& socket, Peer& peer, const std::shared_ptr<const domain::Client>& client);

}  // namespace togglecast::realtime
