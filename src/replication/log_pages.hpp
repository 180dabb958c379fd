// What a stream needs of the change log. Every call waits for the store reader's thread.
//
// Thread rule: one thread, but never the reader's own. Errors: those of the store, and `unavailable` when too
// many readings wait.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "changes/store_reader.hpp"
#include "replication/stream_key.hpp"

namespace togglecast::replication {

/// What the store says of a log.
struct LogEnd {
  domain::Head head{};              ///< of the environment
  domain::Revision kept_after = 0;  ///< the rows behind it are kept
};

class LogPages {
 public:
  /// `page`: rows of one reading. `reader` must outlive it.
  LogPages(changes::StoreReader& reader, std::size_t page) : reader_(reader), page_(page) {}

  [[nodiscard]] Result<LogEnd> end(const std::string& environment);
  /// The next rows behind `after`. `not_found` when the log keeps them no longer.
  [[nodiscard]] Result<std::vector<LinkedRow>> after(const std::string& environment, domain::Revision after);
  /// The newest rows up to `end`, oldest first: at most `length`, and about `bytes` of them.
  [[nodiscard]] Result<std::vector<LinkedRow>> newest(const std::string& environment, const LogEnd& end,
                                                      std::size_t length, std::size_t bytes);
  /// Whether the end of a stream is in this log.
  [[nodiscard]] Result<bool> has(const std::string& environment, const StreamEnd& stream, const LogEnd& end);
  /// The revision behind which all rows of a later epoch than `epoch` lie.
  [[nodiscard]] Result<domain::Revision> end_of_epoch(const std::string& environment, std::int64_t epoch,
                                                      const LogEnd& end);

 private:
  template <typename T>
  [[nodiscard]] Result<T> read(std::function<Result<T>(storage::Reader& reader)> what);

  changes::StoreReader& reader_;
  std::size_t page_;
};

}  // namespace togglecast::replication
