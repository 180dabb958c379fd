#include "auth/codes/recovery_codes.hpp"

#include <array>

#include "base/digest.hpp"
#include "domain/entities/asset.hpp"

namespace togglecast::auth {
namespace {

constexpr std::string_view kRecoveryLetters = "abcdefghijkmnpqrstuvwxyz23456789";  // 32: 5 bits each
constexpr std::size_t kRecoveryLength = 16;
constexpr std::size_t kRecoveryGroup = 4;

}  // namespace

std::vector<Secret> random_recovery_codes(RandomSource& random) {
  std::vector<Secret> codes;
  codes.reserve(kRecoveryCodes);
  while (codes.size() < kRecoveryCodes) {
    std::array<std::uint8_t, kRecoveryLength> bytes{};
    random.fill(bytes);
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (i > 0 && i % kRecoveryGroup == 0) text += '-';
      text += kRecoveryLetters[bytes[i] % kRecoveryLetters.size()];
    }
    codes.emplace_back(std::move(text));
  }
  return codes;
}

std::string digest_of_recovery_code(std::string_view code) {
  std::string plain;
  for (const char c : code) {
    if (c == '-' || c == ' ') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  const Secret wiped(std::move(plain));
  return domain::hex(sha256(wiped.reveal()));
}

}  // namespace togglecast::auth
