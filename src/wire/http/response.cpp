#include <ostream>  // missing in the next header

#include <boost/beast/http/status.hpp>

#include "wire/http/message.hpp"

namespace togglecast::wire::http {
namespace {

bool may_have_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

void append_in_one_line(std::string& out, std::string_view text) {
  for (const char c : text) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
}

}  // namespace

std::string_view reason_phrase(unsigned status) noexcept {
  namespace beast = boost::beast::http;
  const beast::status known = beast::int_to_status(status);
  if (known == beast::status::unknown) return "Unknown";
  return beast::obsolete_reason(known);
}

std::string serialize(const Response& response, bool keep_alive, bool head_only) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  for (const auto& [name, value] : response.headers.fields()) {
    append_in_one_line(out, name);
    out += ": ";
    append_in_one_line(out, value);
    out += "\r\n";
  }
  const bool body = may_have_body(response.status);
  if (body && !response.headers.contains("Content-Length"))
    out += "Content-Length: " + std::to_string(response.content().size()) + "\r\n";
  if ((!keep_alive || response.close) && !response.headers.contains("Connection"))
    out += "Connection: close\r\n";
  out += "\r\n";
  if (body && !head_only) out += response.content();
  return out;
}

}  // namespace togglecast::wire::http
