#include "auth/codes/totp.hpp"

#include <array>

#include "base/digest.hpp"

namespace togglecast::auth {
namespace {

constexpr std::size_t kSha1Block = 64;
constexpr std::size_t kCodeSecretBytes = 20;

std::string_view bytes_of(const Sha1& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// RFC 2104.
Sha1 hmac_sha1(const Secret& key, std::string_view text) {
  std::string padded = key.reveal();
  if (padded.size() > kSha1Block) padded = bytes_of(sha1(padded));
  padded.resize(kSha1Block, '\0');
  std::string inner(kSha1Block, '\0');
  std::string outer(kSha1Block, '\0');
  for (std::size_t i = 0; i < kSha1Block; ++i) {
    inner[i] = static_cast<char>(static_cast<unsigned char>(padded[i]) ^ 0x36U);
    outer[i] = static_cast<char>(static_cast<unsigned char>(padded[i]) ^ 0x5cU);
  }
  const Secret first(inner + std::string(text));
  const Sha1 digest = sha1(first.reveal());
  const Secret second(outer + std::string(bytes_of(digest)));
  const Secret wiped[] = {Secret(std::move(padded)), Secret(std::move(inner)), Secret(std::move(outer))};
  static_cast<void>(wiped);
  return sha1(second.reveal());
}

// RFC 3986: everything but unreserved characters.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return out;
}

}  // namespace

Secret random_code_secret(RandomSource& random) {
  std::array<std::uint8_t, kCodeSecretBytes> bytes{};
  random.fill(bytes);
  return Secret(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::string hotp(const Secret& secret, std::uint64_t counter, unsigned digits) {
  std::string text(8, '\0');
  for (std::size_t i = 0; i < text.size(); ++i)
    text[text.size() - 1 - i] = static_cast<char>((counter >> (8 * i)) & 0xffU);
  const Sha1 digest = hmac_sha1(secret, text);
  const std::size_t at = digest.back() & 15U;
  const std::uint32_t number = ((digest[at] & 0x7fU) << 24U) | (std::uint32_t{digest[at + 1]} << 16U) |
                               (std::uint32_t{digest[at + 2]} << 8U) | digest[at + 3];
  std::uint32_t modulus = 1;
  for (unsigned i = 0; i < digits; ++i) modulus *= 10;
  std::string code = std::to_string(number % modulus);
  code.insert(0, digits - code.size(), '0');
  return code;
}

std::optional<std::int64_t> match_totp(const Secret& secret, std::string_view code, UnixMillis now,
                                       std::int64_t used) {
  std::optional<std::int64_t> matched;
  const std::int64_t here = step_at(now);
  for (std::int64_t step = here - kCodeDrift; step <= here + kCodeDrift; ++step) {
    if (step < 0) continue;
    const bool same = equal_in_constant_time(hotp(secret, static_cast<std::uint64_t>(step)), code);
    if (same && step > used) matched = step;
  }
  return matched;
}

std::string base32(std::string_view bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  std::uint32_t waiting = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    waiting = (waiting << 8U) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 5; bits -= 5) out += kLetters[(waiting >> (bits - 5)) & 31U];
    waiting &= (1U << bits) - 1;
  }
  if (bits > 0) out += kLetters[(waiting << (5 - bits)) & 31U];
  return out;
}

Secret otpauth_uri(std::string_view issuer, std::string_view account, const Secret& secret) {
  const std::string name = percent_encoded(issuer);
  return Secret("otpauth://totp/" + name + ':' + percent_encoded(account) +
                "?secret=" + base32(secret.reveal()) + "&issuer=" + name + "&algorithm=SHA1&digits=" +
                std::to_string(kCodeDigits) + "&period=" + std::to_string(kCodeSeconds));
}

}  // namespace togglecast::auth
