// The acknowledgements that a socket waits for, each with a time-out.
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
#include "socketio/packets/arguments.hpp"

namespace togglecast::socketio {

/// Gets the answer of the client, or the error `timeout`, or `unavailable` if the client went away or too
/// many acknowledgements are pending.
using AckCallback = std::function<void(Result<Arguments>)>;

/// The pending acknowledgements of one socket. Internal.
class PendingAcks {
 public:
  /// Called with the text of an exception that a callback threw.
  using Failed = std::function<void(std::string_view what)>;

  PendingAcks(net::Shard& shard, Failed failed);
  ~PendingAcks();

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool expects(std::uint64_t id) const noexcept;
  void expect(std::uint64_t id, Milliseconds timeout, AckCallback callback);
  /// The client answered. Unknown ids are ignored.
  void answer(std::uint64_t id, Arguments args);
  /// The socket has gone: every callback gets `unavailable`.
  void fail_all();

 private:
  struct Entry;
  std::unique_ptr<Entry> take(std::uint64_t id);
  /// The callback may destroy this object.
  void call(const Entry& entry, Result<Arguments> result) const;

  net::Shard& shard_;
  Failed failed_;
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace togglecast::socketio
