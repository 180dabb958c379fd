// Keeps the change logs: one thread for all environments, with a reader of its own.
//
// * The chain. After a start it follows the whole kept chain, some rows at a time. Serving does not wait for
//   it: the rows of the recent states were checked before. A broken chain is logged as an error and shown in
//   `togglecast_log_chain_broken`, and nothing of that log is removed any more.
// * Retention. It asks for rows to be removed that are beyond the limits and that nobody needs
//   (retention.hpp).
// * The marker. It writes down how far each log went (node_marker.hpp), some seconds late, and at the stop.
//   When the store has less than that, or less than this server serves, or something else, it says so loudly
//   and keeps the texts of the lost rows that it has. At a start, the caller then begins a new epoch. While
//   the server runs, it asks for one, and `health` fails until the server has taken it (decision 0045).
// * Metrics of each log: `togglecast_log_rows`, `togglecast_log_bytes`, `togglecast_log_oldest_revision`,
//   `togglecast_log_oldest_timestamp_seconds`; and of the assets, which go with the rows that name them:
//   `togglecast_assets`, `togglecast_asset_bytes`.
//
// It looks when the store has changed, at most once per `look`, after rows were to be removed, and once a
// minute.
// Thread rule: `compare_with_marker`, `look` and `start` by the owner, before `start`; `stop` by the owner,
// once nothing is written any more; `health` from any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "changes/keeping/node_marker.hpp"
#include "changes/keeping/retention.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "storage/reader.hpp"

namespace togglecast::changes {

struct LogKeeperOptions {
  RetentionOptions retention{};
  Milliseconds look{1'000};
  Milliseconds pause{5};           ///< between two parts of the check, which leaves the processor to others
  std::string marker{};            ///< the file, in the folder for lost rows; empty: none
  Milliseconds mark{2'000};        ///< at least, between two writes of the marker
  std::size_t rows_at_once = 512;  ///< of one part
};

/// The rest of the server, as far as a log needs it. Called on the keeper's thread.
struct LogKeeperPorts {
  std::function<domain::Revision(const std::string& environment)> oldest_recent_state;
  std::function<void(const std::string& environment, domain::Revision until)> prune;
  /// The newest head that this server serves. Empty: only what was marked counts.
  std::function<std::optional<domain::Head>(const std::string& environment)> served{};
  /// This head was served, and the store has it no more. Asked again until that is settled.
  std::function<void(const std::string& environment, const domain::Head& lost)> begin_epoch{};
};

class LogKeeper {
 public:
  /// All references must outlive it.
  LogKeeper(std::unique_ptr<storage::Reader> reader, LogKeeperPorts ports, const Clock& clock,
            observe::Log& log, observe::Metrics& metrics, const LogKeeperOptions& options = {});
  ~LogKeeper() { stop(); }
  LogKeeper(const LogKeeper&) = delete;
  LogKeeper& operator=(const LogKeeper&) = delete;

  /// Compares the store with the marker of the last run, and tells what is lost. The caller begins a new
  /// epoch for each answer, unless the store has begun one since (`found.epoch > served.epoch`).
  [[nodiscard]] Result<std::vector<Regression>> compare_with_marker();
  /// One look at all environments, with a part of the check that is large enough for most logs.
  void look();
  void start();
  /// Ends the thread and writes the marker.
  void stop();
  /// `unavailable` while the store has less than this server serves.
  [[nodiscard]] Result<void> health() const;

 private:
  struct Watch {
    std::optional<domain::Head> checked;  // the chain is verified up to here
    domain::Revision check_until = 0;     // the head at the first look: the tail checks what comes after it
    std::int64_t checked_rows = 0;
    TimePoint check_began{};
    UnixMillis age_counts_from{};  // this time at `check_began`; from there, age follows the steady clock
    bool broken = false;
    std::pair<domain::Revision, domain::Revision>
        asked{};  // to remove: all after the first, up to the second
    observe::Gauge* rows = nullptr;
    observe::Gauge* bytes = nullptr;
    observe::Gauge* oldest = nullptr;
    observe::Gauge* oldest_at = nullptr;
    observe::Gauge* chain_broken = nullptr;
    observe::Gauge* assets = nullptr;
    observe::Gauge* asset_bytes = nullptr;
  };

  void run();
  [[nodiscard]] Result<void> look_at_all();
  [[nodiscard]] Result<void> look_at(const std::string& environment);
  [[nodiscard]] Result<void> check_chain(const std::string& environment, Watch& watch);
  // One part of the check; true when there is more.
  [[nodiscard]] Result<bool> check_some(const std::string& environment, Watch& watch);
  [[nodiscard]] Result<void> retain(const std::string& environment, Watch& watch,
                                    const storage::KeptLog& kept);
  [[nodiscard]] Watch& watch_of(const std::string& environment, const storage::KeptLog& kept);
  void tell_broken(const std::string& environment, Watch& watch, const Error& error);
  // Brings the mark up to the newest row, unless the store does not continue it.
  [[nodiscard]] Result<void> mark(const std::string& environment, const storage::KeptLog& kept);
  // True when the store continues all that was served, so that it can be marked.
  [[nodiscard]] Result<bool> has_all(const std::string& environment);
  void tell_found_again(const std::string& environment);
  void write_marker(bool now);
  void tell_lost(const Regression& regression);
  // False when the keeper stops.
  [[nodiscard]] bool rest(Milliseconds time);

  std::unique_ptr<storage::Reader> reader_;
  LogKeeperPorts ports_;
  const Clock& clock_;
  observe::Log& log_;
  observe::Metrics& metrics_;
  LogKeeperOptions options_;
  std::map<std::string, Watch> watches_;
  std::string last_failure_;

  Marks marks_;
  bool marks_changed_ = false;
  bool marker_failed_ = false;
  std::optional<TimePoint> marked_at_;
  std::map<std::string, domain::Head> regressed_;  // while the server ran: the lost heads
  bool checking_ = false;                          // some log is not checked to its end
  bool shrinking_ = false;                         // some log was asked to lose rows that it had

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Error> lost_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace togglecast::changes
