// What a server answers while its start waits for the database: it lives, it is not ready, and everything
// else gets 503. So probes and balancers see a server that starts, and not one that is missing.
//
//   GET /healthz   200 {"status": "ok"}
//   GET /readyz    503 {"status": "store_away"}
//
// Thread rule: one thread.
#pragma once

#include <memory>

#include "app/config/settings.hpp"
#include "base/error.hpp"
#include "net/shard_pool.hpp"
#include "net/tls_context.hpp"
#include "observe/log.hpp"
#include "web/http_server.hpp"

namespace togglecast::app {

class WaitingRoom {
 public:
  /// `tls` null: plain HTTP. The log must outlive it.
  WaitingRoom(const Settings& settings, std::shared_ptr<net::TlsContext> tls, observe::Log& log);
  WaitingRoom(const WaitingRoom&) = delete;
  WaitingRoom& operator=(const WaitingRoom&) = delete;
  /// The port is free again afterwards.
  ~WaitingRoom();

  /// Nothing to do with `--port 0`: nobody knows the port yet.
  [[nodiscard]] Result<void> open();

 private:
  const Settings& settings_;
  std::shared_ptr<net::TlsContext> tls_;
  net::ShardPool shards_;
  web::HttpServer http_;
  bool open_ = false;
};

}  // namespace togglecast::app
