// Listening on the addresses that the settings name, with errors for the person at the terminal. Thread rule:
// as `net::ShardPool::listen`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "net/shard_pool.hpp"

namespace togglecast::app {

/// Listens on `addresses` with one port, otherwise as `options` say, and answers the port. Without any
/// address: on those of this machine that exist. `option` is the one that names the port.
[[nodiscard]] Result<std::uint16_t> listen_on(net::ShardPool& shards,
                                              const std::vector<std::string>& addresses,
                                              net::ListenOptions options, const net::AcceptHandler& handler,
                                              std::string_view option);

}  // namespace togglecast::app
