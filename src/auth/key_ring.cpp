#include "auth/key_ring.hpp"

#include <algorithm>
#include <utility>

namespace togglecast::auth {

void KeyRing::add(SigningKey key, UnixMillis signs_from, Number number) {
  auto added = std::make_shared<const SigningKey>(std::move(key));
  const std::scoped_lock lock(mutex_);
  if (known(added->kid()) == nullptr) keys_.push_back({std::move(added), signs_from, number});
}

bool KeyRing::retire(std::string_view kid) {
  const std::scoped_lock lock(mutex_);
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [kid](const Entry& one) { return one.key->kid() == kid; });
  return found != keys_.end() && !std::exchange(found->retired, true);
}

bool KeyRing::empty() const {
  const std::scoped_lock lock(mutex_);
  return keys_.empty();
}

SigningKeyPtr KeyRing::current(UnixMillis now) const {
  const std::scoped_lock lock(mutex_);
  const auto found = std::find_if(keys_.rbegin(), keys_.rend(),
                                  [now](const Entry& one) { return !one.retired && one.signs_from <= now; });
  if (found != keys_.rend()) return found->key;
  const auto oldest = std::find_if(keys_.begin(), keys_.end(), [](const Entry& one) { return !one.retired; });
  return oldest == keys_.end() ? keys_.back().key : oldest->key;
}

SigningKeyPtr KeyRing::oldest() const {
  const std::scoped_lock lock(mutex_);
  return keys_.front().key;
}

SigningKeyPtr KeyRing::find(std::string_view kid) const {
  const std::scoped_lock lock(mutex_);
  const Entry* entry = known(kid);
  return entry == nullptr ? nullptr : entry->key;
}

std::optional<KeyRing::Verifier> KeyRing::verifier(std::string_view kid) const {
  const std::scoped_lock lock(mutex_);
  const Entry* entry = known(kid);
  if (entry == nullptr) return std::nullopt;
  return Verifier{entry->key, entry->number, entry->retired};
}

bool KeyRing::accepts(Number number) const {
  const std::scoped_lock lock(mutex_);
  return number == 0 || std::none_of(keys_.begin(), keys_.end(), [number](const Entry& one) {
           return one.number == number && one.retired;
         });
}

const KeyRing::Entry* KeyRing::known(std::string_view kid) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [kid](const Entry& one) { return one.key->kid() == kid; });
  return found == keys_.end() ? nullptr : &*found;
}

}  // namespace togglecast::auth
