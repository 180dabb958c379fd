#include "auth/key_ring.hpp"

#include <algorithm>

namespace togglecast::auth {

void KeyRing::add(SigningKey key, UnixMillis signs_from) {
  auto added = std::make_shared<const SigningKey>(std::move(key));
  const std::scoped_lock lock(mutex_);
  if (known(added->kid()) == nullptr) keys_.push_back({std::move(added), signs_from});
}

bool KeyRing::empty() const {
  const std::scoped_lock lock(mutex_);
  return keys_.empty();
}

SigningKeyPtr KeyRing::current(UnixMillis now) const {
  const std::scoped_lock lock(mutex_);
  const auto found =
      std::find_if(keys_.rbegin(), keys_.rend(), [now](const Entry& one) { return one.signs_from <= now; });
  return found == keys_.rend() ? keys_.front().key : found->key;
}

SigningKeyPtr KeyRing::oldest() const {
  const std::scoped_lock lock(mutex_);
  return keys_.front().key;
}

SigningKeyPtr KeyRing::find(std::string_view kid) const {
  const std::scoped_lock lock(mutex_);
  return known(kid);
}

SigningKeyPtr KeyRing::known(std::string_view kid) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [kid](const Entry& one) { return one.key->kid() == kid; });
  return found == keys_.end() ? nullptr : found->key;
}

}  // namespace togglecast::auth
