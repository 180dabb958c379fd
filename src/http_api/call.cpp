#include "http_api/call.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "http_api/problem.hpp"
#include "wire/http/text.hpp"

namespace togglecast::http_api {
namespace {

using wire::http::equal_ignoring_case;
using wire::http::trimmed;

// Digits and nothing else; nothing when out of range.
std::optional<std::int64_t> read_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || text.front() == '-' || error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

std::string etag_text(domain::Revision revision) { return '"' + std::to_string(revision) + '"'; }

}  // namespace

Call::Call(Api& api, const Route& route, std::size_t meter, web::ExchangePtr exchange)
    : api_(api), route_(route), meter_(meter), exchange_(std::move(exchange)), began_(api.clock().now()) {}

bool Call::content_is_acceptable() const noexcept {
  if (request().body.empty()) return true;
  const std::string_view type = request().headers.value("Content-Type");
  return equal_ignoring_case(trimmed(type.substr(0, type.find(';'))), "application/json");
}

Result<domain::Id> Call::id(std::string_view parameter) const {
  const std::string_view text = exchange_->parameter(parameter);
  const domain::Id id = domain::parse_id(text);
  if (id == 0) return fail(Errc::not_found, "'" + std::string(text) + "' is not an id");
  return id;
}

Result<json::value> Call::parse_body() const {
  const auto& request = exchange_->request();
  auto body = json::parse(request.body);
  if (!body) {
    Error error = body.error();
    error.message = "the body is not JSON: " + error.message;
    return tl::unexpected(std::move(error));
  }
  if (!body->is_object()) return fail_field("", "the body must be a JSON object");
  return body;
}

Result<json::value> Call::body() const {
  if (request().body.empty()) return fail(Errc::parse_error, "the request needs a body: a JSON object");
  return parse_body();
}

Result<json::value> Call::optional_body() const {
  if (request().body.empty()) return json::value(json::object{});
  return parse_body();
}

Result<service::WriteOptions> Call::write_options() const {
  const auto& headers = request().headers;
  service::WriteOptions options;
  options.source = service::Source::rest;
  options.request_id = request_id();
  options.idempotency_key = headers.value("Idempotency-Key");
  if (options.idempotency_key.empty() && headers.contains("Idempotency-Key"))
    return fail(Errc::invalid_argument, "the header Idempotency-Key is empty");
  const std::string_view match = trimmed(headers.value("If-Match"));
  if (match.empty() || match == "*") return options;
  const bool quoted = match.size() > 2 && match.front() == '"' && match.back() == '"';
  const auto revision = quoted ? read_number(match.substr(1, match.size() - 2)) : std::nullopt;
  if (!revision)
    return fail(Errc::invalid_argument, "the header If-Match must be one ETag of the entity, such as \"42\"");
  options.if_revision = *revision;
  return options;
}

Result<service::PageQuery> Call::page_query() const {
  if (auto ok = only_parameters({"after", "limit"}); !ok) return tl::unexpected(ok.error());
  const service::PageQuery defaults;
  const auto after = number("after", defaults.after, 0, domain::kMaxId - 1);
  if (!after) return tl::unexpected(after.error());
  const auto limit = number("limit", static_cast<std::int64_t>(defaults.limit), 1, service::kMaxPage);
  if (!limit) return tl::unexpected(limit.error());
  return service::PageQuery{.after = *after, .limit = static_cast<std::size_t>(*limit)};
}

Result<std::int64_t> Call::number(std::string_view parameter, std::int64_t otherwise, std::int64_t least,
                                  std::int64_t most) const {
  if (!request().query.contains(parameter)) return otherwise;
  const auto number = read_number(request().query.value(parameter));
  if (!number || *number < least || *number > most)
    return fail(Errc::invalid_argument, "the parameter " + std::string(parameter) +
                                            " must be a number from " + std::to_string(least) + " to " +
                                            std::to_string(most));
  return *number;
}

Result<void> Call::only_parameters(std::initializer_list<std::string_view> names) const {
  for (const auto& [name, value] : request().query.parameters()) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::string known;
    for (const std::string_view one : names) known.append(known.empty() ? "" : ", ").append(one);
    return fail(Errc::invalid_argument, "there is no parameter '" + name + "' here; known are " + known);
  }
  return {};
}

Result<std::optional<domain::Revision>> Call::min_revision() const {
  const std::string_view text = trimmed(request().headers.value("Togglecast-Min-Revision"));
  if (text.empty()) return std::nullopt;
  const auto revision = read_number(text);
  if (!revision || *revision > domain::kMaxId)
    return fail(Errc::invalid_argument, "the header Togglecast-Min-Revision must be a revision, such as 42");
  return *revision;
}

bool Call::has_already(domain::Revision etag) const {
  const std::string wanted = etag_text(etag);
  for (const auto& [name, value] : request().headers.fields()) {
    if (!equal_ignoring_case(name, "If-None-Match")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      std::string_view one = trimmed(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      if (one.starts_with("W/")) one.remove_prefix(2);
      if (one == wanted || one == "*") return true;
    }
  }
  return false;
}

std::optional<domain::Revision> Call::newest_revision() const {
  if (!who_) return std::nullopt;
  const auto current = api_.product().model().current(who_->environment);
  if (current == nullptr) return std::nullopt;
  return current->revision();
}

void Call::answer(const Answer& answer) {
  wire::http::Response response;
  response.status = answer.status;
  if (const auto revision = answer.revision ? answer.revision : newest_revision())
    response.headers.add("Togglecast-Revision", std::to_string(*revision));
  response.headers.add("Cache-Control", "no-store");
  if (answer.etag) response.headers.add("ETag", etag_text(*answer.etag));
  if (!answer.location.empty()) response.headers.add("Location", answer.location);
  if (answer.replayed) response.headers.add("Idempotency-Replayed", "true");
  if (answer.etag && route_.method == wire::http::Method::get && has_already(*answer.etag)) {
    response.status = 304;
  } else if (answer.body) {
    response.headers.add("Content-Type", "application/json");
    response.body = json::serialize(*answer.body);
  }
  respond(std::move(response));
}

void Call::refuse(const Error& error, unsigned status) {
  auto response = problem(error, request_id(), status);
  if (const auto revision = newest_revision())
    response.headers.add("Togglecast-Revision", std::to_string(*revision));
  respond(std::move(response), to_string(error.code));
}

void Call::respond(wire::http::Response response, std::string_view code) {
  const unsigned status = response.status;
  response.headers.add("X-Content-Type-Options", "nosniff");
  api_.cors().decorate(request(), response.headers);
  exchange_->respond(std::move(response));
  api_.finished(*this, status, code);
}

void Call::resume(std::function<void()> task) const {
  if (shard().is_current()) return task();
  shard().post(std::move(task));
}

}  // namespace togglecast::http_api
