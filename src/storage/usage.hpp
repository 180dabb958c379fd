// When sessions of admins and API keys were used last, and how often the refresh token of a session was
// exchanged. This lies beside the log and beside the entity that it is about: no revision, no row of the log,
// nobody is woken, and it goes when the entity goes.
//
//   usage().note("system", notes)                        // many uses in one transaction
//   usage().advance("system", {Kind::token, 7}, 3, now)  // generation 3 becomes 4, once
//
// Several nodes write: the newest time of use wins, and a generation follows on exactly one before it.
//
// Thread and error rules as in store.hpp and reader.hpp. A driver knows numbers, and nothing of their
// meaning.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "domain/schema/ids.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::storage {

/// An entity that is used: a session (Kind::token), an API key.
struct UsedEntity {
  domain::Kind kind = domain::Kind::token;
  domain::Id id = 0;

  friend auto operator<=>(const UsedEntity&, const UsedEntity&) = default;
};

struct Use {
  UsedEntity of;
  UnixMillis at{};
};

/// The first one begins with the entity, at no time of its own (0).
struct Generation {
  std::int64_t number = 1;
  UnixMillis at{};  ///< when it followed on the one before
};

struct Usage {
  UsedEntity of;
  UnixMillis used_at{};  ///< 0: never
  Generation generation{};
};

struct Advanced {
  Generation generation;  ///< the newest one, afterwards
  bool taken = false;     ///< by this call
};

class UsageWriter {
 public:
  virtual ~UsageWriter() = default;

  /// All in one transaction; durable when it returns without error. The newest time of an entity counts.
  /// Those of entities that are gone are ignored. `not_found` without such an environment.
  [[nodiscard]] virtual Result<void> note(const std::string& environment, std::span<const Use> uses) = 0;
  /// Makes the generation after `from`, at `at`, if `from` is the newest one; then the entity was also used
  /// at that time. Otherwise nothing changes. `not_found` when the entity is gone.
  [[nodiscard]] virtual Result<Advanced> advance(const std::string& environment, const UsedEntity& of,
                                                 std::int64_t from, UnixMillis at) = 0;
};

class UsageReader {
 public:
  virtual ~UsageReader() = default;

  /// Of all entities of the environment that have any, by kind and id.
  [[nodiscard]] virtual Result<std::vector<Usage>> all(const std::string& environment) = 0;
  /// Of one entity. The first generation, never used, when nothing is known of it.
  [[nodiscard]] virtual Result<Usage> of(const std::string& environment, const UsedEntity& entity) = 0;
};

}  // namespace togglecast::storage
