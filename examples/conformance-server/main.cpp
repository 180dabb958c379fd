// A small program on the Socket.IO library alone, for protocol suites and official clients to run against.
//
//   conformance-server --port 3000
//
// Its time limits are short, so that suites need not wait for them. `--unhurried` gives clients the time that
// products give them: for suites that are not about time, on machines that are busy. `--patient` pings as
// often as without it, and waits long for the answer.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "echo.hpp"
#include "handlers.hpp"
#include "net/shard_pool.hpp"
#include "socketio/server.hpp"
#include "web/http_server.hpp"

namespace {

using namespace togglecast;

constexpr std::size_t kDeepestJson = 512;  // protocol suites nest deeper than products need to

struct Times {
  Milliseconds ping_interval{300};
  Milliseconds ping_timeout{200};
  Milliseconds connect_timeout{1'000};
  Milliseconds upgrade_timeout{700};  ///< of /opts/
  Milliseconds recovery{2'000};       ///< of /recovery/: how long a client may be away
};
constexpr Times kUnhurried{Milliseconds{25'000}, Milliseconds{20'000}, Milliseconds{45'000}};
constexpr Times kPatient{Milliseconds{300}, Milliseconds{20'000}, Milliseconds{45'000}, Milliseconds{10'000}};
// Who is gone is missed soon, and may come back late.
constexpr Times kRecovering{Milliseconds{300}, Milliseconds{2'000}, Milliseconds{45'000},
                            Milliseconds{10'000}, Milliseconds{8'000}};

engineio::Options wide_engine(const Times& times) {
  engineio::Options options;
  options.ping_interval = times.ping_interval;
  options.ping_timeout = times.ping_timeout;
  options.max_payload = 1'000'000;
  options.fragments_per_message = 0;
  options.packets_per_payload = 100'000;
  options.polling_backlog = 64 << 20;
  options.stream.backlog_bytes = 64 << 20;
  options.cors.any_origin = true;
  return options;
}

socketio::Options wide_socketio(const Times& times) {
  socketio::Options options;
  options.engine = wide_engine(times);
  options.connect_timeout = times.connect_timeout;
  options.decoder.json.depth = kDeepestJson;
  options.decoder.json.infinities = true;
  return options;
}

socketio::Options with_recovery(const Times& times) {
  socketio::Options options = wide_socketio(times);
  options.recovery = [away = times.recovery] {
    return socketio::memory_recovery({.max_disconnection = away});
  };
  return options;
}

socketio::Options with_rules(const Times& times) {
  socketio::Options options = wide_socketio(times);
  auto& engine = options.engine;
  engine.ping_interval = Milliseconds{25'000};
  engine.ping_timeout = Milliseconds{20'000};
  engine.max_payload = 10'000;
  engine.per_message_deflate.enabled = true;
  engine.upgrade_timeout = times.upgrade_timeout;
  engine.cookie = "io";
  engine.cors = {};
  engine.cors.origins = {"https://app.example"};
  engine.cors.credentials = true;
  engine.cors.allowed_headers = {"x-test"};
  engine.allow_request = [](const wire::http::Request& request,
                            const web::Peer&) -> std::optional<engineio::Refusal> {
    if (request.query.value("deny") == "1") return engineio::Refusal{"denied by rule"};
    return std::nullopt;
  };
  return options;
}

std::optional<std::uint16_t> port_argument(int count, char** values) {
  for (int i = 1; i + 1 < count; ++i) {
    if (std::strcmp(values[i], "--port") == 0)
      return static_cast<std::uint16_t>(std::strtoul(values[i + 1], nullptr, 10));
  }
  return std::nullopt;
}

bool has_argument(int count, char** values, const char* name) {
  return std::any_of(values + 1, values + count,
                     [name](const char* value) { return std::strcmp(value, name) == 0; });
}

Times times_for(int count, char** values) {
  if (has_argument(count, values, "--unhurried")) return kUnhurried;
  if (has_argument(count, values, "--recovering")) return kRecovering;
  return has_argument(count, values, "--patient") ? kPatient : Times{};
}

}  // namespace

int main(int count, char** values) {
  const auto port = port_argument(count, values);
  if (!port) {
    std::fprintf(stderr, "usage: conformance-server --port PORT [--unhurried | --patient | --recovering]\n");
    return 2;
  }
  const Times times = times_for(count, values);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  net::ShardPool shards;
  const auto engine = conformance::engine_echo(shards, wide_engine(times));
  socketio::Server plain(shards, wide_socketio(times));
  socketio::Server recovering(shards, with_recovery(times));
  socketio::Server ruled(shards, with_rules(times));
  for (auto* io : {&plain, &recovering, &ruled}) conformance::register_namespaces(*io);

  web::Router router;
  engine->mount(router, "/engine.io/");
  plain.mount(router);
  recovering.mount(router, "/recovery/");
  ruled.mount(router, "/opts/");
  conformance::mount_websocket_echo(router, "/ws-echo/", shards);

  web::HttpServer http(shards, std::move(router));
  const auto bound = shards.listen({.port = *port}, http.accept_handler());
  if (!bound) {
    std::fprintf(stderr, "%s\n", bound.error().message.c_str());
    return 1;
  }
  shards.start();
  std::printf("listening on %u\n", *bound);
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  shards.stop_listening();
  for (auto* io : {&plain, &recovering, &ruled}) io->close();
  engine->close_all();
  http.close_all();
  shards.stop();
  return 0;
}
