// Lines on their way from those who write them to a thread of its own, which prints them: a reader of the log
// that has stopped holds up that thread and nobody else. Once too much waits, what comes is left out until
// all that waits is printed, and a line says how much that was. A line of any size is taken while none waits.
// Thread rule: every call may be made from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace togglecast::observe {

enum class Level : std::uint8_t;

class LogQueue {
 public:
  struct Line {
    Level level;
    std::string text;
  };
  /// Called on the thread of the queue, one line at a time; may block. Both may outlive the queue.
  using Print = std::function<void(const Line& line)>;
  using DescribeGap = std::function<Line(std::uint64_t left_out)>;

  LogQueue(Print print, DescribeGap describe_gap, std::size_t capacity = std::size_t{1} << 20);
  /// Waits a second for what was pushed to be printed; what is not by then is lost with the process.
  ~LogQueue();
  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;

  void push(Line line);
  /// Whether all that was pushed is printed, which is waited for no longer than that.
  bool drain(std::chrono::milliseconds longest);
  [[nodiscard]] std::uint64_t left_out() const;

 private:
  struct State;
  static void run(State& state);

  std::shared_ptr<State> state_;  // shared with the thread, which may never come back
};

}  // namespace togglecast::observe
