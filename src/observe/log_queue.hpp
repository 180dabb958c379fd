// A queue of lines and the thread that prints them. A reader of the log that has stopped blocks only that
// thread. When `capacity` bytes wait, the queue leaves further lines out until all waiting lines are printed;
// a line then tells how many it left out. An empty queue takes a line of any size. Thread rule: any thread
// may call.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace togglecast::observe {

enum class Level : std::uint8_t;

class LogQueue {
 public:
  struct Line {
    Level level;
    std::string text;
  };
  /// Called on the thread of the queue, one line at a time; they may block and may outlive the queue.
  using Print = std::function<void(const Line& line)>;
  using DescribeGap = std::function<Line(std::uint64_t left_out)>;
  using Later = std::function<std::optional<Line>()>;

  LogQueue(Print print, DescribeGap describe_gap, std::size_t capacity = std::size_t{1} << 20);
  /// Waits up to one second until all lines are printed. Lines that are not are lost with the process.
  ~LogQueue();
  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;

  void push(Line line);
  /// After `delay` the thread of the queue calls `describe` once and prints its line, if there is one. A
  /// later call replaces a call that still waits.
  void push_later(std::chrono::milliseconds delay, Later describe);
  /// Waits up to `longest` until all lines are printed. Returns whether they are.
  bool drain(std::chrono::milliseconds longest);
  [[nodiscard]] std::uint64_t left_out() const;

 private:
  struct State;
  static void run(State& state);

  std::shared_ptr<State> state_;  // shared with the thread, which may never come back
};

}  // namespace togglecast::observe
