#include "net/shard.hpp"

#include <pthread.h>
#include <sys/epoll.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <exception>
#include <stdexcept>
#include <utility>

#include "base/fail_point.hpp"
#include "net/output_queues.hpp"
#include "net/stream.hpp"

namespace togglecast::net {
namespace {

thread_local Shard* current_shard = nullptr;

// Handlers that run before the turn ends and its writes leave. More would collect better, fewer answer
// faster.
constexpr int kHandlersPerTurn = 256;
constexpr int kStreamsPerTurn = 256;
constexpr int kTurnsWithoutReactor = 16;         // while streams keep the shard busy and no task was posted
constexpr std::size_t kChainBytes = 256 * 1024;  // a longer chain is sent before the end of the turn

}  // namespace

const Clock& Shard::system_clock() noexcept {
  static const SystemClock clock;
  return clock;
}

Shard::Shard(std::size_t index, const Clock& clock)
    : index_(index),
      clock_(clock),
      now_(clock.now()),
      wheel_(now_),
      jitter_(clock.jitter_seed()),
      output_queues_(std::make_unique<OutputQueues>(*this)),
      scratch_(std::make_unique<char[]>(kScratchBytes)),
      reactor_(std::make_unique<Reactor>()) {
  const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  if (descriptor < 0)
    throw std::runtime_error("the event loop of a shard needs a file descriptor, and none is left");
  reactor_->streams.assign(descriptor);
}

Shard::~Shard() {
  stop();
  discard_tasks();
}

Shard* Shard::current() noexcept { return current_shard; }

void Shard::post(Task task) {
  if (reactor_ == nullptr) return;
  boost::asio::post(reactor_->context, std::move(task));
  posted_.store(true, std::memory_order_release);
}

TimePoint Shard::now() noexcept {
  if (std::exchange(now_is_stale_, false)) now_ = clock_.now();
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

void Shard::discard_tasks() {
  if (reactor_ == nullptr) return;
  std::vector<StreamPtr> last_references;
  for (Stream* stream : std::exchange(unwatched_, {})) last_references.emplace_back(stream, false);
  outlets_.for_each([&last_references](Stream& stream) {
    if (stream.watched()) last_references.emplace_back(&stream, false);
  });
  for (const auto& stream : last_references) stream->forget_watch();
  reactor_.reset();
}

void Shard::loop() {
  current_shard = this;
  auto& context = reactor_->context;
  bool busy = false;
  int turns_without_reactor = 0;
  while (!stopping_.load(std::memory_order_relaxed)) {
    begin_turn();  // the first handler must not see the time from before the wait
    if (!busy) {
      arm_wakeup();
      wait_for_streams();
      posted_.store(false, std::memory_order_relaxed);
      attempt([&] { context.run_one(); });
    }
    if (!busy || posted_.exchange(false, std::memory_order_acquire) ||
        ++turns_without_reactor >= kTurnsWithoutReactor) {
      turns_without_reactor = 0;
      bool ran = true;
      for (int i = 1; i < kHandlersPerTurn && ran; ++i) {
        attempt([&] { ran = context.poll_one() != 0; });
      }
      if (ran) posted_.store(true, std::memory_order_relaxed);
    }
    const bool served = serve_streams();
    finish_turn();
    busy = served || !resumed_.empty();
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
    posted_.store(false, std::memory_order_relaxed);
    attempt([&] { ran = context.poll() != 0; });
    streams_ready_ = true;
    ran = serve_streams() || ran;
    finish_turn();
    ran = ran || !resumed_.empty() || posted_.load(std::memory_order_acquire);
    context.restart();
  }
  current_shard = nullptr;
}

void Shard::wait_for_streams() {
  if (waiting_for_streams_) return;
  waiting_for_streams_ = true;
  reactor_->streams.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
    waiting_for_streams_ = false;
    streams_ready_ = !error;
  });
}

bool Shard::serve_streams() {
  const auto tell = [this](std::uint64_t key, std::uint32_t events) {
    if (Stream* stream = outlets_.find(key)) attempt([stream, events] { stream->on_ready(events); });
  };
  if (!resumed_.empty()) {
    std::vector<std::uint64_t> keys;
    keys.swap(resumed_);
    for (const std::uint64_t key : keys) tell(key, 0);
  }
  if (!streams_ready_) return false;
  std::array<epoll_event, kStreamsPerTurn> events;
  const int count = ::epoll_wait(reactor_->streams.native_handle(), events.data(), kStreamsPerTurn, 0);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    tell(event.data.u64, event.events);
  }
  streams_ready_ = count > 0;
  return streams_ready_;
}

bool Shard::watch(Stream& stream, Outlets::Index outlet, int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = outlets_.key(outlet);
  if (::epoll_ctl(reactor_->streams.native_handle(), EPOLL_CTL_ADD, descriptor, &event) != 0) return false;
  intrusive_ptr_add_ref(&stream);
  return true;
}

void Shard::unwatch(Stream& stream) { unwatched_.push_back(&stream); }

void Shard::forget(int descriptor) noexcept {
  ::epoll_ctl(reactor_->streams.native_handle(), EPOLL_CTL_DEL, descriptor, nullptr);
}

void Shard::send(Outlets::Index index, const SharedBytes& block) {
  if (outlets_[index].state == Outlet::State::direct) {
    collect(index, block);
  } else if (Stream* stream = outlets_[index].stream) {
    stream->send(block);
  }
}

void Shard::collect(Outlets::Index index, const SharedBytes& block) {
  Outlet& outlet = outlets_[index];
  outlet.pending = chains_.append(outlet.pending, block);
  if (outlet.pending->total >= kChainBytes) {
    outlet.stream->flush();
  } else if (!outlet.dirty) {
    outlet.dirty = true;
    dirty_.push_back(index);
  }
}

void Shard::write_collected(Outlets::Index index) {
  Outlet& outlet = outlets_[index];
  outlet.dirty = false;
  if (outlet.pending == nullptr) return;
  std::size_t taken = 0;
  if (outlet.state == Outlet::State::direct) {
    const ssize_t count = SendChains::send(outlet.descriptor, *outlet.pending);
    if (count >= 0) {
      taken = static_cast<std::size_t>(count);
      ShardCounters::add(counters_.writes, 1);
      ShardCounters::add(counters_.bytes_out, taken);
    }
    if (taken == outlet.pending->total) {
      outlet.pending = nullptr;
      return;
    }
  }
  outlet.stream->flush(taken);
}

void Shard::finish_turn() {
  ShardCounters::add(counters_.turns, 1);
  begin_turn();
  while (!attempt([this] { wheel_.advance(now()); })) {
  }
  // A failed write may end a stream, and a destructor may send: repeat until nothing is left to do.
  while (!turn_end_tasks_.empty() || !dirty_.empty() || !retired_.empty() || !unwatched_.empty()) {
    std::vector<Task> tasks;
    tasks.swap(turn_end_tasks_);
    for (auto& task : tasks) attempt(task);
    tasks.clear();
    for (std::size_t i = 0; i < dirty_.size(); ++i) {
      if (i != 0) pass(FailPoint::between_connections);
      if (attempt([&] { write_collected(dirty_[i]); })) continue;
      Outlet& outlet = outlets_[dirty_[i]];
      outlet.pending = nullptr;
      if (outlet.stream != nullptr) outlet.stream->fail();
    }
    dirty_.clear();
    chains_.clear();
    if (!turn_end_tasks_.empty()) continue;
    std::vector<std::unique_ptr<Retirable>> retired;
    retired.swap(retired_);
    std::vector<Stream*> unwatched;
    unwatched.swap(unwatched_);
    for (Stream* stream : unwatched) intrusive_ptr_release(stream);
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
  } catch (...) {  // the report itself failed
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
  reactor_->wakeup.expires_after(due - clock_.now());
  reactor_->wakeup.async_wait([this](const boost::system::error_code& error) {
    if (!error) wakeup_at_ = TimePoint::max();  // fired: the end of the turn advances the wheel
  });
}

namespace {

class PostedOnce {
 public:
  PostedOnce(Shard& shard, Shard::Task task) : shard_(shard), task_(std::move(task)) {}
  PostedOnce(const PostedOnce&) = delete;
  PostedOnce& operator=(const PostedOnce&) = delete;
  ~PostedOnce() {
    if (task_ && !shard_.is_current()) shard_.post([held = std::move(task_)] {});
  }

  void call() {
    if (!called_.exchange(true)) shard_.post(std::exchange(task_, nullptr));
  }

 private:
  Shard& shard_;
  Shard::Task task_;
  std::atomic<bool> called_{false};
};

}  // namespace

std::function<void()> posted_to(Shard& shard, Shard::Task task) {
  return [once = std::make_shared<PostedOnce>(shard, std::move(task))] { once->call(); };
}

}  // namespace togglecast::net
