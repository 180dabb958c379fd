// The durable side of the catalogue: environments, their entities, their change log, and secrets next to
// them.
//
//   auto transaction = store.begin("production");   // takes the environment's counter row
//   (*transaction)->head();                         // read rows up to here first, with a Reader
//   (*transaction)->commit({.row = &row, …});       // entities and log row together
//
// The log is the outbox: a committed row is delivered from here, even after a crash. A committed row survives
// kill -9 and power loss. Parts: reader.hpp, write_transaction.hpp, store_health.hpp, load.hpp.
//
// Thread rule: one thread at a time uses a Store with its transactions and its health, or a Reader.
// Errors: `unavailable` when the medium fails for now (full, read-only, locked, I/O), `internal` when the
// stored data is damaged. Both messages say what to do.
#pragma once

#include <memory>
#include <string>

#include "storage/load.hpp"
#include "storage/reader.hpp"
#include "storage/store_health.hpp"
#include "storage/write_transaction.hpp"

namespace togglecast::storage {

class Store {
 public:
  virtual ~Store() = default;
  /// `genesis` is random and starts the chain. `already_exists` when the key is taken.
  [[nodiscard]] virtual Result<void> create_environment(const std::string& key, const Sha256& genesis,
                                                        UnixMillis at) = 0;
  /// `not_found` without such an environment.
  [[nodiscard]] virtual Result<std::unique_ptr<WriteTransaction>> begin(const std::string& environment) = 0;
  /// An independent way to read, for another thread. The store must outlive it.
  [[nodiscard]] virtual Result<std::unique_ptr<Reader>> open_reader() = 0;
  [[nodiscard]] virtual StoreHealth& health() noexcept = 0;
};

}  // namespace togglecast::storage
