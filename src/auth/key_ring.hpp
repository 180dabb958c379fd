// The keys of an installation: every key verifies, the newest key signs.
// Thread rule: filled before it is shared, then immutable; used from any thread.
#pragma once

#include <string_view>
#include <vector>

#include "auth/signing_key.hpp"

namespace togglecast::auth {

class KeyRing {
 public:
  /// From now on the added key signs.
  void add(SigningKey key) { keys_.push_back(std::move(key)); }

  [[nodiscard]] bool empty() const noexcept { return keys_.empty(); }
  [[nodiscard]] const SigningKey& current() const noexcept { return keys_.back(); }
  [[nodiscard]] const SigningKey* find(std::string_view kid) const noexcept;

 private:
  std::vector<SigningKey> keys_;
};

}  // namespace togglecast::auth
