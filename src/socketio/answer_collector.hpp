// The answers to a broadcast that asks for acknowledgements.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "net/shard.hpp"
#include "socketio/packets/arguments.hpp"

namespace togglecast::socketio {

struct Answers {
  bool timed_out = false;  ///< at least one client did not answer in time
  std::vector<Arguments> answers;
};

/// Gathers answers until all clients have answered, or until the time-out.
/// Thread rule: one shard. Ownership: a shared pointer; the armed timer holds one more.
class AnswerCollector : public std::enable_shared_from_this<AnswerCollector> {
 public:
  /// `done` runs once.
  explicit AnswerCollector(std::function<void(Answers)> done) : done_(std::move(done)) {}
  /// `clients` have been asked. Some may have answered before this call.
  void start(net::Shard& shard, Milliseconds timeout, std::size_t clients);
  void answer(Arguments args);

 private:
  void finish(bool timed_out);

  std::function<void(Answers)> done_;
  std::unique_ptr<net::CallbackTimer> timer_;
  Answers answers_;
  std::size_t expected_ = 0;
  bool started_ = false;
};

}  // namespace togglecast::socketio
