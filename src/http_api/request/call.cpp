#include "http_api/request/call.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>
#include <utility>

#include "base/fail_point.hpp"
#include "http_api/request/content_coding.hpp"
#include "http_api/request/ofrep_problem.hpp"
#include "http_api/request/problem.hpp"
#include "http_api/request/text_size.hpp"
#include "web/address.hpp"
#include "web/event_stream.hpp"
#include "wire/http/gzip.hpp"
#include "wire/http/text.hpp"

namespace togglecast::http_api {
namespace {

using wire::http::equal_ignoring_case;
using wire::http::trimmed;

// Only digits; nothing when out of range.
std::optional<std::int64_t> read_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || text.front() == '-' || error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

constexpr std::size_t kShownTag = 64;                 // bytes of a wrong tag, in messages
constexpr std::size_t kLeastForWorkers = 64 * 1'024;  // bytes; a worker writes and compresses larger bodies

constexpr std::string_view kConfirm = "confirm";
constexpr std::string_view kForce = "force";

std::string listed(const Route& route) {
  std::string names;
  const auto add = [&names](std::string_view name) {
    if (!name.empty()) names.append(names.empty() ? "it takes " : ", ").append(name);
  };
  for (const std::string_view name : route.parameters) add(name);
  if (route.takes_confirm()) add(kConfirm);
  return names.empty() ? "it takes none" : names;
}

std::string in_quotes(std::string_view tag) { return '"' + std::string(tag) + '"'; }

// All fields of this name, which may be several. An error names the header and the byte.
Result<wire::http::EntityTags> tags_in(const wire::http::Headers& headers, std::string_view name) {
  wire::http::EntityTags all;
  for (const auto& [field, value] : headers.fields()) {
    if (!equal_ignoring_case(field, name)) continue;
    const auto tags = wire::http::parse_entity_tags(value);
    if (!tags)
      return fail(Errc::invalid_argument, "the header " + std::string(name) + " is malformed at byte " +
                                              std::to_string(tags.error().byte) + ": expected is " +
                                              std::string(tags.error().expected));
    all.any = all.any || tags->any;
    all.tags.insert(all.tags.end(), tags->tags.begin(), tags->tags.end());
  }
  return all;
}

// The version that an entity's tag names, whatever its coding.
Result<domain::Version> version_in(const wire::http::EntityTag& tag) {
  std::string_view rest = tag.opaque;
  const auto version = domain::take_version(rest);
  if (version && wire::http::is_coding_mark(rest)) return *version;
  const std::string sent =
      "the header If-Match has \"" + std::string(tag.opaque.substr(0, kShownTag)) + "\", ";
  if (read_number(tag.opaque))
    return fail(Errc::invalid_argument,
                sent + "a revision without its epoch; send the ETag as it was answered, such as \"1." +
                    std::string(tag.opaque) + '"');
  return fail(Errc::invalid_argument,
              sent + "which is no ETag of an entity; send one as it was answered, such as \"1.42\"");
}

void compress(wire::http::Response& response) {
  std::string smaller = wire::http::gzip(response.body, kGzipLevel);
  if (smaller.empty() || smaller.size() >= response.body.size()) return;
  response.body = std::move(smaller);
  response.headers.add("Content-Encoding", "gzip");
  const std::string_view tag = response.headers.value("ETag");
  if (tag.ends_with('"'))
    response.headers.set("ETag", std::string(tag.substr(0, tag.size() - 1)) + std::string(kGzipMark) + '"');
}

// After the end of this turn, at which the answer leaves.
void pass_when_sent(net::Shard& shard) {
  shard.at_turn_end([&shard] { shard.post([] { pass(FailPoint::after_answer); }); });
}

}  // namespace

Call::Call(Api& api, const Route& route, std::size_t meter, web::ExchangePtr exchange)
    : api_(api), route_(route), meter_(meter), exchange_(std::move(exchange)), began_(api.clock().now()) {}

std::string Call::reader() const {
  return std::string(to_string(who().kind)) + ' ' + std::to_string(who().id) + ' ' + who().environment + ' ' +
         web::address_key(peer().address);
}

bool Call::content_is_acceptable() const noexcept {
  if (route_.takes_bytes()) return true;  // the handler reads the type
  return request().body.empty() || has_content_type("application/json") || is_merge_patch();
}

bool Call::has_content_type(std::string_view wanted) const noexcept {
  const std::string_view type = request().headers.value("Content-Type");
  return equal_ignoring_case(trimmed(type.substr(0, type.find(';'))), wanted);
}

bool Call::is_merge_patch() const noexcept {
  return request().method == wire::http::Method::patch && has_content_type("application/merge-patch+json");
}

Result<domain::Id> Call::id(std::string_view parameter) const {
  const std::string_view text = exchange_->parameter(parameter);
  const domain::Id id = domain::parse_id(text);
  if (id == 0) return fail(Errc::not_found, "'" + std::string(text) + "' in the path is not an id");
  return id;
}

Result<json::value> Call::parse_body() const {
  const auto& request = exchange_->request();
  auto body = json::parse(request.body, {.depth = api_.options().json_depth});
  if (!body) {
    Error error = body.error();
    const bool too_deep = error.code == Errc::payload_too_large;
    error.message =
        (too_deep ? "the body is refused: " : "the body is refused because of a ") + error.message;
    return tl::unexpected(std::move(error));
  }
  if (!body->is_object()) return fail_field("", "the body must be a JSON object");
  return body;
}

Result<json::value> Call::body() const {
  if (request().body.empty()) return fail(Errc::parse_error, "the request needs a body; send a JSON object");
  return parse_body();
}

Result<json::value> Call::optional_body() const {
  if (request().body.empty()) return json::value(json::object{});
  return parse_body();
}

Result<service::WriteOptions> Call::write_options() const {
  const auto& headers = request().headers;
  service::WriteOptions options;
  options.source = changes::Source::rest;
  options.request_id = request_id();
  options.idempotency_key = headers.value("Idempotency-Key");
  if (options.idempotency_key.empty() && headers.contains("Idempotency-Key"))
    return fail(Errc::invalid_argument,
                "the header Idempotency-Key is empty; send a key or leave the header out");
  const auto confirm = flag(kConfirm, false);
  if (!confirm) return tl::unexpected(confirm.error());
  options.confirm = *confirm;
  const auto force = flag(kForce, false);
  if (!force) return tl::unexpected(force.error());
  options.force = *force;
  const auto match = tags_in(headers, "If-Match");
  if (!match) return tl::unexpected(match.error());
  if (match->any) return options;
  std::vector<domain::Version> any_of;
  for (const auto& tag : match->tags) {
    const auto version = version_in(tag);
    if (!version) return tl::unexpected(version.error());
    any_of.push_back(*version);
  }
  options.if_match = domain::IfMatch(std::move(any_of));
  return options;
}

Result<service::PageQuery> Call::page_query(const std::vector<std::string_view>& filters) const {
  const auto& parameters = request().query;
  service::PageQuery query;
  query.now = {api_.clock().wall_now().value / service::kHour * service::kHour};
  const auto limit = number("limit", static_cast<std::int64_t>(query.limit), 1, service::kMaxPage);
  if (!limit) return tl::unexpected(limit.error());
  query.limit = static_cast<std::size_t>(*limit);
  query.search = parameters.value("q");
  if (query.search.size() > service::kMaxSearch)
    return fail(Errc::invalid_argument,
                "the parameter q must be at most " + std::to_string(service::kMaxSearch) + " bytes");
  if (parameters.contains("sort")) {
    const auto sort = service::Sort::parse(parameters.value("sort"));
    if (!sort)
      return fail(
          Errc::invalid_argument,
          "the parameter sort must be id, key, name, created_at or updated_at; put - in front for descending "
          "order");
    query.sort = *sort;
  }
  query.cursor = parameters.value("cursor");
  if (query.cursor.empty() && parameters.contains("cursor"))
    return fail(Errc::invalid_argument, "the parameter cursor is empty; leave it out for the first page");
  for (const std::string_view name : filters)
    if (parameters.contains(name)) query.filters.emplace_back(name, parameters.value(name));
  return query;
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

Result<bool> Call::flag(std::string_view parameter, bool otherwise) const {
  if (!request().query.contains(parameter)) return otherwise;
  const std::string_view value = request().query.value(parameter);
  if (value != "true" && value != "false")
    return fail(Errc::invalid_argument, "the parameter " + std::string(parameter) + " must be true or false");
  return value == "true";
}

Result<void> Call::known_parameters() const {
  std::set<std::string_view> seen;
  for (const auto& [name, value] : request().query.parameters()) {
    const auto& known = route_.parameters;
    if (name == kConfirm && route_.takes_confirm() && seen.insert(name).second) continue;
    if (name.empty() || std::find(known.begin(), known.end(), name) == known.end())
      return fail(Errc::invalid_argument, "this path has no parameter '" + name + "'; " + listed(route_));
    if (!seen.insert(name).second)
      return fail(Errc::invalid_argument, "the parameter " + name + " appears twice; send it once");
  }
  return {};
}

Result<std::optional<domain::NamedRevision>> Call::revision(std::string_view parameter) const {
  if (!request().query.contains(parameter)) return std::nullopt;
  const auto named = domain::parse_named_revision(request().query.value(parameter));
  if (!named)
    return fail(Errc::invalid_argument, "the parameter " + std::string(parameter) +
                                            " must be a revision, such as 42, or 1.42 with its epoch");
  return named;
}

Result<std::optional<domain::NamedRevision>> Call::min_revision() const {
  std::string_view text = trimmed(request().headers.value("Togglecast-Min-Revision"));
  if (text.empty() && route_.effect == Effect::ofrep) {
    const auto told = domain::parse_named_revision(request().query.value("flagConfigEtag"));
    return told ? told : std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  if (text.size() > 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  const auto named = domain::parse_named_revision(text);
  if (!named)
    return fail(Errc::invalid_argument,
                "the header Togglecast-Min-Revision must be a revision, such as 42, or 1.42 with its epoch");
  return named;
}

const wire::http::EntityTags& Call::sent_tags() const {
  if (!sent_tags_) std::ignore = known_tags();
  return *sent_tags_;
}

Result<void> Call::known_tags() const {
  auto tags = tags_in(request().headers, "If-None-Match");
  sent_tags_.emplace();
  if (!tags) return tl::unexpected(tags.error());
  *sent_tags_ = *std::move(tags);
  return {};
}

std::optional<std::string_view> Call::held_coding(std::string_view etag) const {
  const auto& known = sent_tags();
  const auto same = std::find_if(known.tags.begin(), known.tags.end(),
                                 [&](const auto& tag) { return wire::http::same_but_for_coding(tag, etag); });
  if (same != known.tags.end()) return same->opaque.substr(etag.size());
  if (known.any) return "";
  return std::nullopt;
}

std::string Call::tag_for_role(std::string version) const {
  if (who().role.owns_installation()) return version;
  return version + '.' + std::string(domain::to_string(who().role.here()));
}

// The newest revision of the caller's environment, unless the answer has one, and its epoch.
void Call::add_revision_headers(wire::http::Headers& headers) const {
  if (!who_) return;
  const auto current = api_.application().model().current(who_->environment);
  if (current == nullptr) return;
  if (!headers.contains("Togglecast-Revision"))
    headers.add("Togglecast-Revision", std::to_string(current->revision()));
  headers.add("Togglecast-Epoch", std::to_string(current->head().epoch));
}

void Call::answer(Answer answer) {
  if (!answer.body || !shard().is_current() || !is_longer(*answer.body, kLeastForWorkers))
    return answer_here(answer);
  const auto large = std::make_shared<Answer>(std::move(answer));
  const bool taken =
      application().workers().submit([self = shared_from_this(), large] { self->answer_here(*large); });
  if (!taken) answer_here(*large);  // a write has happened and must be answered
}

void Call::answer_here(Answer& answer) {
  wire::http::Response response;
  response.status = answer.status;
  if (answer.revision) response.headers.add("Togglecast-Revision", std::to_string(*answer.revision));
  response.headers.add("Cache-Control", "no-store");
  const auto held = answer.etag.empty() || route_.method != wire::http::Method::get
                        ? std::nullopt
                        : held_coding(answer.etag);
  if (!answer.etag.empty())
    response.headers.add("ETag", in_quotes(answer.etag + std::string(held.value_or(""))));
  if (!answer.location.empty()) response.headers.add("Location", answer.location);
  for (const std::string& cookie : answer.cookies) response.headers.add("Set-Cookie", cookie);
  if (answer.replayed) response.headers.add("Idempotency-Replayed", "true");
  if (held) {
    response.status = 304;
  } else if (answer.body || answer.text) {
    response.headers.add("Content-Type", "application/json");
    response.body = answer.text ? *std::move(answer.text) : json::serialize(*answer.body);
  }
  respond(std::move(response));
}

void Call::refuse(const Error& error, unsigned status, const json::object& more) {
  if (route_.effect == Effect::ofrep) {
    std::string flag(parameter("key"));
    if (const auto sub = parameter("sub"); !sub.empty()) flag.append(1, '/').append(sub);
    return respond(ofrep_problem(error, request_id(), status, flag, more), to_string(error.code));
  }
  respond(problem(error, request_id(), status, more), to_string(error.code));
}

net::StreamPtr Call::begin_stream() {
  wire::http::Headers headers;
  headers.add("X-Content-Type-Options", "nosniff");
  add_revision_headers(headers);
  api_.cors().decorate(request(), headers);
  auto stream = web::begin_event_stream(*exchange_, std::move(headers));
  constexpr unsigned kOk = 200;
  if (stream != nullptr) api_.finished(*this, kOk, {});
  return stream;
}

void Call::charge(std::size_t bytes) const { api_.charge(*this, bytes); }

void Call::respond(wire::http::Response response, std::string_view code) {
  response.headers.set("X-Content-Type-Options", "nosniff");
  add_revision_headers(response.headers);
  api_.cors().decorate(request(), response.headers);
  charge(response.body.size());
  if (response.shared || response.body.size() < kLeastCompressed) return send(std::move(response), code);
  response.headers.add("Vary", "Accept-Encoding");
  if (response.headers.contains("Content-Encoding")) return send(std::move(response), code);
  if (!wire::http::accepts_gzip(request().headers.value("Accept-Encoding")))
    return send(std::move(response), code);
  if (response.body.size() < kLeastForWorkers || !shard().is_current()) {
    compress(response);
    return send(std::move(response), code);
  }
  const auto large = std::make_shared<wire::http::Response>(std::move(response));
  const bool taken = application().workers().submit([self = shared_from_this(), large, code] {
    compress(*large);
    self->send(std::move(*large), code);
  });
  if (!taken) send(std::move(*large), code);
}

void Call::send(wire::http::Response response, std::string_view code) {
  if (shard().is_current()) return send_here(std::move(response), code);
  const auto sent = std::make_shared<wire::http::Response>(std::move(response));
  shard().post([self = shared_from_this(), sent, code] { self->send_here(std::move(*sent), code); });
}

void Call::send_here(wire::http::Response response, std::string_view code) {
  const unsigned status = response.status;
  exchange_->respond(std::move(response));
  api_.finished(*this, status, code);
  if (fail_point_hook != nullptr && request().method != wire::http::Method::get) [[unlikely]]
    pass_when_sent(shard());
}

void Call::resume(std::function<void()> task) const {
  if (shard().is_current()) return task();
  shard().post(std::move(task));
}

void Call::work(changes::WorkerPool& workers, std::function<void()> task) {
  const bool taken = workers.submit(
      [self = shared_from_this(), task = std::move(task)] { self->api_.run_guarded(self, task); });
  if (taken) return;
  Error busy{Errc::unavailable, "the server is busy with other requests; try again", {}};
  busy.retry_after = std::chrono::seconds{1};
  refuse(busy);
}

}  // namespace togglecast::http_api
