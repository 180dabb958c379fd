#include "app/process/redaction.hpp"

#include <algorithm>
#include <array>

#include "wire/http/message.hpp"

namespace togglecast::app {
namespace {

constexpr std::array<std::string_view, 10> kSecretWords{"token",  "passw",      "secret", "authorization",
                                                        "cookie", "credential", "apikey", "privatekey",
                                                        "jwt",    "bearer"};
constexpr std::string_view kTokenStart = "eyJ";  // base64url of `{"`, with which each part of a JWT begins

bool is_token_letter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
         c == '.' || c == '=';
}

bool is_boundary(std::string_view text, std::size_t at) {
  return at == 0 || !is_token_letter(text[at - 1]) || text[at - 1] == '=';
}

}  // namespace

bool is_secret_name(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') letters += static_cast<char>(c - 'A' + 'a');
    if (c >= 'a' && c <= 'z') letters += c;
  }
  return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                     [&](std::string_view word) { return letters.find(word) != std::string::npos; });
}

std::string without_tokens(std::string_view text) {
  std::string shown;
  std::size_t copied = 0;
  for (std::size_t at = 0; (at = text.find(kTokenStart, at)) != std::string_view::npos;) {
    std::size_t end = at;
    while (end < text.size() && is_token_letter(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    // Cut tokens count too: a header and a part of the claims tell nothing, but let no signature through.
    if (!is_boundary(text, at) && word.find('.') == std::string_view::npos) {
      at = end;
      continue;
    }
    shown.append(text, copied, at - copied).append(kRedacted);
    copied = at = end;
  }
  return shown.append(text.substr(copied));
}

void redact(json::value& value) {
  switch (value.kind()) {
    case json::kind::object:
      for (auto& member : value.get_object()) {
        if (is_secret_name({member.key().data(), member.key().size()})) {
          member.value() = kRedacted;
        } else {
          redact(member.value());
        }
      }
      return;
    case json::kind::array:
      for (auto& item : value.get_array()) redact(item);
      return;
    case json::kind::string: {
      const json::string& text = value.get_string();
      if (std::string_view(text).find(kTokenStart) != std::string_view::npos)
        value = without_tokens({text.data(), text.size()});
      return;
    }
    case json::kind::null:
    case json::kind::bool_:
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return;
  }
}

std::string redacted_query(std::string_view query) {
  std::string shown;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    std::string name;
    const bool readable = wire::http::percent_decode(pair.substr(0, equals), name);
    if (!shown.empty()) shown += '&';
    shown.append(pair.substr(0, equals));
    if (equals == pair.size()) continue;
    shown += '=';
    std::string value;
    const bool secret = !readable || name == "sid" || is_secret_name(name) ||
                        !wire::http::percent_decode(pair.substr(equals + 1), value);
    shown.append(secret ? std::string(kRedacted) : without_tokens(value));
  }
  return without_tokens(shown);
}

}  // namespace togglecast::app
