#include "http_api/request/ofrep_problem.hpp"

#include "http_api/request/problem.hpp"

namespace togglecast::http_api {

std::string_view ofrep_code(Errc code) noexcept {
  switch (code) {
    case Errc::parse_error:
      return "PARSE_ERROR";
    case Errc::invalid_argument:
      return "INVALID_CONTEXT";
    case Errc::not_found:
      return "FLAG_NOT_FOUND";
    case Errc::unauthenticated:
    case Errc::token_invalid:
    case Errc::token_expired:
    case Errc::revoked:
    case Errc::forbidden:
    case Errc::already_exists:
    case Errc::conflict:
    case Errc::payload_too_large:
    case Errc::rate_limited:
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::internal:
      break;
  }
  return "GENERAL";
}

wire::http::Response ofrep_problem(const Error& error, std::string_view request_id, unsigned status,
                                   std::string_view flag, const json::object& more) {
  json::object members{{"errorCode", ofrep_code(error.code)}, {"errorDetails", error.message}};
  if (!flag.empty()) {
    members["key"] = flag;
    members["metadata"] = json::object{};  // the provider of Java needs it
  }
  for (const auto& member : more) members[member.key()] = member.value();
  wire::http::Response response = problem(error, request_id, status, members);
  response.headers.set("Content-Type", "application/json");  // clients of OFREP look for it
  return response;
}

}  // namespace togglecast::http_api
