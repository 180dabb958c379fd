// One shard: a thread with its loop, timers and connections. Nothing that lives on a shard is touched by
// another thread; shards exchange only messages (`post`) that carry immutable things.
//
// A loop turn: run what was posted, tell the streams that are ready, fire timers, send what the turn
// collected (one write per socket), destroy what was retired. What a task, timer or stream handler throws
// ends that call alone: it is counted and reported.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "net/outlets.hpp"
#include "net/send_chain.hpp"
#include "net/timer_wheel.hpp"

namespace togglecast::net {

class Stream;

/// Counters of one shard, written by its thread and read by any (relaxed).
struct ShardCounters {
  std::atomic<std::uint64_t> accepted{0}, accept_errors{0};
  std::atomic<std::uint64_t> open_streams{0};    ///< streams that exist now
  std::atomic<std::uint64_t> closed_streams{0};  ///< streams that have existed
  std::atomic<std::uint64_t> bytes_in{0}, bytes_out{0}, writes{0}, blocked_writes{0}, overflowed_streams{0};
  std::atomic<std::uint64_t> turns{0}, failed_tasks{0};
  std::atomic<std::uint64_t> broadcast_frames{0};  ///< sent past their sessions

  /// A plain add: the shard's thread is the only writer, so no locked instruction is needed.
  static void add(std::atomic<std::uint64_t>& counter, std::uint64_t by) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
};

/// Base of what may be destroyed only after the turn in which it ended.
class Retirable {
 public:
  Retirable() = default;
  Retirable(const Retirable&) = delete;
  Retirable& operator=(const Retirable&) = delete;
  virtual ~Retirable() = default;
};

class Shard {
 public:
  using Task = std::function<void()>;
  /// Hears what an exception said, on the thread where it was thrown.
  using FailureHandler = std::function<void(std::string_view what)>;
  static constexpr std::size_t kScratchBytes = 64 * 1024;
  /// The clock of shards that were given no other.
  [[nodiscard]] static const Clock& system_clock() noexcept;

  /// `clock` must outlive the shard. A shard with a ManualClock notices that it was moved in its next turn:
  /// post a task, or call `run_ready`.
  explicit Shard(std::size_t index, const Clock& clock = system_clock());
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;
  ~Shard();

  // From any thread.
  /// Runs `task` on the shard's thread in one of its next turns; tasks of one poster keep their order.
  void post(Task task);
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] const ShardCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
  /// The shard whose thread this is, or nullptr.
  [[nodiscard]] static Shard* current() noexcept;
  [[nodiscard]] bool is_current() const noexcept { return current() == this; }

  // Before the thread starts.
  void on_failure(FailureHandler handler) { report_ = std::move(handler); }

  void start();  ///< starts the thread
  /// Ends the loop after its present turn and joins the thread; what is posted later never runs.
  void stop();
  /// Destroys what was posted and never ran. Only after `stop`; later posts are destroyed at once.
  void discard_tasks();

  // On the shard's thread only.
  [[nodiscard]] boost::asio::io_context& context() noexcept { return reactor_->context; }
  /// The moment this turn's work began, read once a turn.
  [[nodiscard]] TimePoint now() noexcept;
  /// Delays beyond a year are a year.
  void arm(TimerNode& node, Milliseconds delay) { wheel_.arm(node, now() + std::min(delay, kLongestDelay)); }
  [[nodiscard]] std::size_t armed_timers() const noexcept { return wheel_.armed(); }
  /// Runs `call`; false when it threw, which is then counted and reported.
  template <typename Call>
  bool attempt(Call&& call) noexcept {
    try {
      std::forward<Call>(call)();
      return true;
    } catch (...) {
      report_failure();
      return false;
    }
  }
  [[nodiscard]] RandomSource& random() noexcept { return random_; }
  [[nodiscard]] ShardCounters& own_counters() noexcept { return counters_; }
  [[nodiscard]] char* scratch() noexcept { return scratch_.get(); }
  /// Destroys `object` at the end of this turn, after everything has been sent.
  void retire(std::unique_ptr<Retirable> object) { retired_.push_back(std::move(object)); }
  /// Runs `task` at the end of this turn, before sending.
  void at_turn_end(Task task) { turn_end_tasks_.push_back(std::move(task)); }
  /// Queues a block for the end of this turn, at the stream that has this outlet.
  void send(Outlets::Index outlet, const SharedBytes& block);

  // Called by streams.
  [[nodiscard]] Outlets& outlets() noexcept { return outlets_; }
  /// Adds to what the turn collects for a stream without a backlog.
  void collect(Outlets::Index outlet, const SharedBytes& block);
  /// From now on the stream hears of every change of its descriptor's readiness, edge-triggered, and is kept
  /// until `unwatch`. False when the kernel has no room.
  [[nodiscard]] bool watch(Stream& stream, Outlets::Index outlet, int descriptor);
  /// Drops the reference to the stream, at the end of the turn.
  void unwatch(Stream& stream);
  /// The descriptor will go elsewhere: no more is heard of it.
  void forget(int descriptor) noexcept;
  /// Lets the stream go on in the next turn as if it had become ready.
  void resume(Outlets::Index outlet) { resumed_.push_back(outlets_.key(outlet)); }

  /// For tests without a thread: runs turns until nothing is ready.
  void run_ready();

 private:
  static constexpr Milliseconds kLongestDelay = std::chrono::hours(24 * 365);

  void loop();
  void begin_turn() noexcept { now_is_stale_ = true; }
  void finish_turn();
  void wait_for_streams();
  /// Tells the streams that are ready; true when there were any.
  bool serve_streams();
  void write_collected(Outlets::Index index);
  void arm_wakeup();
  void report_failure() noexcept;  // of the exception at hand

  using Wakeup = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                   boost::asio::wait_traits<std::chrono::steady_clock>,
                                                   boost::asio::io_context::executor_type>;
  using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  // Destroyed before all that the streams in its pending waits still use.
  struct Reactor {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        boost::asio::make_work_guard(context)};
    Wakeup wakeup{context};
    Descriptor streams{context};  // an epoll set of its own, see docs/decisions/0012
  };

  std::size_t index_;
  const Clock& clock_;
  FailureHandler report_;
  TimePoint wakeup_at_ = TimePoint::max();
  TimePoint now_;
  bool now_is_stale_ = false;
  TimerWheel wheel_;
  SystemRandom random_;
  SendChains chains_;
  Outlets outlets_;
  std::vector<Outlets::Index> dirty_;
  std::vector<std::uint64_t> resumed_;  // keys of outlets
  std::vector<Stream*> unwatched_;      // whose reference goes at the end of the turn
  bool waiting_for_streams_ = false;
  bool streams_ready_ = false;
  std::vector<Task> turn_end_tasks_;
  std::vector<std::unique_ptr<Retirable>> retired_;
  std::unique_ptr<char[]> scratch_;
  ShardCounters counters_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> posted_{false};  // since the loop last looked
  std::unique_ptr<Reactor> reactor_;
  std::thread thread_;
};

}  // namespace togglecast::net
