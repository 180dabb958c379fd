#include "rounds.hpp"

#include <string>

#include "process.hpp"

namespace bench {
namespace {

template <typename Work>
Used measured(Clients& clients, pid_t server, Work&& work) {
  const std::uint64_t bytes = clients.bytes(), heartbeats = clients.heartbeats();
  const std::int64_t wall = now_ns();
  const std::int64_t cpu = cpu_time_ns(server);
  work();
  return {cpu_time_ns(server) - cpu, now_ns() - wall, clients.bytes() - bytes,
          clients.heartbeats() - heartbeats};
}

}  // namespace

Used broadcast(Clients& clients, pid_t server, std::size_t in_flight, std::size_t rounds) {
  const std::string go = R"(42["go",)" + std::to_string(in_flight) + "]";
  return measured(clients, server, [&] {
    for (std::size_t i = 0; i < rounds; ++i) {
      clients.expect(in_flight * clients.size());
      clients.send(0, go);
      clients.run();
    }
  });
}

Used receive(Clients& clients, pid_t server, std::size_t frames) {
  return measured(clients, server, [&] {
    clients.expect(frames);
    clients.run();
  });
}

Used receive_expected(Clients& clients, pid_t server) {
  return measured(clients, server, [&] { clients.run(); });
}

Used echo(Clients& clients, pid_t server, const std::string& request, std::size_t connections,
          std::size_t depth, std::size_t requests) {
  return measured(clients, server, [&] {
    clients.expect(requests, request, requests - connections * depth);
    for (std::size_t i = 0; i < connections; ++i) clients.send(i, request, depth);
    clients.run();
  });
}

Used churn(Clients& clients, pid_t server, std::size_t count, std::size_t at_once) {
  return measured(clients, server, [&] { clients.churn(count, at_once); });
}

Used idle(Clients& clients, pid_t server, std::int64_t nanoseconds) {
  return measured(clients, server, [&] { clients.run_for(nanoseconds); });
}

}  // namespace bench
