// One request on its way through the API, and its one answer. What can be wrong with a request is found by
// the reading calls, each of which names the header, parameter or field.
//
//   void read_platform(const CallPtr& call) {
//     const auto id = call->id("id");
//     if (!id) return call->refuse(id.error());
//     …
//     call->answer({.body = …, .etag = …});
//   }
//
// Thread rule: the shard of the request; services answer elsewhere and come back with `resume`.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http_api/api.hpp"
#include "http_api/routes.hpp"
#include "service/listing.hpp"
#include "service/principal.hpp"
#include "web/exchange.hpp"

namespace togglecast::http_api {

struct Answer {
  unsigned status = 200;
  std::optional<json::value> body{};
  std::optional<domain::Revision> revision{};  ///< unset: the newest one of the caller's environment
  std::optional<domain::Revision> etag{};      ///< revision of the one entity in the body
  std::string location{};
  bool replayed = false;
};

class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(Api& api, const Route& route, std::size_t meter, web::ExchangePtr exchange);

  [[nodiscard]] const wire::http::Request& request() const noexcept { return exchange_->request(); }
  [[nodiscard]] const web::Peer& peer() const noexcept { return exchange_->peer(); }
  [[nodiscard]] Api& api() const noexcept { return api_; }
  [[nodiscard]] service::Product& product() const noexcept { return api_.product(); }
  [[nodiscard]] const Route& route() const noexcept { return route_; }
  /// Set once the token was looked at.
  [[nodiscard]] const service::Principal& who() const noexcept { return *who_; }
  [[nodiscard]] bool known() const noexcept { return who_.has_value(); }
  [[nodiscard]] std::string_view request_id() const noexcept { return exchange_->id(); }
  [[nodiscard]] net::Shard& shard() const noexcept { return exchange_->shard(); }

  /// There is no body, or it says that it is JSON.
  [[nodiscard]] bool content_is_acceptable() const noexcept;
  /// A part of the path.
  [[nodiscard]] std::string_view parameter(std::string_view name) const { return exchange_->parameter(name); }
  /// A number in the path; a path without one names nothing.
  [[nodiscard]] Result<domain::Id> id(std::string_view parameter) const;
  /// The body, a JSON object.
  [[nodiscard]] Result<json::value> body() const;
  /// The same; `{}` when there is none.
  [[nodiscard]] Result<json::value> optional_body() const;
  /// `Idempotency-Key` and `If-Match`.
  [[nodiscard]] Result<service::WriteOptions> write_options() const;
  /// `after` and `limit`.
  [[nodiscard]] Result<service::PageQuery> page_query() const;
  /// A number among the query parameters.
  [[nodiscard]] Result<std::int64_t> number(std::string_view parameter, std::int64_t otherwise,
                                            std::int64_t least, std::int64_t most) const;
  /// Refuses query parameters that are not listed.
  [[nodiscard]] Result<void> only_parameters(std::initializer_list<std::string_view> names) const;
  [[nodiscard]] Result<std::optional<domain::Revision>> min_revision() const;
  /// `If-None-Match` names this revision of the entity.
  [[nodiscard]] bool has_already(domain::Revision etag) const;

  void answer(const Answer& answer);
  void refuse(const Error& error, unsigned status = 0);
  /// Anything else.
  void respond(wire::http::Response response, std::string_view code = {});

  /// Runs `task` on the call's shard: at once when called there.
  void resume(std::function<void()> task) const;

 private:
  friend class Api;
  [[nodiscard]] Result<json::value> parse_body() const;
  [[nodiscard]] std::optional<domain::Revision> newest_revision() const;

  Api& api_;
  const Route& route_;
  std::size_t meter_;
  web::ExchangePtr exchange_;
  TimePoint began_;
  std::optional<service::Principal> who_;
};

}  // namespace togglecast::http_api
