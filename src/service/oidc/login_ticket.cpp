#include "service/oidc/login_ticket.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::service::oidc {
namespace {

constexpr std::size_t kStateBytes = 18;  // 24 characters
constexpr std::size_t kStateLength = 24;
constexpr std::size_t kLongestTicket = 4'096;
constexpr std::string_view kCookies = "togglecast_oidc_";

tl::unexpected<Error> lost_ticket(std::string_view why) {
  return fail(Errc::unauthenticated,
              "this login cannot be finished: " + std::string(why) + ". Begin again at the login page");
}

}  // namespace

LoginTicket LoginTickets::make(RandomSource& random, UnixMillis now) const {
  LoginTicket ticket;
  ticket.state = random_token(random, kStateBytes);
  ticket.expires_at = now.value / 1'000 + kTicketLife.count();
  return ticket;
}

std::string LoginTickets::seal(const LoginTicket& ticket) const {
  const std::string text = base64url_encode(json::canonical(json::object{{"env", ticket.environment},
                                                                         {"exp", ticket.expires_at},
                                                                         {"path", ticket.return_path},
                                                                         {"redirect", ticket.redirect_uri},
                                                                         {"state", ticket.state}}));
  return text + '.' + base64url_encode(key_.sign(text));
}

Result<LoginTicket> LoginTickets::open(std::string_view text, std::string_view state, UnixMillis now) const {
  if (text.empty())
    return lost_ticket(
        "the browser did not send the cookie of this login back; cookies may be blocked, or "
        "more than ten minutes have passed");
  const std::size_t dot = text.find('.');
  if (text.size() > kLongestTicket || dot == std::string_view::npos)
    return lost_ticket("its cookie is damaged");
  const auto signature = base64url_decode(text.substr(dot + 1));
  if (!signature || !key_.verify(text.substr(0, dot), *signature))
    return lost_ticket("its cookie was not made by this installation");
  const auto decoded = base64url_decode(text.substr(0, dot));
  const auto body = decoded ? json::parse(*decoded) : fail(Errc::parse_error, "");
  if (!body) return lost_ticket("its cookie is damaged");
  LoginTicket ticket;
  ticket.state = json::string_or_empty(*body, "state");
  ticket.environment = json::string_or_empty(*body, "env");
  ticket.return_path = json::string_or_empty(*body, "path");
  ticket.redirect_uri = json::string_or_empty(*body, "redirect");
  const json::value* expires = json::find(*body, "exp");
  ticket.expires_at = expires == nullptr ? 0 : domain::integer_in(*expires).value_or(0);
  if (!equal_in_constant_time(ticket.state, state))
    return lost_ticket("it belongs to another attempt, perhaps one in another tab");
  if (now.value / 1'000 >= ticket.expires_at) return lost_ticket("it took longer than ten minutes");
  return ticket;
}

// The signed texts of tickets have no spaces.
std::string LoginTickets::nonce(const LoginTicket& ticket) const {
  return base64url_encode(key_.sign("nonce " + ticket.state));
}

std::string LoginTickets::verifier(const LoginTicket& ticket) const {
  return base64url_encode(key_.sign("verifier " + ticket.state));
}

std::string LoginTickets::challenge(const LoginTicket& ticket) const {
  const Sha256 digest = sha256(verifier(ticket));
  return base64url_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string cookie_name_of(std::string_view state) {
  constexpr unsigned kPlaces = 8;
  if (state.size() != kStateLength) return {};
  const bool plain = std::all_of(state.begin(), state.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!plain) return {};
  const unsigned place = static_cast<unsigned char>(state.front()) % kPlaces;
  return std::string(kCookies) + std::to_string(place);
}

}  // namespace togglecast::service::oidc
