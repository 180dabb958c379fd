// A small program on the Socket.IO library alone, for protocol suites and official clients to run against.
//
//   conformance-server --port 3000
//
// Its time limits are short, so that suites need not wait for them. With `--brief` they are as long as a busy
// machine needs to do anything before they pass: for tests that wait for their end. `--unhurried` gives
// clients the time that products give them: for suites that are not about time, on machines that are busy.
// `--patient` pings as often as without it, and waits long for the answer.
//
// `--adapter redis|sharded|streams --redis-url URL` makes /socket.io/ a server of a cluster, together with
// other such programs and with Node's servers. With `streams`, it recovers connections. With `sharded`,
// `--subscription-mode static|dynamic|dynamic-private` says which rooms have channels of their own.
// `--emitter-bridge NAMESPACES`, a list like `/,/custom`, lets programs that are no servers emit to its
// clients.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/emitter_bridge.hpp"
#include "adapters/redis_adapters.hpp"
#include "cluster/redis/client.hpp"
#include "cluster/redis/options.hpp"
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
constexpr Times kBrief{Milliseconds{300}, Milliseconds{3'000}, Milliseconds{3'000}, Milliseconds{2'000}};
constexpr Times kUnhurried{Milliseconds{25'000}, Milliseconds{20'000}, Milliseconds{45'000}};
constexpr Times kPatient{Milliseconds{300}, Milliseconds{20'000}, Milliseconds{45'000}, Milliseconds{10'000}};
// Who is gone is missed soon, and may come back late.
constexpr Times kRecovering{Milliseconds{300}, Milliseconds{5'000}, Milliseconds{45'000},
                            Milliseconds{10'000}, Milliseconds{8'000}};

constexpr Milliseconds kClusterRecovery{
    60'000};  // with `--adapter streams`, as Node's server of the suite has it

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

constexpr const char* kUsage =
    "usage: conformance-server --port PORT [--brief | --unhurried | --patient | --recovering]\n"
    "         [--adapter redis|sharded|streams] [--subscription-mode static|dynamic|dynamic-private]\n"
    "         [--emitter-bridge NAMESPACES] [--redis-url URL]\n"
    "\n"
    "  --adapter            /socket.io/ is one server of a cluster over Redis\n"
    "  --subscription-mode  of the sharded adapter: which rooms have a channel of their own [dynamic]\n"
    "  --emitter-bridge     clients of these namespaces (such as /,/custom) get what others emit over Redis\n"
    "  --redis-url          of both: redis://[user[:password]@]host[:port], unix://path and the like\n";

struct Arguments {
  std::uint16_t port = 0;
  Times times{};
  std::string adapter{};
  std::optional<adapters::SubscriptionMode> mode{};
  std::string redis_url{};
  std::vector<std::string> bridged{};
};

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "conformance-server: %s\n%s", why.c_str(), kUsage);
  std::exit(2);
}

std::uint16_t read_port(const std::string& text) {
  char* end = nullptr;
  const unsigned long port = std::strtoul(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || port > 65'535) refuse("--port must be a number up to 65535");
  return static_cast<std::uint16_t>(port);
}

adapters::SubscriptionMode read_mode(const std::string& text) {
  if (text == "static") return adapters::SubscriptionMode::fixed;
  if (text == "dynamic") return adapters::SubscriptionMode::dynamic;
  if (text == "dynamic-private") return adapters::SubscriptionMode::dynamic_private;
  refuse("--subscription-mode must be static, dynamic or dynamic-private");
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    parts.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return parts;
}

Arguments read_arguments(int count, char** values) {
  Arguments arguments;
  bool has_port = false;
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    const auto value = [&]() -> std::string {
      if (++i >= count) refuse(name + " needs a value");
      return values[i];
    };
    if (name == "--port") {
      arguments.port = read_port(value());
      has_port = true;
    } else if (name == "--unhurried") {
      arguments.times = kUnhurried;
    } else if (name == "--brief") {
      arguments.times = kBrief;
    } else if (name == "--patient") {
      arguments.times = kPatient;
    } else if (name == "--recovering") {
      arguments.times = kRecovering;
    } else if (name == "--adapter") {
      arguments.adapter = value();
    } else if (name == "--subscription-mode") {
      arguments.mode = read_mode(value());
    } else if (name == "--redis-url") {
      arguments.redis_url = value();
    } else if (name == "--emitter-bridge") {
      arguments.bridged = split(value());
    } else {
      refuse("unknown option " + name);
    }
  }
  if (!has_port) refuse("--port is missing");
  const bool uses_redis = !arguments.adapter.empty() || !arguments.bridged.empty();
  if (uses_redis != !arguments.redis_url.empty())
    refuse("--redis-url goes with --adapter or --emitter-bridge, and they with it");
  if (arguments.mode && arguments.adapter != "sharded")
    refuse("--subscription-mode goes with --adapter sharded");
  return arguments;
}

std::unique_ptr<cluster::redis::Client> open_redis(const std::string& url) {
  cluster::redis::ClientOptions options;
  auto address = cluster::redis::parse_address(url);
  if (!address) refuse("--redis-url: " + address.error().message);
  options.address = *std::move(address);
  options.longest_pause = Milliseconds{500};  // suites wait for it
  auto client = cluster::redis::open_client(options, nullptr);
  if (!client) refuse("--redis-url: " + client.error().message);
  return *std::move(client);
}

adapters::AdapterFactory adapter_for(const Arguments& arguments, cluster::redis::Client& client,
                                     const adapters::CountersPtr& counters, observe::Log& log) {
  const adapters::ClusterOptions cluster{.counters = counters, .log = log};
  if (arguments.adapter == "redis") return adapters::classic_adapter(client, cluster);
  if (arguments.adapter == "sharded") {
    const auto mode = arguments.mode.value_or(adapters::SubscriptionMode::dynamic);
    return adapters::sharded_adapter(client, {.cluster = cluster, .mode = mode});
  }
  if (arguments.adapter == "streams") {
    return adapters::streams_adapter(client, {.cluster = cluster, .recovery = kClusterRecovery});
  }
  refuse("--adapter must be redis, sharded or streams");
}

}  // namespace

int main(int count, char** values) {
  const Arguments arguments = read_arguments(count, values);
  const Times& times = arguments.times;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  observe::Log log({.level = observe::Level::warn});
  const auto counters = std::make_shared<adapters::Counters>();
  std::unique_ptr<cluster::redis::Client> redis;     // of the adapter
  std::unique_ptr<cluster::redis::Client> bridging;  // of the bridge
  if (!arguments.redis_url.empty()) redis = open_redis(arguments.redis_url);

  net::ShardPool shards;
  const auto engine = conformance::engine_echo(shards, wide_engine(times));
  socketio::Options plain_options = wide_socketio(times);
  if (!arguments.adapter.empty()) plain_options.adapter = adapter_for(arguments, *redis, counters, log);
  socketio::Server plain(shards, plain_options);
  socketio::Server recovering(shards, with_recovery(times));
  socketio::Server ruled(shards, with_rules(times));
  for (auto* io : {&plain, &recovering, &ruled}) conformance::register_namespaces(*io, counters);

  std::unique_ptr<adapters::EmitterBridge> bridge;
  if (!arguments.bridged.empty()) {
    bridging = redis->open_another();
    std::vector<socketio::LocalNode*> namespaces;
    for (const auto& name : arguments.bridged) namespaces.push_back(&plain.of(name));
    auto opened = adapters::EmitterBridge::open(*bridging, namespaces, {.counters = counters, .log = log});
    if (!opened) refuse("--emitter-bridge: " + opened.error().message);
    bridge = *std::move(opened);
  }

  web::Router router;
  engine->mount(router, "/engine.io/");
  plain.mount(router);
  recovering.mount(router, "/recovery/");
  ruled.mount(router, "/opts/");
  conformance::mount_websocket_echo(router, "/ws-echo/", shards);

  web::HttpServer http(shards, std::move(router));
  const auto bound = shards.listen({.port = arguments.port}, http.accept_handler());
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
  bridge.reset();
  for (auto* io : {&plain, &recovering, &ruled}) io->close();
  engine->close_all();
  http.close_all();
  if (redis != nullptr) adapters::flush(*redis, Milliseconds{2'000});
  shards.stop();
  for (auto* client : {redis.get(), bridging.get()}) {
    if (client != nullptr) client->stop();
  }
  return 0;
}
