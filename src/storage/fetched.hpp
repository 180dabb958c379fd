// What was fetched from another server for an entity, as it came: the keys of an issuer. It lies beside the
// log and beside the entity: no revision, no row of the log, nobody is woken, and it goes when the entity
// goes.
//
//   fetched().keep("system", {{Kind::issuer, 7}, url, text, now})
//
// Several nodes write: the newest time wins. Thread and error rules as in store.hpp and reader.hpp.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "storage/usage.hpp"

namespace togglecast::storage {

struct Fetched {
  UsedEntity of;
  std::string source;  ///< where it came from
  std::string text;
  UnixMillis at{};
};

class FetchedWriter {
 public:
  virtual ~FetchedWriter() = default;

  /// One text for each entity. Durable when it returns without error. Nothing happens when the entity is
  /// gone, or when a newer one is kept. `not_found` without such an environment.
  [[nodiscard]] virtual Result<void> keep(const std::string& environment, const Fetched& fetched) = 0;
};

class FetchedReader {
 public:
  virtual ~FetchedReader() = default;

  /// Of all entities of the environment, by kind and id.
  [[nodiscard]] virtual Result<std::vector<Fetched>> all(const std::string& environment) = 0;
};

}  // namespace togglecast::storage
