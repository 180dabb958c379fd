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
// Thread rule: handlers run on the shard of the request, which is never kept long: `work` hands what takes
// time to a worker. Answering works from any thread; what is answered is written down where `answer` is
// called, and sent by the shard.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http_api/request/api.hpp"
#include "http_api/request/route.hpp"
#include "service/accounts/principal.hpp"
#include "service/listing/listing.hpp"
#include "web/exchange.hpp"

namespace togglecast::http_api {

struct Answer {
  unsigned status = 200;
  std::optional<json::value> body{};
  std::optional<domain::Revision> revision{};  ///< unset: the newest one of the caller's environment
  std::string etag{};                          ///< see `entity_tag`; empty: none
  std::string location{};
  bool replayed = false;
};

/// The tag of one entity of this revision, without quotes: `If-Match` and `If-None-Match` name it.
[[nodiscard]] inline std::string entity_tag(domain::Revision revision) { return std::to_string(revision); }

class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(Api& api, const Route& route, std::size_t meter, web::ExchangePtr exchange);

  [[nodiscard]] const wire::http::Request& request() const noexcept { return exchange_->request(); }
  [[nodiscard]] const web::Peer& peer() const noexcept { return exchange_->peer(); }
  [[nodiscard]] Api& api() const noexcept { return api_; }
  [[nodiscard]] service::Application& application() const noexcept { return api_.application(); }
  [[nodiscard]] const Route& route() const noexcept { return route_; }
  /// Whose good token came along: on routes for admins, an admin.
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
  /// `q`, `sort`, `cursor`, `limit` and the filters of these names.
  [[nodiscard]] Result<service::PageQuery> page_query(const std::vector<std::string_view>& filters) const;
  /// A number among the query parameters.
  [[nodiscard]] Result<std::int64_t> number(std::string_view parameter, std::int64_t otherwise,
                                            std::int64_t least, std::int64_t most) const;
  /// `true` or `false` among the query parameters.
  [[nodiscard]] Result<bool> flag(std::string_view parameter, bool otherwise) const;
  /// Refuses query parameters that the route does not have, and one that stands there twice.
  [[nodiscard]] Result<void> known_parameters() const;
  [[nodiscard]] Result<std::optional<domain::Revision>> min_revision() const;
  /// `If-None-Match` names this tag.
  [[nodiscard]] bool has_already(std::string_view etag) const;
  /// The tag of what this request reads, while all that it depends on has this version.
  [[nodiscard]] std::string tag(std::string_view version) const;
  /// The same, at a revision of an environment that it depends on alone.
  [[nodiscard]] std::string list_tag(const domain::Snapshot& snapshot) const;

  void answer(const Answer& answer);
  /// `more`: see `problem`.
  void refuse(const Error& error, unsigned status = 0, const json::object& more = {});
  /// Anything else. `code` lives forever.
  void respond(wire::http::Response response, std::string_view code = {});

  /// Runs `task` on the call's shard: at once when called there.
  void resume(std::function<void()> task) const;
  /// Runs `task` on a worker; refuses when too many wait for one.
  void work(std::function<void()> task) { work(application().workers(), std::move(task)); }
  /// The same, on workers of these.
  void work(changes::WorkerPool& workers, std::function<void()> task);

 private:
  friend class Api;
  [[nodiscard]] Result<json::value> parse_body() const;
  [[nodiscard]] std::optional<domain::Revision> newest_revision() const;
  void send(wire::http::Response response, std::string_view code);

  Api& api_;
  const Route& route_;
  std::size_t meter_;
  web::ExchangePtr exchange_;
  TimePoint began_;
  std::optional<service::Principal> who_;
};

}  // namespace togglecast::http_api
