#include "http_api/handlers/openapi.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "http_api/handlers/handlers.hpp"
#include "http_api/request/call.hpp"
#include "wire/http/gzip.hpp"
#include "wire/http/text.hpp"

namespace togglecast::http_api {
namespace {

using wire::http::Method;

// Copies the members of `from` into `into`. Objects are joined; other values replace the old one.
void join(json::object& into, const json::object& from) {
  for (const auto& member : from) {
    auto& place = into[member.key()];
    if (place.is_object() && member.value().is_object()) {
      join(place.get_object(), member.value().get_object());
    } else {
      place = member.value();
    }
  }
}

json::value reference(std::string_view section, std::string_view name) {
  return json::object{{"$ref", "#/components/" + std::string(section) + '/' + std::string(name)}};
}

json::object& object_at(json::object& parent, std::string_view name) {
  auto& member = parent[name];
  if (!member.is_object()) member = json::object{};
  return member.get_object();
}

void add_parameter(json::object& operation, std::string_view name) {
  auto& parameters = operation["parameters"];
  if (!parameters.is_array()) parameters = json::array{};
  parameters.get_array().push_back(reference("parameters", name));
}

// Adds a refusal unless the part of the operation describes it.
void add_refusal(json::object& responses, std::string_view status, std::string_view name) {
  if (!responses.contains(status)) responses[status] = reference("responses", name);
}

void add_header(json::object& headers, std::string_view header, std::string_view name) {
  if (!headers.contains(header)) headers[header] = reference("headers", name);
}

// A PATCH takes the same members as a merge patch (RFC 7396).
void describe_merge_patch(json::object& operation) {
  auto& content = object_at(object_at(operation, "requestBody"), "content");
  if (!content.contains("application/json")) return;
  const json::value same = content.at("application/json");
  content["application/merge-patch+json"] = same;
}

bool takes_a_body(Method method) { return method != Method::get; }

// Every success answer of these routes carries `Togglecast-Revision`.
bool has_revision_header(const Route& route) {
  return route.access == Access::admin || route.access == Access::login || route.access == Access::reader;
}

void describe_access(json::object& operation, json::object& responses, const Route& route) {
  const json::object bearer{{"bearer", json::array{}}};
  switch (route.access) {
    case Access::probe:
    case Access::open:
      operation["security"] = json::array{};
      return;
    case Access::login:
      operation["security"] = json::array{};
      add_refusal(responses, "403", "Forbidden");
      return;
    case Access::operators:
      operation["security"] = json::array{json::object{}, bearer};
      break;
    case Access::admin:
    case Access::reader:
      operation["security"] = json::array{bearer};
      break;
  }
  add_refusal(responses, "401", "Unauthenticated");
  add_refusal(responses, "403", "Forbidden");
  add_refusal(responses, "400", "BadRequest");
  add_refusal(responses, "503", "Unavailable");
  add_parameter(operation, "minRevision");
  add_refusal(responses, "409", "Conflict");
}

void describe_success(json::object& operation, json::object& responses, const Route& route) {
  bool has_tag = false;
  for (auto& [status, response] : responses) {
    if (!status.starts_with('2')) continue;
    auto& headers = object_at(response.as_object(), "headers");
    has_tag = has_tag || headers.contains("ETag");
    add_header(headers, "X-Request-Id", "RequestId");
    if (route.access != Access::probe) {
      add_header(headers, "Togglecast-Revision", has_revision_header(route) ? "Revision" : "NewestRevision");
      add_header(headers, "Togglecast-Epoch", "Epoch");
    }
    if (response.get_object().contains("content")) add_header(headers, "Content-Encoding", "ContentEncoding");
    if (route.changes_state()) add_header(headers, "Idempotency-Replayed", "Replayed");
  }
  if (has_tag && (route.method == Method::get || route.effect == Effect::ofrep)) {
    add_parameter(operation, "ifNoneMatch");
    add_refusal(responses, "304", "NotModified");
  }
}

void describe(json::object& operation, const Route& route) {
  json::object responses = object_at(operation, "responses");  // a copy: additions would move its members
  describe_access(operation, responses, route);
  describe_success(operation, responses, route);
  if (route.pattern.find("{") != std::string_view::npos) add_refusal(responses, "404", "NotFound");
  if (route.is_limited()) add_refusal(responses, "429", "TooManyRequests");
  if (takes_a_body(route.method)) {
    add_refusal(responses, "400", "BadRequest");
    add_refusal(responses, "503", "Unavailable");
    add_refusal(responses, "413", "TooLarge");
    add_refusal(responses, "415", "UnsupportedMediaType");
    if (route.method == Method::patch) describe_merge_patch(operation);
    if (route.changes_state()) {
      add_parameter(operation, "idempotencyKey");
      if (route.takes_confirm()) add_parameter(operation, "confirm");
      add_refusal(responses, "409", "Conflict");
    }
  }
  add_refusal(responses, "500", "Failed");
  operation["responses"] = std::move(responses);
}

// The description in both codings.
struct Document {
  std::string text, compressed, tag;
};

Document make_document(const Api& api) {
  constexpr std::size_t kTag = 12;
  constexpr int kSmallest = 9;
  Document made;
  made.text = json::serialize(make_openapi(openapi_fragments(), api.routes(), api.options().version));
  made.compressed = wire::http::gzip(made.text, kSmallest);
  const Sha256 digest = sha256(made.text);
  made.tag = base64url_encode({reinterpret_cast<const char*>(digest.data()), kTag});
  return made;
}

std::atomic<bool> document_is_made{false};

// The first call makes the document, which takes too long for a shard.
void answer_document(Call& call) {
  static const Document document = make_document(call.api());
  document_is_made = true;
  const bool compressed = !document.compressed.empty() &&
                          wire::http::accepts_gzip(call.request().headers.value("Accept-Encoding"));
  wire::http::Response response;
  response.headers.add("Cache-Control", "no-cache");
  response.headers.add("ETag", '"' + document.tag + (compressed ? "-gzip\"" : "\""));
  if (call.has_already(document.tag)) {
    response.status = 304;
  } else {
    response.headers.add("Content-Type", "application/json");
    if (compressed) response.headers.add("Content-Encoding", "gzip");
    response.body = compressed ? document.compressed : document.text;
  }
  call.respond(std::move(response));
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), wire::http::to_lower);
  return out;
}

}  // namespace

json::object make_openapi(std::span<const std::string_view> fragments, std::span<const Route> routes,
                          std::string_view version) {
  json::object document{{"openapi", "3.1.0"}};
  for (const std::string_view fragment : fragments) {
    const auto part = json::parse(fragment);
    if (!part || !part->is_object())
      throw std::runtime_error("a part of the OpenAPI description is not a JSON object");
    join(document, part->get_object());
  }
  object_at(document, "info")["version"] = version;
  json::object& paths = object_at(document, "paths");
  for (const Route& route : routes) {
    auto* path = paths.if_contains(route.pattern);
    auto* operation = path == nullptr
                          ? nullptr
                          : path->as_object().if_contains(lower_case(wire::http::to_string(route.method)));
    if (operation != nullptr) describe(operation->as_object(), route);
  }
  return document;
}

void openapi(const CallPtr& call) {
  if (document_is_made) return answer_document(*call);
  call->work([call] { answer_document(*call); });
}

}  // namespace togglecast::http_api
