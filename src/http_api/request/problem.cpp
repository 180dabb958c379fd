#include "http_api/request/problem.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/json.hpp"

namespace togglecast::http_api {
namespace {

std::string challenge(Errc code) {
  std::string text = "Bearer realm=\"togglecast\"";
  if (code != Errc::unauthenticated) text += ", error=\"invalid_token\"";
  return text;
}

json::array issues_of(const Error& error) {
  json::array issues;
  for (const FieldIssue& issue : error.details)
    issues.push_back(json::object{{"pointer", issue.pointer}, {"reason", issue.reason}});
  return issues;
}

// In whole seconds, never sooner, at least one.
std::string retry_after(const Error& error) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(error.wait()).count();
  return std::to_string(std::max<std::chrono::seconds::rep>(1, seconds));
}

}  // namespace

unsigned status_of(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_argument:
    case Errc::parse_error:
      return 400;
    case Errc::unauthenticated:
    case Errc::token_invalid:
    case Errc::token_expired:
    case Errc::revoked:
      return 401;
    case Errc::forbidden:
      return 403;
    case Errc::not_found:
      return 404;
    case Errc::already_exists:
    case Errc::conflict:
      return 409;
    case Errc::payload_too_large:
      return 413;
    case Errc::rate_limited:
      return 429;
    case Errc::unavailable:
      return 503;
    case Errc::timeout:
      return 504;
    case Errc::internal:
      return 500;
  }
  return 500;
}

wire::http::Response problem(const Error& error, std::string_view request_id, unsigned status,
                             const json::object& more) {
  wire::http::Response response;
  response.status = status != 0 ? status : status_of(error.code);
  const auto* own = more.if_contains("code");
  const std::string_view code =
      own != nullptr && own->is_string() ? std::string_view(own->get_string()) : to_string(error.code);

  json::object inner{{"code", code}, {"message", error.message}};
  json::object body{{"type", "about:blank"},
                    {"title", wire::http::reason_phrase(response.status)},
                    {"status", response.status},
                    {"detail", error.message},
                    {"code", code}};
  if (!error.details.empty()) {
    body["errors"] = issues_of(error);
    inner["details"] = issues_of(error);
  }
  if (!request_id.empty()) {
    body["request_id"] = request_id;
    inner["request_id"] = request_id;
  }
  body["error"] = std::move(inner);
  for (const auto& member : more) body[member.key()] = member.value();
  response.body = json::serialize(std::move(body));

  response.headers.add("Content-Type", "application/problem+json");
  response.headers.add("Cache-Control", "no-store");
  if (response.status == 401) response.headers.add("WWW-Authenticate", challenge(error.code));
  if (response.status == 429 || response.status == 503)
    response.headers.add("Retry-After", retry_after(error));
  return response;
}

Errc code_of_unread(unsigned status) noexcept {
  if (status == 408) return Errc::timeout;
  if (status == 503) return Errc::unavailable;
  return status == 413 || status == 414 || status == 431 ? Errc::payload_too_large : Errc::parse_error;
}

}  // namespace togglecast::http_api
