// Passwords: Argon2id through libsodium. Hashing and verifying take tens of milliseconds and `memory` bytes
// on purpose. Run them on the worker pool, never on a shard. Thread rule: immutable; used from any
// thread.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace togglecast::auth {

inline constexpr std::size_t kMinPassword = 8;
inline constexpr std::size_t kMaxPassword = 1'024;

struct PasswordOptions {
  unsigned long long operations = 3;
  std::size_t memory = std::size_t{64} * 1'024 * 1'024;  ///< bytes
};

/// For tests: the cheapest Argon2id.
inline constexpr PasswordOptions kCheapPasswords{.operations = 1, .memory = 8'192};

class PasswordHasher {
 public:
  explicit PasswordHasher(const PasswordOptions& options = {});

  /// `unavailable` when there is not enough memory.
  [[nodiscard]] Result<Secret> hash(const Secret& password) const;
  /// Whether `hash` is a hash of `password`. A damaged hash matches nothing.
  /// Throws std::bad_alloc when there is not enough memory.
  [[nodiscard]] bool verify(const Secret& password, const Secret& hash) const;
  /// Whether `hash` was made with less work or memory than new ones, and with no more of either.
  [[nodiscard]] bool is_weaker(const Secret& hash) const;
  /// Takes as long as `verify` and fails. For unknown users: the time does not tell whether a user exists.
  void verify_nobody(const Secret& password) const;

 private:
  PasswordOptions options_;
  Secret nobody_;
};

/// 8 to 1024 bytes of UTF-8; the error names `/password`.
[[nodiscard]] Result<void> check_new_password(const Secret& password);

/// 24 letters and digits (120 bits or more), in groups with dashes for typing.
[[nodiscard]] Secret random_password(RandomSource& random);

}  // namespace togglecast::auth
