#include "socketio/answer_collector.hpp"

namespace togglecast::socketio {

void AnswerCollector::start(net::Shard& shard, Milliseconds timeout, std::size_t clients) {
  expected_ = clients;
  started_ = true;
  timer_ = std::make_unique<net::CallbackTimer>([self = shared_from_this()] { self->finish(true); });
  shard.arm(*timer_, timeout);
  if (answers_.answers.size() >= expected_) finish(false);
}

void AnswerCollector::answer(Arguments args) {
  if (!done_) return;
  answers_.answers.push_back(std::move(args));
  if (started_ && answers_.answers.size() >= expected_) finish(false);
}

void AnswerCollector::finish(bool timed_out) {
  if (!done_) return;
  const auto keep = shared_from_this();
  timer_->cancel();
  const auto timer = std::exchange(timer_, nullptr);  // it holds the collector
  answers_.timed_out = timed_out;
  std::exchange(done_, nullptr)(std::move(answers_));
}

}  // namespace togglecast::socketio
