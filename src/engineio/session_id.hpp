// The id of a session (`sid`). Thread rule: plain values and pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/random.hpp"

namespace togglecast::engineio {

/// 20 characters of base64url: one byte for the shard, then 112 random bits. A secret, because it is all that
/// a request needs to act for the session.
using SessionId = std::array<char, 20>;

/// `shard` is less than net::kMostShards.
[[nodiscard]] SessionId make_session_id(std::size_t shard, RandomSource& random);
[[nodiscard]] inline std::string_view view_of(const SessionId& id) noexcept { return {id.data(), id.size()}; }
/// nullopt when `text` has another length.
[[nodiscard]] std::optional<SessionId> to_session_id(std::string_view text) noexcept;
/// The number of the shard that `sid` names; nullopt when it has not the form of an id.
[[nodiscard]] std::optional<std::size_t> shard_named_in(std::string_view sid);
/// Eight characters are the hash: ids are random, and clients cannot choose them.
[[nodiscard]] std::size_t hash_of(const SessionId& id) noexcept;

}  // namespace togglecast::engineio
