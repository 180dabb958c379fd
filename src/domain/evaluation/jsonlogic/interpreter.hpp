// Runs programs.
//
//   Interpreter run(Bucketing::v2);
//   const Value answer = run.evaluate(program, Value(root));
//   if (run.failure() != Failure::none) …
//
// The answer points into program, data and interpreter, so it dies with the first of them. Nothing is taken
// from the heap while texts and arrays that the rule makes fit into about a kilobyte; comparing what is there
// makes none. Thread rule: one evaluation on one thread; programs may be shared.
#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <string>
#include <string_view>

#include "domain/evaluation/jsonlogic/conversions.hpp"
#include "domain/evaluation/jsonlogic/fractional.hpp"
#include "domain/evaluation/jsonlogic/meter.hpp"
#include "domain/evaluation/jsonlogic/program.hpp"
#include "domain/evaluation/jsonlogic/trace.hpp"
#include "domain/evaluation/jsonlogic/value.hpp"

namespace togglecast::domain::evaluation {

inline constexpr std::size_t kMaxSteps = 10'000;  ///< of one evaluation

class Interpreter {
 public:
  explicit Interpreter(Bucketing bucketing, std::size_t max_steps = kMaxSteps) noexcept
      : meter_(max_steps), bucketing_(bucketing) {}
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  /// Undefined after a failure. With a trace, each step is added to it.
  [[nodiscard]] Value evaluate(const Program& program, const Value& data, Trace* trace = nullptr);
  [[nodiscard]] Failure failure() const noexcept { return meter_.failure(); }
  /// A sentence for people about the failure.
  [[nodiscard]] std::string message() const;
  [[nodiscard]] Meter& meter() noexcept { return meter_; }
  /// Whether the rule asked `fractional` on its way.
  [[nodiscard]] bool has_split() const noexcept { return has_split_; }

 private:
  template <bool kTraced>
  friend class Run;

  static constexpr std::size_t kInlineMemory = 1'024;
  std::array<std::byte, kInlineMemory> inline_memory_;  // not cleared: it costs
  std::pmr::monotonic_buffer_resource memory_{inline_memory_.data(), inline_memory_.size()};
  Meter meter_;
  Bucketing bucketing_;
  bool has_split_ = false;
  std::string_view lacking_;  // the name of a shared rule, which the program holds
};

/// A sentence for people.
[[nodiscard]] std::string_view describe(Failure failure) noexcept;

}  // namespace togglecast::domain::evaluation
