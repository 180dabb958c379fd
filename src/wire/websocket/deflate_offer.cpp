#include "wire/websocket/deflate_offer.hpp"

#include <algorithm>

#include "wire/http/text.hpp"

namespace togglecast::wire::websocket {
namespace {

using http::equal_ignoring_case;

constexpr unsigned kLeastWindow = 8;
constexpr unsigned kMostWindow = 15;
constexpr unsigned kLeastWindowOfZlib = 9;  // for raw deflate

// RFC 6455, section 9.1; lists may have empty elements (RFC 9110, section 5.6.1).
//
//   extensions := extension *( "," extension )
//   extension  := token *( ";" parameter )
//   parameter  := token [ "=" ( token | DQUOTE token DQUOTE ) ]
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}

  [[nodiscard]] bool at_end() noexcept {
    skip_space();
    return rest_.empty();
  }
  [[nodiscard]] bool take(char wanted) noexcept {
    skip_space();
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Empty when there is none.
  [[nodiscard]] std::string_view token() noexcept {
    skip_space();
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_character);
    const auto found = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(found.size());
    return found;
  }
  /// A token, bare or in quotation marks; empty when there is none.
  [[nodiscard]] std::string_view value() noexcept {
    if (!take('"')) return token();
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_character);
    const auto found = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(found.size());
    if (rest_.empty() || rest_.front() != '"') return {};
    rest_.remove_prefix(1);
    return found;
  }

 private:
  static bool is_token_character(char c) noexcept {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return alphanumeric ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
  }
  void skip_space() noexcept { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

  std::string_view rest_;
};

// 8 to 15 without a leading zero; 0 for anything else.
unsigned window_bits(std::string_view text) noexcept {
  unsigned bits = 0;
  if (text.size() == 1 && text[0] >= '8' && text[0] <= '9') bits = static_cast<unsigned>(text[0] - '0');
  if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5')
    bits = 10 + static_cast<unsigned>(text[1] - '0');
  return bits >= kLeastWindow && bits <= kMostWindow ? bits : 0;
}

// The parameters of one offer, and whether we can live with them.
class Offer {
 public:
  void add(std::string_view name, std::optional<std::string_view> value) noexcept {
    if (equal_ignoring_case(name, "server_no_context_takeover")) {
      once(server_no_context_) &= !value;
    } else if (equal_ignoring_case(name, "client_no_context_takeover")) {
      once(client_no_context_) &= !value;
    } else if (equal_ignoring_case(name, "server_max_window_bits")) {
      const unsigned bits = value ? window_bits(*value) : 0;
      once(server_window_) &= bits >= kLeastWindowOfZlib;
      agreement_ = {static_cast<std::uint8_t>(bits), true};
    } else if (equal_ignoring_case(name, "client_max_window_bits")) {
      once(client_window_) &= !value || window_bits(*value) != 0;
    } else {
      acceptable_ = false;
    }
  }
  [[nodiscard]] bool acceptable() const noexcept { return acceptable_; }
  [[nodiscard]] const DeflateAgreement& agreement() const noexcept { return agreement_; }

 private:
  bool& once(bool& seen) noexcept {
    if (seen) acceptable_ = false;
    seen = true;
    return acceptable_;
  }

  DeflateAgreement agreement_;
  bool acceptable_ = true;
  bool server_no_context_ = false, client_no_context_ = false, server_window_ = false, client_window_ = false;
};

}  // namespace

std::optional<DeflateAgreement> accept_deflate_offer(std::string_view field) {
  Scanner scanner(field);
  while (!scanner.at_end()) {
    if (scanner.take(',')) continue;
    const std::string_view extension = scanner.token();
    if (extension.empty()) return std::nullopt;
    Offer offer;
    while (scanner.take(';')) {
      const std::string_view name = scanner.token();
      if (name.empty()) return std::nullopt;
      std::optional<std::string_view> value;
      if (scanner.take('=')) {
        value = scanner.value();
        if (value->empty()) return std::nullopt;
      }
      offer.add(name, value);
    }
    if (!scanner.at_end() && !scanner.take(',')) return std::nullopt;
    if (equal_ignoring_case(extension, "permessage-deflate") && offer.acceptable()) return offer.agreement();
  }
  return std::nullopt;
}

std::string deflate_answer(const DeflateAgreement& agreement) {
  std::string answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  if (agreement.limited) answer += "; server_max_window_bits=" + std::to_string(agreement.window_bits);
  return answer;
}

}  // namespace togglecast::wire::websocket
