#include <ostream>  // missing in the next header

#include <boost/beast/http/status.hpp>

#include "wire/http/message.hpp"

namespace togglecast::wire::http {
namespace {

constexpr std::size_t kMostOfOwn = 96;  // bytes of the status line and the fields that are added here

bool may_have_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

std::string_view reason_phrase(unsigned status) noexcept {
  namespace beast = boost::beast::http;
  const beast::status known = beast::int_to_status(status);
  if (known == beast::status::unknown) return "Unknown";
  return beast::obsolete_reason(known);
}

std::string serialize(const Response& response, bool keep_alive, bool head_only) {
  const bool may_have = may_have_body(response.status);
  const std::string_view body = may_have && !head_only ? response.content() : std::string_view();
  const std::string_view lines = response.headers.lines();
  const std::string_view reason = reason_phrase(response.status);
  std::string out;
  out.reserve(kMostOfOwn + reason.size() + lines.size() + body.size());
  out += "HTTP/1.1 ";
  out += std::to_string(response.status);
  out += ' ';
  out += reason;
  out += "\r\n";
  out += lines;
  if (may_have && !response.headers.contains("Content-Length"))
    out.append("Content-Length: ").append(std::to_string(response.content().size())).append("\r\n");
  if ((!keep_alive || response.close) && !response.headers.contains("Connection"))
    out += "Connection: close\r\n";
  out += "\r\n";
  out += body;
  return out;
}

}  // namespace togglecast::wire::http
