// A stream of Redis for each environment, `<prefix>:changes:<environment>`, with the newest committed
// changes, for other services. The environment `system` (accounts and keys) has no stream. Other nodes are
// woken for a change by `nodes`, and not from here.
//
// Every node adds every change, in the order of the log, and the id `epoch-revision` makes that harmless: the
// second one to add an entry is told that the stream has gone further. So the stream has no holes as long as
// Redis keeps what it took, however many nodes there are and whichever of them dies. A node that has added a
// change says so on the bus, `added production 1-42`; then the others need not try.
//
// After a lost connection, an error, and once per `check`, the node compares the end of the stream with the
// log:
//   * the stream does not exist (first start, restart without data, FLUSHALL): the newest changes of the log,
//     at most `length` and about `refill_bytes`, are added in one transaction
//   * it ends before the log does: what follows is added; what the log keeps no longer, or is more than
//     `length`, is left out
//   * it ends with a change that is not in our log, or behind its end (a store that was set up again, ids
//     that somebody raised): the stream is removed and made again; but when that happens twice within
//     `replace_again`, two installations share the prefix: then this node leaves the stream alone, and says
//     so
//
// Redis away or failing never delays a commit: at most `fresh` changes wait in memory, and the rest is read
// from the log later. Metrics: `togglecast_redis_stream_entries_total`,
// `togglecast_redis_stream_failures_total`, `togglecast_redis_stream_replaced_total`,
// `togglecast_redis_stream_behind`.
//
// Thread rule: `start` and `stop` by the owner; `health` from any thread. It has a thread of its own.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "changes/feed.hpp"
#include "changes/read_model.hpp"
#include "changes/store_reader.hpp"
#include "cluster/bus.hpp"
#include "cluster/redis/client.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "replication/log_pages.hpp"
#include "replication/stream_key.hpp"

namespace togglecast::replication {

struct ChangeStreamOptions {
  std::string prefix{};
  std::size_t length = 10'000;         ///< entries that a stream keeps, about; 0: no streams
  std::size_t fresh = 64;              ///< changes of an environment that wait in memory
  std::size_t refill_bytes = 8 << 20;  ///< of the changes of one transaction
  std::size_t page = 50;               ///< rows of one reading
  Milliseconds check{30'000};
  Milliseconds retry{1'000};  ///< after an error of Redis
  Milliseconds replace_again{600'000};
};

/// What the stream needs of the server. All must outlive it.
struct ChangeStreamParts {
  changes::ChangeFeed& feed;
  const changes::ReadModel& model;
  changes::StoreReader& reader;
  cluster::Bus& bus;
  observe::Log& log;
  observe::Metrics& metrics;
};

class ChangeStream {
 public:
  /// `client` must be new: the stream takes its handler.
  ChangeStream(std::unique_ptr<cluster::redis::Client> client, const ChangeStreamParts& parts,
               const ChangeStreamOptions& options);
  ~ChangeStream() { stop(); }
  ChangeStream(const ChangeStream&) = delete;
  ChangeStream& operator=(const ChangeStream&) = delete;

  void start();
  /// Before the reader stops.
  void stop();
  /// What keeps changes out of the streams, other than a lost connection; empty when nothing does.
  [[nodiscard]] std::string problem() const;

 private:
  // One environment. The worker's, but for what needs `mutex_`.
  struct Stream {
    StreamKey key;
    std::deque<changes::CommitPtr> fresh{};  // needs `mutex_`
    domain::Revision head = 0;               // the newest that this node knows; needs `mutex_`
    EntryId told{};                          // of the newest that another node says it added; needs `mutex_`
    /// The stream has all rows up to here that it should have; nothing: look first.
    std::optional<domain::Revision> after{};
    TimePoint again{};    // after an error: not before
    TimePoint checked{};  // its end was compared with the log
    std::optional<TimePoint> replaced{};
    std::string problem{};  // needs `mutex_`
    observe::Gauge* behind = nullptr;
  };

  void hear(const changes::CommitPtr& commit);
  void hear(const cluster::Message& message);
  void announce(const std::string& environment, const EntryId& id);
  [[nodiscard]] bool is_streamed(std::string_view environment) const;
  Stream& stream_of(const std::string& environment);  // needs `mutex_`
  void run();
  [[nodiscard]] bool wait();
  [[nodiscard]] std::vector<std::pair<std::string, Stream*>> due();
  void serve(const std::string& environment, Stream& stream);
  // These return an error when the environment must be tried again later. They forget `after` when they
  // must look again at once.
  [[nodiscard]] Result<void> bring_up(const std::string& environment, Stream& stream);
  [[nodiscard]] Result<void> settle(const std::string& environment, Stream& stream);
  [[nodiscard]] Result<void> make_again(const std::string& environment, Stream& stream, const StreamEnd& end,
                                        const LogEnd& log);
  [[nodiscard]] Result<void> add_missing(const std::string& environment, Stream& stream);
  [[nodiscard]] Result<void> add(const std::string& environment, Stream& stream, const LinkedRow& one);
  /// The next rows behind `after`, from memory or from the log; none when there are none.
  [[nodiscard]] Result<std::vector<LinkedRow>> next_rows(const std::string& environment, Stream& stream);
  void show(Stream& stream, const std::string& problem);  // and log the first one and the end of the last

  std::unique_ptr<cluster::redis::Client> client_;
  ChangeStreamParts parts_;
  const ChangeStreamOptions options_;
  LogPages log_;
  observe::Counter& entries_;
  observe::Counter& failures_;
  observe::Counter& replacements_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, Stream> streams_;
  bool woken_ = false;
  bool reconnected_ = false;
  bool stopping_ = false;

  cluster::Bus::Subscription notices_;
  changes::ChangeFeed::Subscription feed_;
  std::thread thread_;
};

}  // namespace togglecast::replication
