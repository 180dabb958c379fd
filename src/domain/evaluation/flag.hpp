// A flag as it is evaluated: its definition with the rule compiled. Made once, when a snapshot is made.
// Thread rule: immutable; evaluated from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "domain/evaluation/flag_definition.hpp"
#include "domain/evaluation/jsonlogic/interpreter.hpp"

namespace togglecast::domain::evaluation {

/// OpenFeature's reasons, as far as we give them.
enum class Reason : std::uint8_t {
  fixed,            ///< STATIC: there is no targeting, but a default variant
  targeting_match,  ///< TARGETING_MATCH: something about this client decided
  split,            ///< SPLIT: the same, and a percentage had a part in it
  by_default,       ///< DEFAULT: targeting chose nothing, or there is neither targeting nor a default variant
  disabled,         ///< DISABLED
  error,            ///< ERROR
};
[[nodiscard]] std::string_view to_string(Reason reason) noexcept;

/// OpenFeature's error codes, as far as we give them.
enum class ErrorCode : std::uint8_t {
  none,
  parse_error,    ///< the stored rule cannot be compiled, or it needed a shared rule that is gone
  type_mismatch,  ///< a value of another type was asked for or set
  general,        ///< the rule failed, or chose a variant that does not exist
};
/// `PARSE_ERROR`; empty for none.
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

/// Points into the flag.
struct Resolution {
  const Variant* variant = nullptr;  ///< none: the code's own default applies
  Reason reason = Reason::error;
  ErrorCode error = ErrorCode::none;
  std::string message;    ///< for people, with an error
  std::size_t steps = 0;  ///< that the rule took

  [[nodiscard]] const json::value* value() const noexcept {
    return variant == nullptr ? nullptr : &variant->value;
  }
};

class Flag {
 public:
  /// Never fails: a flag whose rule cannot be compiled answers PARSE_ERROR. `issues` says why, when given.
  /// `origin` is the JSON Pointer of the definition.
  Flag(std::string key, FlagDefinition definition, const FindEvaluator& find_evaluator,
       const CompileOptions& options = {Strictness::as_evaluator}, const std::string& origin = {},
       Issues* issues = nullptr);
  /// The same without a copy: the flag holds `definition`.
  Flag(std::string key, std::shared_ptr<const FlagDefinition> definition, const FindEvaluator& find_evaluator,
       const CompileOptions& options = {Strictness::as_evaluator}, const std::string& origin = {},
       Issues* issues = nullptr);
  /// The same flag with its shared rules as they are now: the two share the definition and the code.
  [[nodiscard]] Flag linked_again(const FindEvaluator& find_evaluator) const;

  [[nodiscard]] const std::string& key() const noexcept { return key_; }
  [[nodiscard]] const FlagDefinition& definition() const noexcept { return *definition_; }
  [[nodiscard]] FlagType type() const noexcept { return definition_->type; }
  [[nodiscard]] bool enabled() const noexcept { return state_ != State::disabled; }
  /// nullptr without targeting, or when it is broken.
  [[nodiscard]] const Program* program() const noexcept { return program_.get(); }
  /// False when the rule lacks a shared rule, cannot be compiled, or may turn at more than
  /// kMaxTimeBoundaries.
  [[nodiscard]] bool is_whole() const noexcept;
  /// Nothing unless the flag is enabled: a disabled one does not change with time.
  [[nodiscard]] const TimeUse& time() const noexcept;

  /// Bytes of memory that it holds and `other` does not, about; nullptr: nothing is shared. The definition is
  /// counted where it is kept.
  [[nodiscard]] std::size_t weight_beside(const Flag* other) const noexcept;

  /// flagd's evaluation. `root.flag_key` is set here. No memory is taken from the heap but for texts and
  /// arrays that the rule makes, and for the message of an error.
  [[nodiscard]] Resolution evaluate(Root root, Trace* trace = nullptr) const;

 private:
  void take(ProgramPtr program, const Issues& issues);
  [[nodiscard]] Resolution by_default(Reason reason) const;
  [[nodiscard]] Resolution chosen(const Value& answer, Meter& meter) const;

  enum class State : std::uint8_t { disabled, fixed, targeted, broken };

  // What an evaluation touches first stands together.
  State state_ = State::fixed;
  const Variant* default_ = nullptr;  // of the definition, if there is one
  ProgramPtr program_;
  std::shared_ptr<const FlagDefinition> definition_;
  std::string key_;
  std::string broken_;  // why there is no program
};

/// What a caller gets who insists on a type: TYPE_MISMATCH when the flag has another one.
[[nodiscard]] Resolution as_type(Resolution resolution, FlagType expected);

}  // namespace togglecast::domain::evaluation
