// The whole house: built in order, from the store up to the listeners, and taken down in reverse.
//
//   auto house = Container::build(settings, ground, first_login);   // loads; nothing listens yet
//   auto bound = (*house)->listen();
//   (*house)->serve();
//   (*house)->stop();
//
// Thread rule: one thread.
#pragma once

#include <memory>
#include <optional>

#include "app/address_limits.hpp"
#include "app/first_login.hpp"
#include "app/ground.hpp"
#include "app/refusal_log.hpp"
#include "app/settings.hpp"
#include "http_api/api.hpp"
#include "net/memory_trim.hpp"
#include "net/shard_pool.hpp"
#include "net/tls_context.hpp"
#include "realtime/realtime.hpp"
#include "service/product.hpp"
#include "socketio/server.hpp"
#include "web/http_server.hpp"

namespace togglecast::app {

class Container {
 public:
  /// Reads the certificate, if there is one, then locks and loads the data folder. Errors are sentences for
  /// the person at the terminal. `ground` and `first_login` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Container>> build(const Settings& settings, Ground& ground,
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
  /// Takes no more, sends everybody away to come back, answers what was asked, closes the store.
  void stop();

  [[nodiscard]] const service::Product& product() const noexcept { return *product_; }

 private:
  Container(const Settings& settings, Ground& ground, std::shared_ptr<net::TlsContext> tls,
            std::unique_ptr<service::Product> product, const FirstLogin& first_login);
  [[nodiscard]] web::Router public_routes();
  [[nodiscard]] web::Router metrics_routes();
  void send_everybody_away();
  void wait_for_answers() const;

  Settings settings_;
  Ground& ground_;
  std::shared_ptr<net::TlsContext> tls_;  // null: plain HTTP
  net::ShardPool shards_;
  net::MemoryTrim trim_;
  std::unique_ptr<service::Product> product_;
  service::ChangeFeed::Subscription first_login_;
  RefusalLog refusals_;
  AddressLimits limits_;
  socketio::Server io_;
  realtime::Realtime realtime_;
  http_api::Api api_;
  web::HttpServer http_;
  web::HttpServer metrics_http_;
  bool running_ = false;
  bool stopped_ = false;
};

}  // namespace togglecast::app
