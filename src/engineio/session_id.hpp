// The id of a session (`sid`).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/random.hpp"

namespace togglecast::engineio {

/// 20 characters of base64url: the shard, then 112 random bits. A secret.
using SessionId = std::array<char, 20>;

[[nodiscard]] SessionId make_session_id(std::size_t shard, RandomSource& random);
[[nodiscard]] inline std::string_view view_of(const SessionId& id) noexcept { return {id.data(), id.size()}; }
/// Nothing when `text` has another length.
[[nodiscard]] std::optional<SessionId> to_session_id(std::string_view text) noexcept;
/// The number of the shard that `sid` names; nothing when it is no id.
[[nodiscard]] std::optional<std::size_t> shard_named_in(std::string_view sid);
/// Ids are random, so any eight of their bytes are a hash, and nobody can choose them.
[[nodiscard]] std::size_t hash_of(const SessionId& id) noexcept;

}  // namespace togglecast::engineio
