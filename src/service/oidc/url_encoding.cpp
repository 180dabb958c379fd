#include "service/oidc/url_encoding.hpp"

namespace togglecast::service::oidc {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string url_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

std::string form_of(const Parameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += url_encode(name);
    out += '=';
    out += url_encode(value);
  }
  return out;
}

std::string with_query(std::string_view url, const Parameters& parameters) {
  std::string out(url);
  const bool has_query = url.find('?') != std::string_view::npos;
  if (!has_query) {
    out += '?';
  } else if (!url.ends_with('?') && !url.ends_with('&')) {
    out += '&';
  }
  return out + form_of(parameters);
}

}  // namespace togglecast::service::oidc
