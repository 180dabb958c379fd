// When sessions of admins and API keys were used last. A use is noted in memory, and the committer's thread
// writes all notes together, at most every ten seconds: never a write per request (storage/usage.hpp).
//
//   last_use.note(domain::Kind::token, session);   // per request; a look-up under a lock
//   auto known = last_use.read(reader);            // for a list: what all nodes have written, and own notes
//
// A process that is killed loses the notes of its last seconds. Sessions and API keys live in `system`.
//
// Thread rule: `note` and `read` from any thread; the writing calls on the committer's thread.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "observe/metrics.hpp"
#include "storage/reader.hpp"
#include "storage/usage.hpp"

namespace togglecast::service {

class LastUse {
 public:
  static constexpr Milliseconds kEvery{10'000};
  using Known = std::map<storage::UsedEntity, storage::Usage>;

  LastUse(const Clock& clock, observe::Metrics& metrics);
  LastUse(const LastUse&) = delete;
  LastUse& operator=(const LastUse&) = delete;

  /// The entity is used now.
  void note(domain::Kind kind, domain::Id id);
  /// Of all entities that were ever used.
  [[nodiscard]] Result<Known> read(storage::Reader& reader) const;

  /// Writes the notes, unless it did so less than `kEvery` ago. After a failure they are written next time.
  void write_due(storage::UsageWriter& store);
  /// Writes them at once.
  void write(storage::UsageWriter& store);

 private:
  [[nodiscard]] std::vector<storage::Use> take();
  void put_back(const std::vector<storage::Use>& uses);

  const Clock& clock_;
  observe::Counter& written_;
  observe::Counter& failures_;
  mutable std::mutex mutex_;
  std::map<storage::UsedEntity, UnixMillis> noted_;  // not yet written
  TimePoint written_at_{};
};

}  // namespace togglecast::service
