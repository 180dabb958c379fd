// One shard: a thread with its loop, timers and connections. No other thread touches an object that lives on
// a shard. Shards exchange only messages (`post`) with pointers to immutable objects.
//
// One loop turn does this, in order:
//   1. runs posted tasks
//   2. calls the streams that are ready
//   3. fires timers
//   4. sends the collected blocks, with one write per socket
//   5. destroys retired objects
// An exception ends only the task, timer or handler that threw it. It is counted and reported.
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
#include "base/jitter.hpp"
#include "base/random.hpp"
#include "net/outlets.hpp"
#include "net/send_chain.hpp"
#include "net/timer_wheel.hpp"

namespace togglecast::net {

class OutputQueues;
class Stream;

/// Counters of one shard, written by its thread and read by any (relaxed).
struct ShardCounters {
  std::atomic<std::uint64_t> accepted{0}, accept_errors{0};
  std::atomic<std::uint64_t> open_streams{0};    ///< streams that exist now
  std::atomic<std::uint64_t> closed_streams{0};  ///< streams that have existed
  std::atomic<std::uint64_t> bytes_in{0}, bytes_out{0}, writes{0}, blocked_writes{0}, overflowed_streams{0};
  std::atomic<std::uint64_t> stalled_streams{0};  ///< closed because the peer took nothing for too long
  std::atomic<std::uint64_t> turns{0}, failed_tasks{0};
  std::atomic<std::uint64_t> broadcast_frames{0};  ///< sent by `Shard::send`, without their sessions

  /// Adds without a locked instruction: only the shard's thread writes.
  static void add(std::atomic<std::uint64_t>& counter, std::uint64_t by) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
};

/// Base of objects whose destruction must wait for the end of the turn, because a caller may still be inside
/// one of their functions.
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
  /// Gets the text of an exception, on the thread that threw it.
  using FailureHandler = std::function<void(std::string_view what)>;
  static constexpr std::size_t kScratchBytes = 64 * 1024;
  /// The clock of shards that were given no other.
  [[nodiscard]] static const Clock& system_clock() noexcept;

  /// `clock` must outlive the shard. Time of a ManualClock passes for the shard in its next turn: post a
  /// task, or call `run_ready`.
  explicit Shard(std::size_t index, const Clock& clock = system_clock());
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;
  ~Shard();

  // From any thread.
  /// Runs `task` on the shard's thread in one of its next turns. Tasks of one thread keep their order.
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
  /// Ends the loop after the current turn and joins the thread. Tasks posted later never run.
  void stop();
  /// Destroys the tasks that never ran. Only after `stop`; later posts are destroyed at once.
  void discard_tasks();

  // On the shard's thread only.
  [[nodiscard]] boost::asio::io_context& context() noexcept { return reactor_->context; }
  /// The time at which the work of this turn began. The clock is read once a turn.
  [[nodiscard]] TimePoint now() noexcept;
  /// Fires `node` after `delay`, at most a year, or a little later: see `Jitter::later`.
  void arm(TimerNode& node, Milliseconds delay) {
    arm_exactly(node, jitter_.later(std::min(delay, kLongestDelay)));
  }
  /// Fires `node` after `delay`. Only where no other connection has the same moment: a test lists the places.
  void arm_exactly(TimerNode& node, Milliseconds delay) {
    wheel_.arm(node, now() + std::min(delay, kLongestDelay));
  }
  [[nodiscard]] Jitter& jitter() noexcept { return jitter_; }
  [[nodiscard]] std::size_t armed_timers() const noexcept { return wheel_.armed(); }
  /// Runs `call`. Returns false when it threw; the exception is counted and reported.
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
  /// Destroys `object` at the end of this turn, after sending.
  void retire(std::unique_ptr<Retirable> object) { retired_.push_back(std::move(object)); }
  /// Runs `task` at the end of this turn, before sending.
  void at_turn_end(Task task) { turn_end_tasks_.push_back(std::move(task)); }
  /// Sends a block at the end of this turn, through the stream that has this outlet.
  void send(Outlets::Index outlet, const SharedBytes& block);

  /// What waits for peers on this shard. Its sums are for any thread.
  [[nodiscard]] OutputQueues& output_queues() const noexcept { return *output_queues_; }

  // Called by streams.
  [[nodiscard]] Outlets& outlets() noexcept { return outlets_; }
  /// Collects a block for a stream without a backlog.
  void collect(Outlets::Index outlet, const SharedBytes& block);
  /// Watches the descriptor with edge-triggered epoll and keeps a reference to the stream until `unwatch`.
  /// Returns false when the kernel cannot watch one more.
  [[nodiscard]] bool watch(Stream& stream, Outlets::Index outlet, int descriptor);
  /// Drops the reference to the stream, at the end of the turn.
  void unwatch(Stream& stream);
  /// Watches the descriptor no longer: it moves to another owner.
  void forget(int descriptor) noexcept;
  /// Calls the stream in the next turn as if it had become ready.
  void resume(Outlets::Index outlet) { resumed_.push_back(outlets_.key(outlet)); }

  /// For tests without a thread: runs turns until nothing is ready.
  void run_ready();

 private:
  static constexpr Milliseconds kLongestDelay = std::chrono::hours(24 * 365);

  void loop();
  void begin_turn() noexcept { now_is_stale_ = true; }
  void finish_turn();
  void wait_for_streams();
  /// Calls the streams that are ready. Returns whether there were any.
  bool serve_streams();
  void write_collected(Outlets::Index index);
  void arm_wakeup();
  void report_failure() noexcept;  // of the exception that is being handled

  using Wakeup = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                   boost::asio::wait_traits<std::chrono::steady_clock>,
                                                   boost::asio::io_context::executor_type>;
  using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  // Destroyed first, because its pending waits refer to the members below.
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
  Jitter jitter_;
  SendChains chains_;
  std::unique_ptr<OutputQueues> output_queues_;
  Outlets outlets_;
  std::vector<Outlets::Index> dirty_;
  std::vector<std::uint64_t> resumed_;  // keys of outlets
  std::vector<Stream*> unwatched_;      // references to drop at the end of the turn
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

/// A call for other threads: the first one posts `task` to the shard. What the task holds is let go on the
/// shard, too, also when nobody calls it, and however long another thread keeps a copy of the call.
[[nodiscard]] std::function<void()> posted_to(Shard& shard, Shard::Task task);

}  // namespace togglecast::net
