#include "observe/log_queue.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace togglecast::observe {
namespace {

constexpr std::chrono::milliseconds kLongestGoodbye{1'000};

void print_one(const LogQueue::Print& print, const LogQueue::Line& line) {
  try {
    print(line);
  } catch (const std::exception&) {
    // There is nobody to tell.
  }
}

}  // namespace

struct LogQueue::State {
  Print print;
  DescribeGap describe_gap;
  std::size_t capacity = 0;

  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable idle;
  std::vector<Line> lines;
  std::size_t bytes = 0;       // of lines that are not printed yet
  std::uint64_t gap = 0;       // left out since the last line that was taken
  std::uint64_t left_out = 0;  // ever
  Later later;                 // called at `due`
  std::chrono::steady_clock::time_point due;
  bool printing = false;
  bool stopping = false;

  void append(Line line);
  [[nodiscard]] bool has_work() const { return stopping || !lines.empty(); }
  [[nodiscard]] bool done() const { return lines.empty() && gap == 0 && !printing; }
};

LogQueue::LogQueue(Print print, DescribeGap describe_gap, std::size_t capacity)
    : state_(std::make_shared<State>()) {
  state_->print = std::move(print);
  state_->describe_gap = std::move(describe_gap);
  state_->capacity = capacity;
  std::thread([state = state_] { run(*state); }).detach();
}

LogQueue::~LogQueue() {
  drain(kLongestGoodbye);
  {
    const std::scoped_lock lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
}

void LogQueue::State::append(Line line) {
  const std::size_t size = sizeof line + line.text.capacity();
  const bool too_much = bytes > 0 && bytes + size > capacity;
  if (gap > 0 || too_much) {
    ++gap;
    ++left_out;
    return;
  }
  lines.push_back(std::move(line));
  bytes += size;
}

void LogQueue::push(Line line) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->append(std::move(line));
  }
  state_->wake.notify_one();
}

void LogQueue::push_later(std::chrono::milliseconds delay, Later describe) {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->later = std::move(describe);
    state_->due = std::chrono::steady_clock::now() + delay;
  }
  state_->wake.notify_one();
}

bool LogQueue::drain(std::chrono::milliseconds longest) {
  std::unique_lock lock(state_->mutex);
  return state_->idle.wait_for(lock, longest, [this] { return state_->done(); });
}

std::uint64_t LogQueue::left_out() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->left_out;
}

void LogQueue::run(State& state) {
  std::vector<Line> batch;
  std::unique_lock lock(state.mutex);
  for (;;) {
    while (!state.has_work()) {
      if (!state.later) {
        state.wake.wait(lock, [&state] { return state.has_work() || state.later; });
      } else if (!state.wake.wait_until(lock, state.due, [&state] { return state.has_work(); })) {
        if (auto line = std::exchange(state.later, nullptr)()) state.append(*std::move(line));
      }
    }
    if (state.lines.empty()) return;
    state.printing = true;
    while (!state.lines.empty() || state.gap > 0) {
      batch.swap(state.lines);
      const std::size_t taken = state.bytes;
      if (batch.empty()) batch.push_back(state.describe_gap(std::exchange(state.gap, 0)));
      lock.unlock();
      for (const Line& line : batch) print_one(state.print, line);
      batch.clear();
      lock.lock();
      state.bytes -= taken;
    }
    state.printing = false;
    state.idle.notify_all();
  }
}

}  // namespace togglecast::observe
