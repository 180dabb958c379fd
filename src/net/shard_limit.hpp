// How many shards a process may have.
#pragma once

#include <cstddef>

namespace togglecast::net {

/// The most shards of one pool. The id of an Engine.IO session names its shard in one byte.
inline constexpr std::size_t kMostShards = 256;

}  // namespace togglecast::net
