// One request and its one answer. The reading calls check the request; their errors name the header,
// parameter or field.
//
//   void read_platform(const CallPtr& call) {
//     const auto id = call->id("id");
//     if (!id) return call->refuse(id.error());
//     …
//     call->answer({.body = …, .etag = …});
//   }
//
// Thread rule: a handler runs on the shard of the request and must return quickly; `work` runs slow tasks on
// a worker. `answer`, `refuse` and `respond` may be called on any thread. They serialize the answer there,
// and the shard sends it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/schema/version.hpp"
#include "http_api/request/api.hpp"
#include "http_api/request/route.hpp"
#include "service/accounts/principal.hpp"
#include "service/listing/listing.hpp"
#include "web/exchange.hpp"
#include "wire/http/entity_tags.hpp"

namespace togglecast::http_api {

struct Answer {
  unsigned status = 200;
  std::optional<json::value> body{};
  std::optional<std::string> text{};           ///< in place of `body`: its JSON
  std::optional<domain::Revision> revision{};  ///< unset: the newest revision of the caller's environment
  std::string etag{};                          ///< without quotes: see `tag_of`; empty: no ETag
  std::string location{};
  bool replayed = false;
  std::vector<std::string> cookies{};  ///< fields Set-Cookie
};

/// The ETag of an answer that was read from this state, `epoch.revision`.
[[nodiscard]] inline std::string tag_of(const domain::Snapshot& state) {
  return domain::to_string(domain::Version{state.head().epoch, state.revision()});
}

class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(Api& api, const Route& route, std::size_t meter, web::ExchangePtr exchange);

  [[nodiscard]] const wire::http::Request& request() const noexcept { return exchange_->request(); }
  [[nodiscard]] const web::Peer& peer() const noexcept { return exchange_->peer(); }
  [[nodiscard]] Api& api() const noexcept { return api_; }
  [[nodiscard]] service::Application& application() const noexcept { return api_.application(); }
  [[nodiscard]] const Route& route() const noexcept { return route_; }
  /// The principal of a valid token; on routes for admins, an admin. Requires `known()`.
  [[nodiscard]] const service::Principal& who() const noexcept { return *who_; }
  [[nodiscard]] bool known() const noexcept { return who_.has_value(); }
  /// The caller at its address, by which limits of readers count. Requires `known()`.
  [[nodiscard]] std::string reader() const;
  [[nodiscard]] std::string_view request_id() const noexcept { return exchange_->id(); }
  [[nodiscard]] net::Shard& shard() const noexcept { return exchange_->shard(); }

  /// The request has no body, or its Content-Type is JSON. A PATCH may also be a merge patch.
  [[nodiscard]] bool content_is_acceptable() const noexcept;
  /// A PATCH with `Content-Type: application/merge-patch+json` (RFC 7396).
  [[nodiscard]] bool is_merge_patch() const noexcept;
  /// A part of the path.
  [[nodiscard]] std::string_view parameter(std::string_view name) const { return exchange_->parameter(name); }
  /// An id in the path; `not_found` for anything else.
  [[nodiscard]] Result<domain::Id> id(std::string_view parameter) const;
  /// The body, a JSON object.
  [[nodiscard]] Result<json::value> body() const;
  /// The same; `{}` without a body.
  [[nodiscard]] Result<json::value> optional_body() const;
  /// `Idempotency-Key`, `If-Match`, and the parameters `confirm` and `force`.
  [[nodiscard]] Result<service::WriteOptions> write_options() const;
  /// `q`, `sort`, `cursor`, `limit` and these filters.
  [[nodiscard]] Result<service::PageQuery> page_query(const std::vector<std::string_view>& filters) const;
  /// A query parameter that is a number.
  [[nodiscard]] Result<std::int64_t> number(std::string_view parameter, std::int64_t otherwise,
                                            std::int64_t least, std::int64_t most) const;
  /// A query parameter that is `true` or `false`.
  [[nodiscard]] Result<bool> flag(std::string_view parameter, bool otherwise) const;
  /// Refuses unknown and repeated query parameters.
  [[nodiscard]] Result<void> known_parameters() const;
  /// A query parameter that is a revision, `42` or `1.42`; nothing without the parameter.
  [[nodiscard]] Result<std::optional<domain::NamedRevision>> revision(std::string_view parameter) const;
  /// `Togglecast-Min-Revision`; on routes of OFREP also `flagConfigEtag`, unless it is no revision.
  [[nodiscard]] Result<std::optional<domain::NamedRevision>> min_revision() const;
  /// Refuses a malformed `If-None-Match`.
  [[nodiscard]] Result<void> known_tags() const;
  /// The tags of `If-None-Match`; they point into the request. None when it is malformed.
  [[nodiscard]] const wire::http::EntityTags& sent_tags() const;
  /// `If-None-Match` contains this tag.
  [[nodiscard]] bool has_already(std::string_view etag) const { return held_coding(etag).has_value(); }
  /// The same, with what follows the tag there: the mark of the coding that the client holds, such as
  /// `-gzip`. A 304 names the tag with it, as the 200 would have (RFC 9110, 15.4.5). It points into the
  /// request.
  [[nodiscard]] std::optional<std::string_view> held_coding(std::string_view etag) const;
  /// The ETag of an answer that depends on the role: of what an owner sees, `version`; of a part, with the
  /// role behind it.
  [[nodiscard]] std::string tag_for_role(std::string version) const;

  /// A worker serializes a large answer.
  void answer(Answer answer);
  /// `status` and `more`: see `problem`. Routes of OFREP add its members.
  void refuse(const Error& error, unsigned status = 0, const json::object& more = {});
  /// Charges the reader for an answer of so many bytes before compression. `respond` does so for a `body`.
  void charge(std::size_t bytes) const;
  /// Answers 200 and goes on with server-sent events on this connection; null if the client has gone. On the
  /// call's shard.
  [[nodiscard]] net::StreamPtr begin_stream();
  /// Sends any other response. `code` must be a string constant; the log shows it.
  void respond(wire::http::Response response, std::string_view code = {});

  /// Runs `task` on the call's shard; within this call if it is already there.
  void resume(std::function<void()> task) const;
  /// Runs `task` on a worker; refuses the request when the queue of the workers is full.
  void work(std::function<void()> task) { work(application().workers(), std::move(task)); }
  /// The same, on these workers.
  void work(changes::WorkerPool& workers, std::function<void()> task);

 private:
  friend class Api;
  [[nodiscard]] bool has_content_type(std::string_view wanted) const noexcept;
  [[nodiscard]] Result<json::value> parse_body() const;
  void answer_here(Answer& answer);
  void add_revision_headers(wire::http::Headers& headers) const;
  void send(wire::http::Response response, std::string_view code);
  void send_here(wire::http::Response response, std::string_view code);

  Api& api_;
  const Route& route_;
  std::size_t meter_;
  web::ExchangePtr exchange_;
  TimePoint began_;
  std::optional<service::Principal> who_;
  mutable std::optional<wire::http::EntityTags> sent_tags_;  // once they were read
};

}  // namespace togglecast::http_api
