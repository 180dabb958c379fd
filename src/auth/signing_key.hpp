// A key that signs tokens and checks their signatures: HMAC-SHA256 through OpenSSL's EVP. A key has one
// algorithm for life, so a token can never choose another. Thread rule: immutable; used from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace togglecast::auth {

enum class Algorithm : std::uint8_t { hs256 };
/// The `alg` of a token's header: `HS256`.
[[nodiscard]] std::string_view to_string(Algorithm algorithm) noexcept;

class SigningKey {
 public:
  /// `secret` is 32 bytes; `internal` otherwise.
  [[nodiscard]] static Result<SigningKey> make(std::string kid, const Secret& secret);
  SigningKey(SigningKey&&) noexcept;
  ~SigningKey();

  /// A key for another purpose, with a secret that follows from this one's and says nothing about it. Equal
  /// for equal secrets, so it survives restarts and is the same on every node.
  [[nodiscard]] SigningKey derive(std::string_view purpose) const;

  [[nodiscard]] const std::string& kid() const noexcept { return kid_; }
  [[nodiscard]] Algorithm algorithm() const noexcept { return Algorithm::hs256; }

  /// Raw signature bytes.
  [[nodiscard]] std::string sign(std::string_view text) const;
  /// Takes constant time, wherever they differ.
  [[nodiscard]] bool verify(std::string_view text, std::string_view signature) const;

 private:
  struct Context;
  SigningKey(std::string kid, std::unique_ptr<Context> context);

  std::string kid_;
  std::unique_ptr<Context> context_;
};

/// 32 random bytes for a new key.
[[nodiscard]] Secret random_signing_secret(RandomSource& random);

}  // namespace togglecast::auth
