// The whole server: built in order, from the store up to the listeners, and taken down in reverse.
//
//   auto server = Container::build(settings, runtime, first_login);   // loads; nothing listens yet
//   auto bound = (*server)->listen();
//   (*server)->serve();
//   (*server)->stop();
//
// Thread rule: one thread.
#pragma once

#include <memory>
#include <optional>

#include "app/cluster_link.hpp"
#include "app/config/settings.hpp"
#include "app/first_login.hpp"
#include "app/process/address_limits.hpp"
#include "app/process/packet_log.hpp"
#include "app/process/refusal_log.hpp"
#include "app/process/runtime.hpp"
#include "app/store_choice.hpp"
#include "http_api/request/api.hpp"
#include "http_api/routes.hpp"
#include "http_api/streams/streams.hpp"
#include "net/memory_trim.hpp"
#include "net/shard_pool.hpp"
#include "net/tls_context.hpp"
#include "nodes/nodes.hpp"
#include "realtime/realtime.hpp"
#include "service/application.hpp"
#include "socketio/server.hpp"
#include "web/http_server.hpp"

namespace togglecast::app {

class Container {
 public:
  /// Reads the certificate, if there is one, then locks and loads the data folder. Errors are sentences for
  /// the person at the terminal. `runtime` and `first_login` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Container>> build(const Settings& settings, Runtime& runtime,
                                                                FirstLogin& first_login);
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;
  ~Container();

  struct Bound {
    std::uint16_t port = 0;
    std::optional<std::uint16_t> metrics_port;
  };
  [[nodiscard]] Result<Bound> listen();
  void serve();
  /// Reads certificate and key again, for the handshakes to come; says in the log how that went.
  void reload_certificate();
  /// Drains (`drain.hpp`), then closes the store. The listener for metrics serves until then.
  void stop();

  [[nodiscard]] const service::Application& application() const noexcept { return *application_; }

 private:
  Container(const Settings& settings, Runtime& runtime, std::shared_ptr<net::TlsContext> tls, OpenStore store,
            std::unique_ptr<service::Application> application, std::unique_ptr<ClusterLink> link,
            const FirstLogin& first_login);
  [[nodiscard]] web::Router public_routes();
  [[nodiscard]] web::Router metrics_routes();
  [[nodiscard]] web::HttpOptions public_http_options();

  Settings settings_;
  Runtime& runtime_;
  std::shared_ptr<net::TlsContext> tls_;  // null: plain HTTP
  net::ShardPool shards_;
  net::ShardPool metrics_shard_;  // serves --metrics-listen, however busy the others are
  net::MemoryTrim trim_;
  OpenStore store_;  // what outlives the store itself, which the application has
  std::unique_ptr<service::Application> application_;
  std::unique_ptr<ClusterLink> link_;
  nodes::Nodes nodes_;
  std::unique_ptr<storage::postgres::Listener> listener_;  // null: none
  changes::ChangeFeed::Subscription first_login_;
  RefusalLog refusals_;
  std::unique_ptr<PacketLog> packets_;
  AddressLimits limits_;
  socketio::Server io_;
  realtime::Realtime realtime_;
  http_api::Streams streams_;
  http_api::Api api_;
  web::HttpServer http_;
  web::HttpServer metrics_http_;
  bool running_ = false;
  bool stopped_ = false;
};

}  // namespace togglecast::app
