// One stream of Redis, and what may be done to it. Every call waits for Redis.
//
// Thread rule: one thread, but never the client's own. Errors: `unavailable` without a connection; `conflict`
// when somebody else has changed the stream meanwhile; `internal` with the words of Redis.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/redis/client.hpp"
#include "replication/change_entry.hpp"

namespace togglecast::replication {

/// A row of the log and the head that it follows.
struct LinkedRow {
  domain::LogRow row;
  domain::Head previous;
};

/// The end of a stream, as Redis tells it.
struct StreamEnd {
  bool exists = false;
  std::optional<EntryId> last{};  ///< the greatest id that it ever had; nothing: that of no change
  std::string id{};               ///< the same as text
  std::string offset{};           ///< of the last entry; empty without entries
};

class StreamKey {
 public:
  /// `length`: entries that it keeps, about.
  StreamKey(cluster::redis::Client& client, std::string key, std::size_t length)
      : client_(client), key_(std::move(key)), length_(length) {}

  [[nodiscard]] const std::string& name() const noexcept { return key_; }
  [[nodiscard]] Result<StreamEnd> end() const;
  enum class Added : std::uint8_t {
    now,
    not_next,  ///< the stream has gone further: another node was quicker, or the stream is another one
    gone       ///< there is no stream
  };
  [[nodiscard]] Result<Added> add(const LinkedRow& one) const;
  /// Removes the stream that ends like that, and makes one of these rows, in one transaction. Without rows,
  /// there is none afterwards.
  [[nodiscard]] Result<void> make(const StreamEnd& end, const std::vector<LinkedRow>& rows) const;

 private:
  using Reply = cluster::redis::Reply;

  [[nodiscard]] Result<Reply> call(std::vector<std::string> words) const;
  [[nodiscard]] std::vector<std::string> adding(const LinkedRow& one, bool must_exist) const;

  cluster::redis::Client& client_;
  std::string key_;
  std::size_t length_;
};

}  // namespace togglecast::replication
