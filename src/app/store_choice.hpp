// The store that the settings name: the file in the data folder, or a PostgreSQL database. With a database,
// the data folder has only what belongs to this node: the first password, and the marker (decision 0038).
// Thread rule: one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/config/settings.hpp"
#include "app/process/runtime.hpp"
#include "storage/postgres/connection/listener.hpp"
#include "storage/sqlite/data_folder.hpp"
#include "storage/store.hpp"

namespace togglecast::app {

/// A store and what must live as long as it.
struct OpenStore {
  std::optional<storage::sqlite::DataFolder>
      folder{};  ///< of this node, locked; the file's store has its own
  std::unique_ptr<storage::Store> store{};
  std::string node{};                                           ///< in notifications
  std::shared_ptr<storage::postgres::LinkCounters> counters{};  ///< null without a database
};

/// What a program beside a database does with the data folder. A file's store always needs it.
enum class NodeFolder : std::uint8_t {
  locked,
  unused  ///< for a command that runs beside the servers
};

/// Opens the store, and says in the log what an operator should know of it.
[[nodiscard]] Result<OpenStore> open_store(const Settings& settings, Runtime& runtime,
                                           NodeFolder folder = NodeFolder::locked);

/// Whether nothing answers where the database should be, or it is just starting or stopping: waiting may
/// help. False without a database.
[[nodiscard]] bool store_is_away(const Settings& settings);

/// `postgresql://user@host/database` without its password, or the data folder.
[[nodiscard]] std::string describe_store(const Settings& settings);

/// Calls `on_notice` when another node may have written. Null without a database, and with --store-listen
/// off. Not started yet.
[[nodiscard]] std::unique_ptr<storage::postgres::Listener> store_listener(const Settings& settings,
                                                                          const std::string& node,
                                                                          Runtime& runtime,
                                                                          std::function<void()> on_notice);

/// Connections of the store, and whether it listens. `listener` may be null, and must outlive the metrics'
/// readers otherwise.
void export_store(observe::Metrics& metrics, const std::shared_ptr<storage::postgres::LinkCounters>& counters,
                  const storage::postgres::Listener* listener);

}  // namespace togglecast::app
