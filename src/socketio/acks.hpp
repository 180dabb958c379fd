// Acknowledgements that a socket's client still owes, each with a deadline.
// Thread rule: the socket's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "net/shard.hpp"
#include "socketio/arguments.hpp"

namespace togglecast::socketio {

/// What the client answered, or `timeout`, or `unavailable` when it went away or too many are pending.
using AckCallback = std::function<void(Result<Arguments>)>;

/// The table itself; internal.
class PendingAcks {
 public:
  /// Hears what a callback threw.
  using Failed = std::function<void(std::string_view what)>;

  PendingAcks(net::Shard& shard, Failed failed);
  ~PendingAcks();

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  void expect(std::uint64_t id, Milliseconds timeout, AckCallback callback);
  /// The client answered; unknown ids are ignored.
  void answer(std::uint64_t id, Arguments args);
  /// The socket is gone: every callback hears `unavailable`.
  void fail_all();

 private:
  struct Entry;
  std::unique_ptr<Entry> take(std::uint64_t id);
  /// `this` may be gone afterwards.
  void call(const Entry& entry, Result<Arguments> result) const;

  net::Shard& shard_;
  Failed failed_;
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace togglecast::socketio
