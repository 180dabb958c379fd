// The durable side of the catalogue: environments, their entities, their change log, and secrets next to
// them.
//
//   auto transaction = store.begin("production");   // takes the environment's counter row
//   (*transaction)->head();                         // read rows up to here first, with a Reader
//   (*transaction)->commit({.row = &row, …});       // entities and log row together
//
// The log is the outbox: a committed row is delivered from here, even after a crash. A committed row survives
// kill -9 and power loss. Parts: reader.hpp, write_transaction.hpp, messages.hpp, usage.hpp, fetched.hpp,
// leases.hpp, transfer.hpp, store_health.hpp, load.hpp.
//
// Thread rule: one thread at a time uses a Store with its transactions and its health, or a Reader.
// Errors: `unavailable` when the medium fails for now (full, read-only, locked, I/O), `internal` when the
// stored data is damaged. Both messages say what to do.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "storage/fetched.hpp"
#include "storage/leases.hpp"
#include "storage/load.hpp"
#include "storage/messages.hpp"
#include "storage/reader.hpp"
#include "storage/store_health.hpp"
#include "storage/transfer.hpp"
#include "storage/usage.hpp"
#include "storage/write_transaction.hpp"

namespace togglecast::storage {

/// Bounds of one step of `Store::prune_log`, so that no write waits long for it.
struct PruneBounds {
  std::size_t rows = 32;         ///< rows of the log
  std::size_t ops = 128;         ///< entities that these rows touched
  std::size_t bytes = 524'288;   ///< of the rows; one row may be larger
  std::optional<Fence> fence{};  ///< the step needs this lease
};

struct Pruned {
  std::size_t rows = 0;  ///< that this step took out of the log
  bool more = false;     ///< another step is needed
};

class Store {
 public:
  virtual ~Store() = default;
  /// `genesis` is random and starts the chain. `already_exists` when the key is taken.
  [[nodiscard]] virtual Result<void> create_environment(const std::string& key, const Sha256& genesis,
                                                        UnixMillis at) = 0;
  /// `not_found` without such an environment.
  [[nodiscard]] virtual Result<std::unique_ptr<WriteTransaction>> begin(const std::string& environment) = 0;
  /// The same for a caller that has the state of revision `seen`: reads the rows after it along with the
  /// counter row, if that saves a round trip to the store. See `WriteTransaction::take_unseen`.
  [[nodiscard]] virtual Result<std::unique_ptr<WriteTransaction>> begin_after(const std::string& environment,
                                                                              domain::Revision /*seen*/) {
    return begin(environment);
  }
  /// Begins a new epoch, after every one that was served: `lost` was served, and the log has it no more. In
  /// one transaction, so of several nodes that notice the same loss one begins the epoch. True when this call
  /// did. False, and nothing changes, when the epoch is later than that of `lost` already, or when the log
  /// has `lost` after all.
  [[nodiscard]] virtual Result<bool> raise_epoch(const std::string& environment,
                                                 const domain::Head& lost) = 0;
  /// One step, in one small transaction, towards a log without the rows up to and including `until`. The head
  /// before the oldest kept row stays, so the chain of the kept rows still verifies. After an interruption at
  /// any point the log is whole, and a further call goes on. The caller answers for it that nobody needs
  /// these rows.
  [[nodiscard]] virtual Result<Pruned> prune_log(const std::string& environment, domain::Revision until,
                                                 const PruneBounds& bounds) = 0;
  /// One step, in one small transaction, that gives unused space back to the medium. True when another one is
  /// needed.
  [[nodiscard]] virtual Result<bool> give_back_space() = 0;
  /// Removes up to `most` assets of the environment that no entity has and no row of the log names, in one
  /// small transaction. Answers how many: fewer than `most` when nothing is left to remove.
  [[nodiscard]] virtual Result<std::size_t> collect_assets(const std::string& environment,
                                                           std::size_t most) = 0;
  /// An independent way to read, for another thread. The store must outlive it.
  [[nodiscard]] virtual Result<std::unique_ptr<Reader>> open_reader() = 0;
  /// Messages that want an acknowledgement.
  [[nodiscard]] virtual MessageWriter& messages() noexcept = 0;
  /// When sessions and API keys were used last.
  [[nodiscard]] virtual UsageWriter& usage() noexcept = 0;
  /// What only one of several nodes may do at a time.
  [[nodiscard]] virtual Leases& leases() noexcept = 0;
  /// The whole state, for another store.
  [[nodiscard]] virtual Transfer& transfer() noexcept = 0;
  [[nodiscard]] virtual StoreHealth& health() noexcept = 0;
  /// What was fetched from other servers.
  [[nodiscard]] virtual FetchedWriter& fetched() noexcept = 0;
};

}  // namespace togglecast::storage
