#include "web/http_server.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/random.hpp"
#include "web/http_connection.hpp"

namespace togglecast::web {

HttpServer::Shared::Shared(net::ShardPool& pool, Router routes, HttpOptions settings, RefusalLog log)
    : shards(pool),
      router(std::move(routes)),
      options(std::move(settings)),
      log_refused(std::move(log)),
      connections(pool.size()) {
  stream_limits.stall = options.stall_timeout;
  SystemRandom random;
  request_prefix = random_token(random, 6) + "-";  // numbers alone would repeat after a restart
  const auto seconds = std::chrono::floor<std::chrono::seconds>(options.keep_alive_timeout).count();
  if (seconds > 0) keep_alive = "timeout=" + std::to_string(seconds);
}

void HttpCounters::count_refused(unsigned status) noexcept {
  ++refused_requests;
  const auto* const found = std::find(kRefusals.begin(), kRefusals.end(), status);
  if (found != kRefusals.end()) ++refused[static_cast<std::size_t>(found - kRefusals.begin())];
}

HttpServer::HttpServer(net::ShardPool& shards, Router router, HttpOptions options, RefusalLog log_refused)
    : shared_(
          std::make_shared<Shared>(shards, std::move(router), std::move(options), std::move(log_refused))) {}

HttpServer::~HttpServer() {
  shared_->closed.store(true, std::memory_order_relaxed);
  for (auto& connections : shared_->connections) connections.clear();  // they hold what they are kept in
}

net::AcceptHandler HttpServer::accept_handler() {
  return [shared = shared_](net::Shard& shard, net::StreamPtr stream) {
    if (shared->closed.load(std::memory_order_relaxed)) {
      stream->abort();  // its shard would keep it open
      return;
    }
    std::string address = stream->peer().address().to_string();
    auto owned = std::make_unique<HttpConnection>(shared, std::move(stream), std::move(address));
    HttpConnection& connection = *owned;
    shared->connections[shard.index()].emplace(&connection, std::move(owned));
    connection.start();
  };
}

void HttpServer::stop_keeping_alive() noexcept { shared_->draining.store(true, std::memory_order_relaxed); }

void HttpServer::refuse_newcomers() noexcept {
  shared_->refuses_newcomers.store(true, std::memory_order_relaxed);
}

void HttpServer::drain() {
  stop_keeping_alive();
  shared_->shards.post_to_all([shared = shared_](net::Shard& shard) {
    std::vector<HttpConnection*> open;
    for (auto& entry : shared->connections[shard.index()]) open.push_back(entry.first);
    for (HttpConnection* connection : open) connection->drain();
  });
}

void HttpServer::close_all() {
  shared_->draining.store(true, std::memory_order_relaxed);
  shared_->closed.store(true, std::memory_order_relaxed);
  shared_->shards.run_on_all([shared = shared_](net::Shard& shard) {
    std::vector<HttpConnection*> open;
    for (auto& entry : shared->connections[shard.index()]) open.push_back(entry.first);
    for (HttpConnection* connection : open) connection->cut();
  });
}

const HttpCounters& HttpServer::counters() const noexcept { return shared_->counters; }

}  // namespace togglecast::web
