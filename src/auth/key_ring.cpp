#include "auth/key_ring.hpp"

#include <algorithm>

namespace togglecast::auth {

const SigningKey* KeyRing::find(std::string_view kid) const noexcept {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [kid](const SigningKey& key) { return key.kid() == kid; });
  return found == keys_.end() ? nullptr : &*found;
}

}  // namespace togglecast::auth
