#include "auth/password.hpp"

#include <sodium.h>

#include <array>
#include <charconv>
#include <new>
#include <stdexcept>
#include <string_view>

#include "base/utf8.hpp"

namespace togglecast::auth {

PasswordHasher::PasswordHasher(const PasswordOptions& options) : options_(options) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be used on this machine");
  auto hashed = hash(Secret(std::string("nobody has this password")));
  if (!hashed) throw std::runtime_error(hashed.error().message);
  nobody_ = std::move(*hashed);
}

Result<Secret> PasswordHasher::hash(const Secret& password) const {
  std::array<char, crypto_pwhash_STRBYTES> out{};
  const std::string& text = password.reveal();
  if (crypto_pwhash_str_alg(out.data(), text.data(), text.size(), options_.operations, options_.memory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(Errc::unavailable, "not enough memory to hash a password");
  }
  return Secret(std::string(out.data()));
}

bool PasswordHasher::verify(const Secret& password, const Secret& hash) const {
  const std::string& text = password.reveal();
  if (crypto_pwhash_str_verify(hash.reveal().c_str(), text.data(), text.size()) == 0) return true;
  // libsodium says the same when it had no memory: that is no reason to blame the password.
  ::operator delete(::operator new(options_.memory));
  return false;
}

// `$argon2id$v=19$m=65536,t=3,p=1$…`, memory in KiB.
bool PasswordHasher::is_weaker(const Secret& hash) const {
  const std::string_view text = hash.reveal();
  const auto number_after = [text](std::string_view name) -> unsigned long long {
    const std::size_t at = text.find(name);
    unsigned long long number = 0;
    if (at != std::string_view::npos)
      std::from_chars(text.data() + at + name.size(), text.data() + text.size(), number);
    return number;
  };
  const unsigned long long memory = number_after("$m=") * 1'024;
  const unsigned long long operations = number_after(",t=");
  if (memory == 0 || operations == 0) return false;  // damaged: it matches nothing
  const unsigned long long wanted = options_.memory / 1'024 * 1'024;
  return memory <= wanted && operations <= options_.operations &&
         (memory < wanted || operations < options_.operations);
}

void PasswordHasher::verify_nobody(const Secret& password) const { std::ignore = verify(password, nobody_); }

Result<void> check_new_password(const Secret& password) {
  const std::string& text = password.reveal();
  if (text.size() < kMinPassword) return fail_field("/password", "must have at least 8 characters");
  if (text.size() > kMaxPassword) return fail_field("/password", "must be at most 1024 bytes");
  if (!is_valid_utf8(text)) return fail_field("/password", "must be UTF-8 text");
  return {};
}

Secret random_password(RandomSource& random) {
  constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";  // 32, without l, o, 0 and 1
  std::array<std::uint8_t, 24> bytes{};
  random.fill(bytes);
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && i % 6 == 0) text += '-';
    text += kLetters[bytes[i] % kLetters.size()];
  }
  return Secret(std::move(text));
}

}  // namespace togglecast::auth
