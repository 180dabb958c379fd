// Messages that wait for their acknowledgement: kept in the store before they are sent, followed by every
// process that shares the store, and told to one listener, which sends them.
//
//   mailbox.keep(message, done);        // committed, then told to the listener like those of other processes
//   mailbox.record(receipts);           // deliveries and acknowledgements, many in one transaction
//   mailbox.acknowledge(receipts, done);  // the same; `done` once they are durable
//
// Writes run on the committer's thread, between changes of the catalogue. A receipt that could not be written
// is tried again; until it is, the message may be delivered once more.
//
// Thread rule: any thread. `done` runs on the committer's thread or on that of the store reader, or within
// the call when too much waits. The listener runs on the tail's thread, or within `listen`.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "changes/committer.hpp"
#include "changes/store_reader.hpp"
#include "changes/tail.hpp"
#include "changes/upkeep.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "service/messages/receivers.hpp"
#include "storage/messages.hpp"

namespace togglecast::service {

/// A message that is neither withdrawn nor settled nor expired.
struct AliveMessage {
  std::int64_t number = 0;
  std::string environment;
  std::string id;
  std::string event;
  Receivers to;
  json::object payload;
  Acknowledgement::By by = Acknowledgement::By::client;
  Milliseconds retry{};
  UnixMillis expires_at{};
  std::int64_t bytes = 0;
};
using AliveMessagePtr = std::shared_ptr<const AliveMessage>;

struct MailNews {
  std::vector<AliveMessagePtr> added;
  std::vector<AliveMessagePtr> over;
  std::vector<std::pair<AliveMessagePtr, ReceiverId>> acknowledged;  ///< of those that one connection may do
};
using MailNewsPtr = std::shared_ptr<const MailNews>;

struct MailboxOptions {
  storage::MessageLimits alive{};             ///< of each environment
  std::chrono::seconds kept{7 * 24 * 3'600};  ///< so long after its end a message stays readable
  std::int64_t kept_count = 10'000;           ///< those that are over, in all environments
  std::chrono::seconds keys{24 * 3'600};      ///< how long idempotency keys are remembered
};

class Mailbox final : public changes::TailFollower {
 public:
  using Listener = std::function<void(const MailNewsPtr& news)>;
  using Kept = std::function<void(Result<storage::AddedMessage> added)>;
  using Withdrawn = std::function<void(Result<storage::MessageRow> withdrawn)>;
  using Written = std::function<void(Result<void> written)>;
  using Receipts = std::vector<storage::MessageReceipt>;

  /// All references must outlive it.
  Mailbox(changes::Committer& committer, changes::Tail& tail, changes::StoreReader& reader,
          changes::Upkeep& upkeep, const Clock& clock, observe::Log& log, observe::Metrics& metrics,
          const MailboxOptions& options);
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox() override = default;

  /// Errors: `conflict` above the limits, or for a key of another request; `unavailable`.
  void keep(storage::NewMessage message, Kept done);
  /// `forbidden`, `not_found`. A message that is over may be withdrawn, too.
  void withdraw(const Principal& who, const std::string& id, Withdrawn done);
  void record(Receipts receipts);
  void acknowledge(Receipts receipts, Written done);
  /// Whether this receiver has acknowledged a message that may be over: success, or `not_found`.
  void find_acknowledgement(const std::string& environment, const std::string& id, ReceiverId receiver,
                            Written done);

  /// First gets everything that is alive. One at a time.
  void listen(Listener listener);
  void listen_no_more();

  [[nodiscard]] Result<void> follow(storage::Reader& reader) override;
  void tick() noexcept override;

 private:
  void take(Receipts receipts, Written done);
  void flush(storage::Store& store);
  void schedule_flush();
  void forget(storage::Store& store);
  // Needs `mutex_`. The store has less than was followed, so all begins again.
  void begin_again(MailNews& news);
  void end_expired();
  [[nodiscard]] Result<AliveMessagePtr> read(const storage::MessageRow& row) const;
  // Needs `mutex_`.
  void tell(const MailNewsPtr& news);
  using Alive = std::map<std::int64_t, AliveMessagePtr>;
  Alive::iterator drop(Alive::iterator message);
  void show_alive();
  [[nodiscard]] tl::unexpected<Error> failed(const char* what, const Error& error);

  changes::Committer& committer_;
  changes::Tail& tail_;
  changes::StoreReader& reader_;
  changes::Upkeep& upkeep_;
  const Clock& clock_;
  observe::Log& log_;
  MailboxOptions options_;
  observe::Counter& kept_;
  observe::Counter& refused_;
  observe::Counter& acknowledged_;
  observe::Counter& expired_;
  observe::Counter& forgotten_;
  observe::Counter& receipts_dropped_;
  observe::Counter& flushes_;
  observe::Gauge& alive_count_;
  observe::Gauge& alive_bytes_;
  observe::Gauge& receipts_waiting_;

  std::mutex following_;  // taken before mutex_
  std::int64_t last_ = 0;

  std::mutex mutex_;
  Listener listener_;
  Alive alive_;
  std::int64_t bytes_ = 0;                                   // of these
  std::map<std::int64_t, std::vector<ReceiverId>> unheard_;  // acknowledgements, until there is a listener
  Receipts receipts_;
  std::vector<Written> waiting_;
  bool flush_scheduled_ = false;
  TimePoint next_forget_;  // the tail's thread alone
  TimePoint next_end_{};
};

}  // namespace togglecast::service
