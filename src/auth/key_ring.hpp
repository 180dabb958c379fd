// The keys of an installation: every key verifies, and the newest one whose time has come signs. A key that
// was just made signs later, so that every node knows it before the first token of it arrives. Thread rule:
// any thread. The lock is held while a pointer is copied.
#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "auth/signing_key.hpp"
#include "base/clock.hpp"

namespace togglecast::auth {

using SigningKeyPtr = std::shared_ptr<const SigningKey>;

class KeyRing {
 public:
  /// In the order of their making. A name that is known is ignored.
  void add(SigningKey key, UnixMillis signs_from = {});

  [[nodiscard]] bool empty() const;
  /// The key that signs at `now`. The oldest one signs when the time of none has come.
  [[nodiscard]] SigningKeyPtr current(UnixMillis now) const;
  /// The same for the life of the installation, however many keys follow.
  [[nodiscard]] SigningKeyPtr oldest() const;
  /// Null without it.
  [[nodiscard]] SigningKeyPtr find(std::string_view kid) const;

 private:
  struct Entry {
    SigningKeyPtr key;
    UnixMillis signs_from;
  };
  [[nodiscard]] SigningKeyPtr known(std::string_view kid) const;

  mutable std::mutex mutex_;
  std::vector<Entry> keys_;
};

}  // namespace togglecast::auth
