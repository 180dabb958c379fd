#include "net/shard.hpp"

#include <pthread.h>

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "net/stream.hpp"

namespace togglecast::net {
namespace {

thread_local Shard* current_shard = nullptr;

// Handlers run before the turn is closed and its writes leave: enough to collect, few enough to keep answers
// quick.
constexpr int kHandlersPerTurn = 256;

}  // namespace

Shard::Shard(std::size_t index)
    : index_(index),
      now_(std::chrono::steady_clock::now()),
      wheel_(now_),
      scratch_(std::make_unique<char[]>(kScratchBytes)),
      reactor_(std::make_unique<Reactor>()) {}

Shard::~Shard() { stop(); }

Shard* Shard::current() noexcept { return current_shard; }

void Shard::post(Task task) {
  if (reactor_ != nullptr) boost::asio::post(reactor_->context, std::move(task));
}

TimePoint Shard::now() noexcept {
  if (std::exchange(now_is_stale_, false)) now_ = std::chrono::steady_clock::now();
  return now_;
}

void Shard::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), ("shard-" + std::to_string(index_)).c_str());
    loop();
  });
}

void Shard::stop() {
  if (!thread_.joinable()) return;
  post([this] { stopping_.store(true, std::memory_order_relaxed); });
  thread_.join();
}

void Shard::discard_tasks() { reactor_.reset(); }

void Shard::loop() {
  current_shard = this;
  auto& context = reactor_->context;
  while (!stopping_.load(std::memory_order_relaxed)) {
    arm_wakeup();
    begin_turn();  // the handler that ends the wait must not see the time before it
    attempt([&] { context.run_one(); });
    bool ran = true;
    for (int i = 1; i < kHandlersPerTurn && ran; ++i) {
      attempt([&] { ran = context.poll_one() != 0; });
    }
    finish_turn();
  }
  current_shard = nullptr;
}

void Shard::run_ready() {
  current_shard = this;
  auto& context = reactor_->context;
  bool ran = true;
  while (ran) {
    begin_turn();
    ran = false;
    attempt([&] { ran = context.poll() != 0; });
    finish_turn();
    context.restart();
  }
  current_shard = nullptr;
}

void Shard::finish_turn() {
  ShardCounters::add(counters_.turns, 1);
  begin_turn();
  while (!attempt([this] { wheel_.advance(now()); })) {
  }
  // A failed write may end a stream, what is destroyed may answer: the turn ends when nothing is left to do.
  while (!turn_end_tasks_.empty() || !dirty_.empty() || !retired_.empty()) {
    std::vector<Task> tasks;
    tasks.swap(turn_end_tasks_);
    for (auto& task : tasks) attempt(task);
    tasks.clear();
    for (std::size_t i = 0; i < dirty_.size(); ++i) {
      if (Stream* stream = std::exchange(dirty_[i], nullptr)) attempt([stream] { stream->end_turn(); });
    }
    dirty_.clear();
    chains_.clear();
    if (!turn_end_tasks_.empty()) continue;
    std::vector<std::unique_ptr<Retirable>> retired;
    retired.swap(retired_);
  }
}

void Shard::report_failure() noexcept {
  ShardCounters::add(counters_.failed_tasks, 1);
  if (!report_) return;
  try {
    try {
      throw;
    } catch (const std::exception& error) {
      report_(error.what());
    } catch (...) {
      report_("an exception of unknown type");
    }
  } catch (...) {  // nobody is left to tell
  }
}

void Shard::forget_dirty(Stream& stream) noexcept {
  for (auto& entry : dirty_) {
    if (entry == &stream) entry = nullptr;
  }
}

void Shard::arm_wakeup() {
  const TimePoint due = wheel_.next_due();
  if (due == wakeup_at_) return;
  wakeup_at_ = due;
  if (due == TimePoint::max()) {
    reactor_->wakeup.cancel();
    return;
  }
  reactor_->wakeup.expires_at(due);
  reactor_->wakeup.async_wait([this](const boost::system::error_code& error) {
    if (!error) wakeup_at_ = TimePoint::max();  // fired: the end of the turn advances the wheel
  });
}

}  // namespace togglecast::net
