// Evaluations that may take longer than a turn of the shard should last. Each goes on for at most a
// millisecond; then the shard does other things, and the next one goes on. What needs few steps is done at
// once. Thread rule: its shard.
#pragma once

#include <list>
#include <memory>

#include "domain/evaluation/turn.hpp"
#include "net/shard.hpp"
#include "net/timer_wheel.hpp"

namespace togglecast::delivery {

using domain::evaluation::Turn;

class Evaluation {
 public:
  Evaluation() = default;
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;
  virtual ~Evaluation() = default;

  /// Goes on; true when it is over.
  [[nodiscard]] virtual bool run(Turn& turn) = 0;
};

/// A millisecond of one shard.
class Slice final : public Turn {
 public:
  explicit Slice(net::Shard& shard) : shard_(shard) { begin(); }
  void begin() { end_ = shard_.clock().now() + kLongest; }
  [[nodiscard]] bool over() override { return shard_.clock().now() >= end_; }

 private:
  static constexpr Milliseconds kLongest{1};

  net::Shard& shard_;
  TimePoint end_;
};

class EvaluationQueue {
 public:
  explicit EvaluationQueue(net::Shard& shard) : shard_(shard), slice_(shard), retry_([this] { go_on(); }) {}
  EvaluationQueue(const EvaluationQueue&) = delete;
  EvaluationQueue& operator=(const EvaluationQueue&) = delete;

  /// Begins at once. All that begins in one turn of the shard shares one slice; what is not done then goes on
  /// in later turns.
  void start(std::unique_ptr<Evaluation> evaluation);
  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

 private:
  /// What is left of this turn's slice.
  [[nodiscard]] Turn& slice();
  void go_on();
  void post();

  net::Shard& shard_;
  Slice slice_;
  TimePoint turn_began_{};
  std::list<std::unique_ptr<Evaluation>> waiting_;
  bool posted_ = false;
  net::CallbackTimer retry_;
};

}  // namespace togglecast::delivery
