// Reads a stream from its present end on, for all namespaces whose messages pass through it: one connection
// that waits, and begins again where it was after a loss. Internal. Thread rule: any thread; listeners run on
// the thread of the reader's client, one at a time, in the order of the stream. Ownership: shared by the
// links; not to be destroyed by a listener.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/codec/cluster_codec.hpp"
#include "adapters/redis_adapters.hpp"
#include "cluster/redis/client.hpp"
#include "net/shard.hpp"

namespace togglecast::adapters {

/// `ms-seq`.
struct StreamId {
  std::uint64_t milliseconds = 0;
  std::uint64_t sequence = 0;
  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};
[[nodiscard]] std::optional<StreamId> parse_stream_id(std::string_view text);
[[nodiscard]] std::string to_string(const StreamId& id);

/// The stream of a namespace: `name`, or with several `name-<i>`, as Node's adapter chooses it.
[[nodiscard]] std::string stream_of(std::string_view nsp, const std::string& name, std::size_t count);

struct StreamEntry {
  StreamId id;
  StreamFields fields;
};
/// The entries in a reply to XRANGE, or in one stream of a reply to XREAD. What is no entry is left out.
[[nodiscard]] std::vector<StreamEntry> stream_entries(const cluster::redis::Reply& reply);

class StreamReader : public std::enable_shared_from_this<StreamReader> {
 public:
  using Listener = std::function<void(const StreamEntry& entry)>;

  StreamReader(cluster::redis::Client& client, StreamsOptions options, std::string stream);
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;
  ~StreamReader();

  /// The first call begins to read. `shard` may serve a timer.
  void add(const std::string& nsp, net::Shard& shard, Listener listener);
  void remove(const std::string& nsp);

  /// Everything up to this entry has been given out; nothing while the reader does not read.
  [[nodiscard]] std::optional<StreamId> position() const;
  /// Entries up to this one were there before it read; nothing before its first position.
  [[nodiscard]] std::optional<StreamId> origin() const;

 private:
  void connected(bool up);
  void find_position();
  void position_found(const Result<cluster::redis::Reply>& reply);
  void read();
  void read_done(const Result<cluster::redis::Reply>& reply);
  void give_out(const StreamEntry& entry);
  void failed(const Error& error);
  void retry_later();

  StreamsOptions options_;
  std::string stream_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Listener>> listeners_;
  net::Shard* shard_ = nullptr;
  std::optional<StreamId> position_;
  std::optional<StreamId> origin_;
  bool ending_ = false;
  bool busy_ = false;                               // a command waits for its reply
  bool again_ = false;                              // connected while it did
  bool reading_ = false;                            // the position is good
  std::unique_ptr<cluster::redis::Client> client_;  // the last: it ends before what its handlers use
};

}  // namespace togglecast::adapters
