// The keys of an installation: every key verifies, and the newest one whose time has come signs. A key that
// was just made signs later, so that every node knows it before the first token of it arrives. A key that was
// retired neither signs nor verifies tokens; other secrets still follow from the oldest one. Thread rule: any
// thread. The lock is held while a pointer is copied.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "auth/signing_key.hpp"
#include "base/clock.hpp"

namespace togglecast::auth {

using SigningKeyPtr = std::shared_ptr<const SigningKey>;

class KeyRing {
 public:
  /// The id of its record; 0: none.
  using Number = std::uint32_t;
  /// In the order of their making. A name that is known is ignored.
  void add(SigningKey key, UnixMillis signs_from = {}, Number number = 0);
  /// Ends the use of this key for tokens. True when that is news.
  bool retire(std::string_view kid);

  [[nodiscard]] bool empty() const;
  /// The key that signs at `now`, or that signed then. The oldest one signs when the time of none has come.
  [[nodiscard]] SigningKeyPtr current(UnixMillis now) const;
  /// The same for the life of the installation, however many keys follow.
  [[nodiscard]] SigningKeyPtr oldest() const;
  /// Null without it. A retired one is found too.
  [[nodiscard]] SigningKeyPtr find(std::string_view kid) const;
  struct Verifier {
    SigningKeyPtr key;
    Number number = 0;
    bool retired = false;
  };
  /// The key that a token names.
  [[nodiscard]] std::optional<Verifier> verifier(std::string_view kid) const;
  /// False when the key with this number was retired.
  [[nodiscard]] bool accepts(Number number) const;

 private:
  struct Entry {
    SigningKeyPtr key;
    UnixMillis signs_from;
    Number number = 0;
    bool retired = false;
  };
  [[nodiscard]] const Entry* known(std::string_view kid) const;

  mutable std::mutex mutex_;
  std::vector<Entry> keys_;
};

}  // namespace togglecast::auth
