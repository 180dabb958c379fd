#include "net/shard.hpp"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>

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
      work_(boost::asio::make_work_guard(context_)),
      wakeup_(context_) {}

Shard::~Shard() { stop(); }

Shard* Shard::current() noexcept { return current_shard; }

void Shard::post(Task task) { boost::asio::post(context_, std::move(task)); }

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

void Shard::loop() {
  current_shard = this;
  while (!stopping_.load(std::memory_order_relaxed)) {
    arm_wakeup();
    context_.run_one();
    now_ = std::chrono::steady_clock::now();
    for (int i = 1; i < kHandlersPerTurn && context_.poll_one() != 0; ++i) {
    }
    finish_turn();
  }
  current_shard = nullptr;
}

void Shard::run_ready() {
  current_shard = this;
  do {
    now_ = std::chrono::steady_clock::now();
    context_.poll();
    finish_turn();
    context_.restart();
  } while (context_.poll_one() != 0);
  finish_turn();
  current_shard = nullptr;
}

void Shard::finish_turn() {
  ShardCounters::add(counters_.turns, 1);
  now_ = std::chrono::steady_clock::now();
  wheel_.advance(now_);
  while (!turn_end_tasks_.empty() ||
         !dirty_.empty()) {  // a failed write may end a stream, and that may send again
    std::vector<Task> tasks;
    tasks.swap(turn_end_tasks_);
    for (auto& task : tasks) task();
    for (std::size_t i = 0; i < dirty_.size(); ++i) {
      if (dirty_[i] != nullptr) dirty_[i]->flush();
    }
    dirty_.clear();
    chains_.clear();
  }
  while (!retired_.empty()) {
    std::vector<std::unique_ptr<Retirable>> retired;
    retired.swap(retired_);
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
    wakeup_.cancel();
    return;
  }
  wakeup_.expires_at(due);
  wakeup_.async_wait([this](const boost::system::error_code& error) {
    if (!error) wakeup_at_ = TimePoint::max();  // fired: the end of the turn advances the wheel
  });
}

}  // namespace togglecast::net
