#include "app/store_choice.hpp"

#include <filesystem>
#include <utility>

#include "storage/postgres/connection/connection.hpp"
#include "storage/postgres/postgres_store.hpp"
#include "storage/sqlite/sqlite_store.hpp"

namespace togglecast::app {
namespace {

constexpr std::size_t kNodeBytes = 12;

storage::postgres::Target target_of(const Settings& settings, const std::string& text) {
  return {.text = text, .statement = settings.store_timeout};
}

void tell_of_file(const storage::StoreHealth& health, observe::Log& log) {
  if (const std::string left_out = health.set_aside(); !left_out.empty()) {
    log.warn(
        "togglecast.db and togglecast.db-wal did not belong together, as after a restore beside an old "
        "togglecast.db-wal: the server uses togglecast.db, and set the other file aside",
        {{"set_aside", left_out},
         {"hint", "to have its changes back, stop, and put both files back that belong together"}});
  }
  if (health.origin() == storage::Origin::copied) {
    log.warn(
        "the data folder is a copy, for example a restored backup: the server begins a new epoch, and "
        "clients discard what they know of the old one");
  }
}

Result<storage::sqlite::DataFolder> lock_node_folder(const Settings& settings, observe::Log& log) {
  auto folder = storage::sqlite::DataFolder::open(settings.data);
  if (!folder) return folder;
  std::error_code ignored;
  if (std::filesystem::exists(folder->database(), ignored)) {
    log.warn("the data folder has a database of its own, which is not used beside --store",
             {{"file", folder->database().string()},
              {"hint", "togglecast migrate-store moves its state into the store"}});
  }
  return folder;
}

Result<OpenStore> open_database(const Settings& settings, Runtime& runtime, NodeFolder use) {
  OpenStore opened;
  if (use == NodeFolder::locked) {
    auto folder = lock_node_folder(settings, runtime.log);
    if (!folder) return tl::unexpected(folder.error());
    opened.folder.emplace(*std::move(folder));
  }
  opened.node = random_token(runtime.random, kNodeBytes);
  auto store = storage::postgres::PostgresStore::open(
      target_of(settings, settings.store),
      {.idempotency_ttl = settings.idempotency_age, .node = opened.node});
  if (!store) return tl::unexpected(store.error());
  opened.counters = (*store)->counters();
  opened.store = *std::move(store);
  return opened;
}

}  // namespace

Result<OpenStore> open_store(const Settings& settings, Runtime& runtime, NodeFolder folder) {
  if (!settings.store.empty()) return open_database(settings, runtime, folder);
  auto store =
      storage::sqlite::SqliteStore::open(settings.data, {.idempotency_ttl = settings.idempotency_age});
  if (!store) return tl::unexpected(store.error());
  tell_of_file((*store)->health(), runtime.log);
  OpenStore opened;
  opened.store = *std::move(store);
  return opened;
}

bool store_is_away(const Settings& settings) {
  return !settings.store.empty() &&
         storage::postgres::Connection::is_away(target_of(settings, settings.store));
}

std::string describe_store(const Settings& settings) {
  if (!settings.store.empty()) return storage::postgres::shown(settings.store);
  std::error_code ignored;
  return std::filesystem::absolute(settings.data, ignored).lexically_normal().string();
}

std::unique_ptr<storage::postgres::Listener> store_listener(const Settings& settings, const std::string& node,
                                                            Runtime& runtime,
                                                            std::function<void()> on_notice) {
  if (settings.store.empty() || settings.store_listen == kListenOff) return nullptr;
  storage::postgres::ListenerOptions options;
  options.target =
      target_of(settings, settings.store_listen.empty() ? settings.store : settings.store_listen);
  options.own = node;
  options.on_notice = std::move(on_notice);
  options.on_state = [&log = runtime.log](bool listening, const std::string& reason) {
    if (listening) {
      log.info("listening for changes of other nodes");
    } else {
      log.warn("changes of other nodes are noticed once a second only",
               {{"reason", reason}, {"option", "--store-listen"}});
    }
  };
  return std::make_unique<storage::postgres::Listener>(std::move(options));
}

void export_store(observe::Metrics& metrics, const std::shared_ptr<storage::postgres::LinkCounters>& counters,
                  const storage::postgres::Listener* listener) {
  if (counters == nullptr) return;
  metrics.counter_from("togglecast_store_connects_total", "Connections to PostgreSQL that were opened.",
                       [counters] { return static_cast<double>(counters->connects.load()); });
  metrics.counter_from("togglecast_store_connection_failures_total",
                       "Connections to PostgreSQL that broke or could not be opened.",
                       [counters] { return static_cast<double>(counters->failures.load()); });
  metrics.gauge_from("togglecast_store_listening",
                     "1 while PostgreSQL tells of changes of other nodes (NOTIFY), else 0.",
                     [listener] { return listener != nullptr && listener->is_listening() ? 1.0 : 0.0; });
}

}  // namespace togglecast::app
