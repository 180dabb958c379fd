#include "domain/evaluation/flag.hpp"

#include <cmath>

#include "domain/schema/weight.hpp"

namespace togglecast::domain::evaluation {
namespace {

Resolution failed(ErrorCode code, std::string message) {
  return {nullptr, Reason::error, code, std::move(message), 0};
}

// An answer for a message; of a long one only the kind.
std::string shown(const Value& answer) {
  if (answer.is_number() && !std::isfinite(answer.number())) return "a number that is not finite";
  constexpr std::size_t kShownSteps = 16;
  constexpr std::size_t kShownBytes = 100;
  Meter meter(kShownSteps);
  const json::value copy = to_json(answer, meter);
  std::string text = meter.failure() == Failure::none ? json::serialize(copy) : std::string();
  if (!text.empty() && text.size() <= kShownBytes) return text;
  if (answer.is_text()) return "a text of " + std::to_string(answer.size()) + " bytes";
  if (answer.is_array()) return "a list of " + std::to_string(answer.size());
  return "an object";
}

}  // namespace

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::fixed:
      return "STATIC";
    case Reason::targeting_match:
      return "TARGETING_MATCH";
    case Reason::split:
      return "SPLIT";
    case Reason::by_default:
      return "DEFAULT";
    case Reason::disabled:
      return "DISABLED";
    case Reason::error:
      return "ERROR";
  }
  return "";
}

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::none:
      return "";
    case ErrorCode::parse_error:
      return "PARSE_ERROR";
    case ErrorCode::type_mismatch:
      return "TYPE_MISMATCH";
    case ErrorCode::general:
      return "GENERAL";
  }
  return "";
}

Flag::Flag(std::string key, FlagDefinition definition, const FindEvaluator& find_evaluator,
           const CompileOptions& options, const std::string& origin, Issues* issues)
    : Flag(std::move(key), std::make_shared<const FlagDefinition>(std::move(definition)), find_evaluator,
           options, origin, issues) {}

Flag::Flag(std::string key, std::shared_ptr<const FlagDefinition> definition,
           const FindEvaluator& find_evaluator, const CompileOptions& options, const std::string& origin,
           Issues* issues)
    : definition_(std::move(definition)), key_(std::move(key)) {
  if (definition_->default_variant) default_ = definition_->variant(*definition_->default_variant);
  if (!definition_->enabled) state_ = State::disabled;
  if (!definition_->has_targeting()) return;
  const std::shared_ptr<const json::value> rule(definition_, &definition_->targeting);
  Issues found;
  take(compile(rule, origin + "/targeting", find_evaluator, options, found), found);
  if (issues != nullptr) issues->insert(issues->end(), found.begin(), found.end());
}

void Flag::take(ProgramPtr program, const Issues& issues) {
  program_ = std::move(program);
  broken_ = program_ == nullptr ? issues.front().pointer + ": " + issues.front().reason : std::string();
  if (definition_->enabled) state_ = program_ == nullptr ? State::broken : State::targeted;
}

Flag Flag::linked_again(const FindEvaluator& find_evaluator) const {
  if (!definition_->has_targeting()) return *this;
  if (program_ == nullptr) return {key_, definition_, find_evaluator};
  Flag again = *this;
  Issues found;
  again.take(link_again(*program_, find_evaluator, {Strictness::as_evaluator}, found), found);
  return again;
}

std::size_t Flag::weight_beside(const Flag* other) const noexcept {
  const std::size_t text = heap_weight(key_) + heap_weight(broken_);
  if (program_ == nullptr) return text;
  return text + program_->weight_beside(other == nullptr ? nullptr : other->program_.get());
}

bool Flag::is_whole() const noexcept {
  if (!definition_->has_targeting()) return true;
  return program_ != nullptr && program_->is_whole() &&
         program_->time().boundaries.size() <= kMaxTimeBoundaries;
}

const TimeUse& Flag::time() const noexcept {
  static const TimeUse kNone;
  return state_ == State::targeted ? program_->time() : kNone;
}

Resolution Flag::by_default(Reason reason) const {
  if (default_ == nullptr) return {nullptr, Reason::by_default, ErrorCode::none, {}, 0};
  return {default_, reason, ErrorCode::none, {}, 0};
}

Resolution Flag::evaluate(Root root, Trace* trace) const {
  switch (state_) {
    case State::disabled:
      return {nullptr, Reason::disabled, ErrorCode::none, {}, 0};
    case State::fixed:
      return by_default(Reason::fixed);
    case State::broken:
      return failed(ErrorCode::parse_error, broken_);
    case State::targeted:
      break;
  }
  root.flag_key = key_;
  Interpreter run(definition_->bucketing);
  const Value answer = run.evaluate(*program_, Value(root), trace);
  Resolution resolution;
  if (run.failure() == Failure::none) {
    resolution = chosen(answer, run.meter());
    if (run.has_split() && resolution.reason == Reason::targeting_match) resolution.reason = Reason::split;
  } else {
    const bool lacks_rule = run.failure() == Failure::no_shared_rule;
    resolution = failed(lacks_rule ? ErrorCode::parse_error : ErrorCode::general, run.message());
  }
  resolution.steps = run.meter().spent();
  return resolution;
}

// Rules name variants by texts; true and false stand for the texts, and so do numbers.
Resolution Flag::chosen(const Value& answer, Meter& meter) const {
  if (answer.is_nothing()) return by_default(Reason::by_default);
  const Variant* variant = nullptr;
  if (answer.is_text()) {
    variant = definition_->variant(answer.text());
  } else if (answer.is_boolean()) {
    variant = definition_->variant(answer.boolean() ? "true" : "false");
  } else if (answer.is_number()) {
    std::string name;
    append_text(name, answer, meter);
    variant = definition_->variant(name);
  }
  if (variant != nullptr) return {variant, Reason::targeting_match, ErrorCode::none, {}, 0};
  return failed(ErrorCode::general, "targeting answered " + shown(answer) + ", which is no variant");
}

Resolution as_type(Resolution resolution, FlagType expected) {
  const json::value* value = resolution.value();
  if (value == nullptr || type_of(*value) == expected) return resolution;
  return failed(ErrorCode::type_mismatch, "the flag is a " + std::string(to_string(*type_of(*value))) +
                                              ", not a " + std::string(to_string(expected)));
}

}  // namespace togglecast::domain::evaluation
