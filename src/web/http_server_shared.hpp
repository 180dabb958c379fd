// The state that an HTTP server shares with its connections. Internal to `web`.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "web/http_server.hpp"
#include "web/router.hpp"

namespace togglecast::web {

class HttpConnection;

/// Thread rule: the counters and flags from any thread, each shard's connections on that shard.
struct HttpServer::Shared : std::enable_shared_from_this<HttpServer::Shared> {
  Shared(net::ShardPool& pool, Router routes, HttpOptions settings, RefusalLog log);

  net::ShardPool& shards;
  Router router;
  HttpOptions options;
  net::StreamLimits stream_limits{};  // of connections until they are upgraded
  RefusalLog log_refused;
  HttpCounters counters;
  std::atomic<bool> draining{false};
  std::atomic<bool> refuses_newcomers{false};
  std::atomic<bool> closed{false};  // no connection may come any more
  std::atomic<bool> told_of_ignored_header{false};
  std::atomic<std::uint64_t> request_numbers{0};
  std::string request_prefix;
  std::string keep_alive;  // `timeout=75`; empty below one second
  /// Per shard, touched only there.
  std::vector<std::unordered_map<HttpConnection*, std::unique_ptr<HttpConnection>>> connections;
};

}  // namespace togglecast::web
