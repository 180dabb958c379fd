// The API over loopback, on the real store in a folder of its own, with cheap passwords.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api_client.hpp"
#include "http_api/request/api.hpp"
#include "http_api/routes.hpp"
#include "service/application.hpp"
#include "storage/sqlite/sqlite_store.hpp"
#include "support/temporary_folder.hpp"
#include "web/http_server.hpp"

namespace togglecast::testing {

inline constexpr const char* kOwnerPassword = "owner-password";

struct HouseOptions {
  http_api::Options api{};
  web::TrustedProxies proxies{};
  const Clock* clock = nullptr;  ///< instead of the system's
};

class ApiServer {
 public:
  explicit ApiServer(HouseOptions options = {}) : options_(std::move(options)) {
    auto store = storage::sqlite::SqliteStore::open(folder_.path());
    options_.api.environment = "production";
    service::ApplicationOptions application;
    application.environments = {"production"};
    application.admins.passwords = auth::kCheapPasswords;
    application.first_owner_password = [] { return Secret(kOwnerPassword); };
    application_ =
        service::Application::open(*std::move(store), application, clock_, random_, log_, metrics_).value();
    shards_ = std::make_unique<net::ShardPool>(2);
    api_ = std::make_unique<http_api::Api>(*shards_, http_api::routes(), *application_, options_.api, clock_,
                                           log_, metrics_);
    web::Router routes;
    api_->mount(routes);
    web::HttpOptions http;
    http.request_timeout = std::chrono::minutes{10};  // no test is about it, and a busy machine is late
    http.trusted_proxies = options_.proxies;
    http_ = std::make_unique<web::HttpServer>(*shards_, std::move(routes), http);
    web::Router metrics_routes;
    api_->mount_metrics(metrics_routes);
    metrics_http_ = std::make_unique<web::HttpServer>(*shards_, std::move(metrics_routes));
    port = shards_->listen({.addresses = {"127.0.0.1"}}, http_->accept_handler()).value();
    metrics_port = shards_->listen({.addresses = {"127.0.0.1"}}, metrics_http_->accept_handler()).value();
    api_->enter(http_api::Phase::serving);
    shards_->start();
  }
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;
  ~ApiServer() {
    application_->stop();
    http_->close_all();
    metrics_http_->close_all();
    shards_->stop();
    http_.reset();
    metrics_http_.reset();
    api_.reset();
    shards_.reset();
  }

  [[nodiscard]] http_api::Api& api() { return *api_; }
  [[nodiscard]] service::Application& application() { return *application_; }
  [[nodiscard]] std::string log() const {
    const std::scoped_lock lock(log_mutex_);
    return log_text_;
  }

  HttpReply get(const std::string& target, HttpHeaders headers = {}) const {
    return http(port, "GET", target, headers);
  }
  HttpReply send(const std::string& method, const std::string& target, HttpHeaders headers = {},
                 const std::string& body = {}) const {
    if (!body.empty()) headers.emplace_back("Content-Type", "application/json");
    return http(port, method, target, headers, body);
  }

  /// The header that lets one in.
  [[nodiscard]] HttpHeaders owner() const { return login(std::string(service::kFirstOwner), kOwnerPassword); }
  [[nodiscard]] HttpHeaders login(const std::string& username, const std::string& password) const {
    const auto reply = send("POST", "/api/v1/auth/login", {},
                            R"({"username":")" + username + R"(","password":")" + password + "\"}");
    EXPECT_EQ(reply.status, 200U) << reply.body;
    return bearer(json::string_or_empty(reply.parsed(), "token"));
  }
  [[nodiscard]] static HttpHeaders bearer(std::string_view token) {
    return {{"Authorization", "Bearer " + std::string(token)}};
  }
  /// An admin of another role, logged in.
  [[nodiscard]] HttpHeaders admin(const std::string& username, domain::Role role) {
    std::promise<bool> made;
    application_->admins().create(
        service::Principal::server("system"), username, role, Secret("some-password"), {},
        [&made](const Result<changes::Written>& written) { made.set_value(written.has_value()); });
    EXPECT_TRUE(made.get_future().get());
    return login(username, "some-password");
  }
  /// The token of a new client.
  [[nodiscard]] HttpHeaders client(const HttpHeaders& owner, const std::string& key = "shop") const {
    const auto made = send("POST", "/api/v1/clients", owner, R"({"key":")" + key + R"(","name":"Shop"})");
    const auto token = send("POST", made.header("location") + "/tokens", owner);
    EXPECT_EQ(token.status, 201U) << token.body;
    return bearer(json::string_or_empty(token.parsed(), "token"));
  }

  std::uint16_t port = 0;
  std::uint16_t metrics_port = 0;

 private:
  HouseOptions options_;
  TemporaryFolder folder_;
  SystemClock system_clock_;
  const Clock& clock_ = options_.clock == nullptr ? system_clock_ : *options_.clock;
  SystemRandom random_;
  observe::Metrics metrics_;
  mutable std::mutex log_mutex_;
  std::string log_text_;
  observe::Log log_{{.level = observe::Level::debug},
                    [this](std::string_view line) {
                      const std::scoped_lock lock(log_mutex_);
                      log_text_.append(line).append("\n");
                    },
                    clock_};
  std::unique_ptr<service::Application> application_;
  std::unique_ptr<net::ShardPool> shards_;
  std::unique_ptr<http_api::Api> api_;
  std::unique_ptr<web::HttpServer> http_;
  std::unique_ptr<web::HttpServer> metrics_http_;
};

inline HttpHeaders with(HttpHeaders headers, const std::string& name, const std::string& value) {
  headers.emplace_back(name, value);
  return headers;
}

/// `code` of a problem, having checked that all of its forms say the same.
inline std::string code_of(const HttpReply& reply) {
  EXPECT_EQ(reply.header("content-type"), "application/problem+json") << reply.body;
  const json::value body = reply.parsed();
  const std::string code(json::string_or_empty(body, "code"));
  EXPECT_EQ(json::find(body, "status")->as_int64(), static_cast<std::int64_t>(reply.status));
  EXPECT_EQ(json::string_or_empty(*json::find(body, "error"), "code"), code);
  EXPECT_EQ(json::string_or_empty(body, "request_id"), reply.header("x-request-id"));
  return code;
}

/// The first rejected field, as `/key`.
inline std::string pointer_of(const HttpReply& reply) {
  const json::value body = reply.parsed();
  const json::value* errors = json::find(body, "errors");
  return errors == nullptr ? "" : std::string(json::string_or_empty(errors->as_array().at(0), "pointer"));
}

}  // namespace togglecast::testing
