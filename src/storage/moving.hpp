// Moves the whole state of a store into another one, and proves that it has arrived: `togglecast
// migrate-store`. Thread rule: the caller's thread; nobody else uses either store.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "storage/store.hpp"

namespace togglecast::storage {

struct MoveOptions {
  std::string origin;           ///< where the state comes from, for people; not empty
  std::string lease{"upkeep"};  ///< which a server of the source would have
  std::string holder{"migrate-store"};
  TransferBounds bounds{};
  /// Called now and then: so many rows of this table have been copied. Empty: not.
  std::function<void(const std::string& table, std::int64_t rows)> on_copied{};
  /// The copy of this environment is about to be checked. Empty: not.
  std::function<void(const std::string& environment)> on_check{};
};

struct MovedState {
  std::vector<Environment> environments;
  std::int64_t rows = 0;  ///< of all tables
};

/// Interrupted at any point, the target is no state, and another call begins again. The source stays as it
/// is. Errors: `conflict` when a server uses the source, when it changed meanwhile, or when the target has a
/// state; `not_found` when the source has none; `internal` when the copy is not the same.
[[nodiscard]] Result<MovedState> move_state(Store& from, Store& to, const MoveOptions& options);

}  // namespace togglecast::storage
