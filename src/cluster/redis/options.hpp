// How a client of Redis behaves. Thread rule: plain values.
#pragma once

#include <cstddef>
#include <string>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "cluster/redis/address.hpp"
#include "cluster/redis/resp.hpp"

namespace togglecast::cluster::redis {

struct ClientOptions {
  Address address;
  std::string sentinel_username{};
  Secret sentinel_password{};           ///< of the Sentinels themselves; empty: none
  std::string ca_file{};                ///< PEM, to verify TLS servers with; empty: those of the system
  std::string name{"togglecast"};       ///< in `CLIENT LIST`; without spaces
  Milliseconds connect_timeout{5'000};  ///< of one server, from the look-up of its name to the login
  Milliseconds command_timeout{5'000};  ///< of a reply; a connection that misses it is given up
  Milliseconds keepalive{5'000};        ///< between two questions on an idle connection
  Milliseconds first_pause{50};         ///< before connecting again; doubles, and is varied from nothing
  Milliseconds longest_pause{5'000};
  std::size_t waiting_commands = 10'000;  ///< that have no reply yet
  std::size_t waiting_bytes = 16 << 20;   ///< of these commands
  ReplyLimits replies{};
};

}  // namespace togglecast::cluster::redis
