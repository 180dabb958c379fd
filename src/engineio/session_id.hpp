// The id of a session (`sid`). Thread rule: plain values and pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/random.hpp"

namespace togglecast::engineio {

/// 20 characters of base64url: two for the node, two with one byte for the shard and four random bits, then
/// 96 random bits. A secret, because it is all that a request needs to act for the session.
using SessionId = std::array<char, 20>;

/// Begins the ids of one node's sessions, so that a balancer and other nodes can tell whose they are.
using NodeTag = std::array<char, 2>;

/// nullopt unless `text` is two letters, digits, `-` or `_`.
[[nodiscard]] std::optional<NodeTag> to_node_tag(std::string_view text) noexcept;
/// The same two characters for the same text. Different texts share a tag once in 4,096 pairs.
[[nodiscard]] NodeTag node_tag_of(std::string_view text);

/// `shard` is less than net::kMostShards. Without `node`, twelve more bits are random.
[[nodiscard]] SessionId make_session_id(const std::optional<NodeTag>& node, std::size_t shard,
                                        RandomSource& random);
[[nodiscard]] inline std::string_view view_of(const SessionId& id) noexcept { return {id.data(), id.size()}; }
/// nullopt when `text` has another length.
[[nodiscard]] std::optional<SessionId> to_session_id(std::string_view text) noexcept;
/// The number of the shard that `sid` names; nullopt when it has not the form of an id.
[[nodiscard]] std::optional<std::size_t> shard_named_in(std::string_view sid);
/// Whether `sid` has the form of an id, and begins with another tag than `node`.
[[nodiscard]] bool is_of_other_node(std::string_view sid, const NodeTag& node) noexcept;
/// Eight characters are the hash: ids are random, and clients cannot choose them.
[[nodiscard]] std::size_t hash_of(const SessionId& id) noexcept;

}  // namespace togglecast::engineio
