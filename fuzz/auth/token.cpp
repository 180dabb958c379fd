// Tokens (auth/token_codec): nobody but the key's owner can write one, not even by changing a character of a
// good one; and whatever claims are signed, what is accepted is complete and in time.
#include "auth/token_codec.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/base64.hpp"
#include "base/json.hpp"
#include "support/property.hpp"

namespace togglecast::fuzz {
namespace {

using namespace auth;

constexpr UnixMillis kNow{1'700'000'000'000};
constexpr std::string_view kHeader = R"({"alg":"HS256","kid":"k1","typ":"JWT"})";

const KeyRing& keys() {
  static const std::unique_ptr<const KeyRing> ring = [] {
    auto made = std::make_unique<KeyRing>();
    std::string secret;
    for (char c = 0; c < 32; ++c) secret += c;
    made->add(SigningKey::make("k1", Secret(secret)).value());
    return made;
  }();
  return *ring;
}

std::string signed_text(std::string_view header, std::string_view claims) {
  const std::string text = base64url_encode(header) + '.' + base64url_encode(claims);
  return text + '.' + base64url_encode(keys().current({})->sign(text));
}

bool same(const Claims& a, const Claims& b) {
  return a.kind == b.kind && a.subject == b.subject && a.environment == b.environment && a.jti == b.jti &&
         a.issued_at == b.issued_at && a.expires_at == b.expires_at;
}

void check_refused(std::string_view token) {
  const auto claims = verify_token(keys(), token, kNow);
  require(!claims.has_value(), "only the key's owner writes tokens");
  require(!claims.error().message.empty(), "a refusal says why");
}

// One that we signed, with one character changed to another.
void check_tampered(std::string token, std::string_view choice) {
  if (choice.size() < 3) return;
  const auto number = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(choice[i]));
  };
  const std::size_t at = (number(0) * 256 + number(1)) % token.size();
  if (token[at] == choice[2]) return;
  token[at] = choice[2];
  check_refused(token);
}

void check_claims(std::string_view text) {
  const std::string token = signed_text(kHeader, text);
  const auto claims = verify_token(keys(), token, kNow);
  if (!claims) {
    require(!claims.error().message.empty(), "a refusal says why");
    return;
  }
  require(token.size() <= kMaxToken, "tokens are no longer than their limit");
  require(domain::is_id(claims->subject) && !claims->environment.empty() && !claims->jti.empty(),
          "claims are complete");
  require(claims->expires_at > kNow.value / 1'000, "what is accepted has not expired");
  const auto parsed = json::parse(text);
  const auto* not_before = parsed ? json::find(*parsed, "nbf") : nullptr;
  // A NumericDate is a number by its value: 170e0 is 170 (RFC 7519, section 2).
  const auto latest = static_cast<double>(kNow.value / 1'000 + kClockSkewSeconds);
  require(not_before == nullptr || (not_before->is_number() && not_before->to_number<double>() <= latest),
          "the time of what is accepted has come");
  const auto again = verify_token(keys(), sign_token(*keys().current({}), *claims).reveal(), kNow);
  require(again.has_value() && same(*again, *claims), "what is signed is read back");
  check_tampered(token, text);
}

void check(std::string_view bytes) {
  check_claims(bytes);
  (void)verify_token(keys(), signed_text(bytes, R"({"iss":"togglecast"})"), kNow);
  // A token begins with its header in base64 and has two dots; a good one among the seeds is not for forging.
  if (verify_token(keys(), bytes, kNow)) {
    const std::string token(bytes);
    check_tampered(token, token.substr(token.size() - 3));
  } else {
    check_refused(bytes);
  }
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  togglecast::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
