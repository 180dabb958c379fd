#include "delivery/evaluation_queue.hpp"

#include <utility>

namespace togglecast::delivery {
namespace {

constexpr Milliseconds kEvaluateAgainAfter{10};

}  // namespace

void EvaluationQueue::start(std::unique_ptr<Evaluation> evaluation) {
  if (evaluation->run(slice())) return;
  waiting_.push_back(std::move(evaluation));
  post();
}

Turn& EvaluationQueue::slice() {
  if (turn_began_ != shard_.now()) {
    turn_began_ = shard_.now();
    slice_.begin();
  }
  return slice_;
}

// What fails, for example because memory ran out, is tried again.
void EvaluationQueue::go_on() {
  posted_ = false;
  if (waiting_.empty()) return;  // a failure armed the timer beside a post, which was first
  Turn& turn = slice();
  do {
    std::list<std::unique_ptr<Evaluation>> running;
    running.splice(running.begin(), waiting_, waiting_.begin());
    bool done = false;
    const bool failed = !shard_.attempt([&] { done = running.front()->run(turn); });
    if (!done) waiting_.splice(waiting_.end(), running);
    if (failed) {
      posted_ = true;
      return shard_.arm(retry_, kEvaluateAgainAfter);
    }
  } while (!waiting_.empty() && !turn.over());
  if (!waiting_.empty()) post();
}

void EvaluationQueue::post() {
  if (std::exchange(posted_, true)) return;
  shard_.at_turn_end([this] { shard_.post([this] { go_on(); }); });  // not in this turn again
}

}  // namespace togglecast::delivery
