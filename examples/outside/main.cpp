// Named counters that everybody sees move.
//
//   counters [port]        then, with the stock client:
//   const socket = io("http://localhost:3001");
//   socket.on("counted", ({ name, value }) => …);
//   socket.emit("watch", "apples", (value) => …);
//   socket.emit("add", "apples", 3, (value) => …);
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <togglecast/socketio.hpp>
#include <utility>

using namespace togglecast;
using socketio::Event;

namespace {

// Handlers run on one thread per core: what they share needs a lock.
class Counters {
 public:
  // Nothing when there are too many already.
  std::optional<std::int64_t> add(const std::string& name, std::int64_t by) {
    const std::lock_guard lock(mutex_);
    if (values_.size() >= 1'000 && !values_.contains(name)) return std::nullopt;
    return values_[name] += by;
  }
  json::object all() const {
    const std::lock_guard lock(mutex_);
    json::object object;
    for (const auto& [name, value] : values_) object[name] = value;
    return object;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> values_;
};

// What clients send may be anything.
std::string name_of(const Event& event) {
  if (event[0].is_string() && event[0].get_string().size() <= 40) return std::string(event[0].get_string());
  return {};
}
std::int64_t step_of(const Event& event) {
  const auto* step = event[1].if_int64();
  return step != nullptr && *step >= -1'000 && *step <= 1'000 ? *step : 0;
}

}  // namespace

int main(int count, char** values) {
  char* end = nullptr;
  const unsigned long port = count > 1 ? std::strtoul(values[1], &end, 10) : 3001;
  if (count > 2 || port > 65'535 || (end != nullptr && *end != '\0')) {
    std::fprintf(stderr, "usage: counters [port]\n");
    return 2;
  }
  sigset_t signals;  // blocked before the threads begin, so that only `sigwait` below gets them
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  // What others refer to comes first and goes last.
  Counters counters;
  observe::Log log;
  net::ShardPool shards(0, &log);
  socketio::Options options;
  options.log = &log;
  options.engine.cors.origins = {"http://localhost:8080"};
  socketio::Server io(shards, options);

  io.of("/")
      .on("watch",
          [&](Event& event) {
            const std::string name = name_of(event);
            const auto value = counters.add(name, 0);
            if (value && event.socket().join("counter:" + name)) event.ack(*value);
          })
      .on("add", [&](Event& event) {
        const std::string name = name_of(event);
        const auto value = counters.add(name, step_of(event));
        if (!value) return;
        io.to("counter:" + name).emit("counted", json::object{{"name", name}, {"value", *value}});
        event.ack(*value);
      });

  web::Router router;
  io.mount(router);  // at /socket.io/
  router.add(wire::http::Method::get, "/counters", [&](const web::ExchangePtr& exchange) {
    wire::http::Response response;
    response.headers.add("Content-Type", "application/json");
    response.body = json::serialize(counters.all());
    exchange->respond(std::move(response));
  });
  web::HttpServer http(shards, std::move(router));

  const auto bound = shards.listen({.port = static_cast<std::uint16_t>(port)}, http.accept_handler());
  if (!bound) {
    std::fprintf(stderr, "%s\n", bound.error().message.c_str());
    return 1;
  }
  shards.start();
  std::printf("counters on http://localhost:%u\n", *bound);
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  shards.stop_listening();
  io.close();
  http.close_all();
  shards.stop();
  return 0;
}
