#include "wire/http/request_target.hpp"

#include <algorithm>
#include <string>

#include "wire/http/text.hpp"

namespace togglecast::wire::http {
namespace {

constexpr auto kNone = std::string_view::npos;

bool take_scheme(std::string_view& target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    return true;
  }
  return false;
}

}  // namespace

bool is_valid_host(std::string_view host) noexcept {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return c > ' ' && c < '\x7f' && std::string_view("/\\?#@,\"<>^`{|}").find(c) == kNone;
  });
}

Result<TargetParts> split_target(std::string_view method, std::string_view target) {
  if (method == "CONNECT") return fail(Errc::not_found, "CONNECT is not served here");
  const auto raw = std::find_if(target.begin(), target.end(), [](char c) { return c <= ' ' || c >= '\x7f'; });
  if (raw != target.end()) {
    return fail(Errc::parse_error, "request target with a raw byte that must be percent-encoded, at byte " +
                                       std::to_string(raw - target.begin()));
  }
  TargetParts parts;
  if (target == "*") {
    if (method != "OPTIONS") return fail(Errc::parse_error, "the target * is for OPTIONS alone");
    parts.path = "*";
    return parts;
  }
  if (target.find('#') != kNone) return fail(Errc::parse_error, "request target with a fragment");
  if (!target.starts_with('/')) {
    if (!take_scheme(target))
      return fail(Errc::parse_error, "request target is neither a path nor an http URL");
    const std::size_t end = target.find_first_of("/?");
    parts.authority = target.substr(0, end);
    if (parts.authority.empty() || !is_valid_host(parts.authority))
      return fail(Errc::parse_error, "request target without a valid host");
    target.remove_prefix(end == kNone ? target.size() : end);
  }
  const std::size_t mark = target.find('?');
  parts.path = target.substr(0, mark);
  if (parts.path.empty()) parts.path = "/";
  if (mark != kNone) parts.query = target.substr(mark + 1);
  return parts;
}

}  // namespace togglecast::wire::http
