// The condition of a store's medium. Thread rule: that of the store. Errors say what an operator should do.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace togglecast::storage {

/// Where the stored data comes from.
enum class Origin : std::uint8_t {
  same,    ///< the data that was opened last time, or new data
  copied,  ///< a copy, such as a restored backup. The store has raised the epochs of all environments.
};

class StoreHealth {
 public:
  virtual ~StoreHealth() = default;
  /// `unavailable` when a committed change would not be found again, for example because somebody moved the
  /// file or the server is gone. Quick: it is asked before each write and every few seconds.
  [[nodiscard]] virtual Result<void> check() = 0;
  /// Tells whether a change could be written now: it writes something without a meaning and removes it.
  [[nodiscard]] virtual Result<void> probe_write() = 0;
  [[nodiscard]] virtual Origin origin() const noexcept = 0;
  /// A file with changes that did not belong to the data, and were therefore left out of it; empty without
  /// one.
  [[nodiscard]] virtual std::string set_aside() const { return {}; }
};

}  // namespace togglecast::storage
