// The measurements: each returns what the server's process used up meanwhile.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "client.hpp"

namespace bench {

struct Used {
  std::int64_t cpu_ns = 0;
  std::int64_t wall_ns = 0;
  std::uint64_t bytes = 0;       ///< received by the clients
  std::uint64_t heartbeats = 0;  ///< answered by the clients
};

/// `rounds` times: asks the server for `in_flight` broadcasts at once and waits until everyone has all of
/// them.
[[nodiscard]] Used broadcast(Clients& clients, pid_t server, std::size_t in_flight, std::size_t rounds);
/// Waits for so many frames, which somebody else has sent.
[[nodiscard]] Used receive(Clients& clients, pid_t server, std::size_t frames);
/// Sends `requests` times the packet `request`, which has an answer each, over the first `connections`
/// connections, each with `depth` under way.
[[nodiscard]] Used echo(Clients& clients, pid_t server, const std::string& request, std::size_t connections,
                        std::size_t depth, std::size_t requests);
/// Waits until all expected frames have come: since `Clients::expect_text`.
[[nodiscard]] Used receive_expected(Clients& clients, pid_t server);
/// `count` times connect, join, leave.
[[nodiscard]] Used churn(Clients& clients, pid_t server, std::size_t count, std::size_t at_once);
/// Nothing but heartbeats.
[[nodiscard]] Used idle(Clients& clients, pid_t server, std::int64_t nanoseconds);

}  // namespace bench
