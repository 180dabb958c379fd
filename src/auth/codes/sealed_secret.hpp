// A secret encrypted at rest: XChaCha20-Poly1305 by libsodium, bound to the name of its owner, so that it
// opens nowhere else. Thread rule: immutable; used from any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace togglecast::auth {

class SecretSealer {
 public:
  /// `key` has 32 bytes; throws std::invalid_argument otherwise.
  explicit SecretSealer(Secret key);

  /// base64url.
  [[nodiscard]] std::string seal(RandomSource& random, const Secret& secret, std::string_view owner) const;
  /// `internal` unless it was sealed with this key, for this owner.
  [[nodiscard]] Result<Secret> open(std::string_view sealed, std::string_view owner) const;

 private:
  Secret key_;
};

}  // namespace togglecast::auth
