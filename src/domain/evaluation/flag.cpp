#include "domain/evaluation/flag.hpp"

namespace togglecast::domain::evaluation {
namespace {

Resolution failed(ErrorCode code, std::string message) {
  return {nullptr, Reason::error, code, std::move(message)};
}

}  // namespace

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::fixed:
      return "STATIC";
    case Reason::targeting_match:
      return "TARGETING_MATCH";
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
    : key_(std::move(key)), definition_(std::move(definition)) {
  if (!definition_.has_targeting()) return;
  Issues found;
  program_ = compile(definition_.targeting, origin + "/targeting", find_evaluator, options, found);
  if (program_ == nullptr) broken_ = found.front().pointer + ": " + found.front().reason;
  if (issues != nullptr) issues->insert(issues->end(), found.begin(), found.end());
}

const TimeUse& Flag::time() const noexcept {
  static const TimeUse kNone;
  return program_ == nullptr || !definition_.enabled ? kNone : program_->time();
}

Resolution Flag::by_default(Reason reason) const {
  if (!definition_.default_variant) return {nullptr, Reason::by_default, ErrorCode::none, {}};
  return {definition_.variant(*definition_.default_variant), reason, ErrorCode::none, {}};
}

Resolution Flag::evaluate(Root root, Trace* trace) const {
  if (!definition_.enabled) return {nullptr, Reason::disabled, ErrorCode::none, {}};
  if (!definition_.has_targeting()) return by_default(Reason::fixed);
  if (program_ == nullptr) return failed(ErrorCode::parse_error, broken_);
  root.flag_key = key_;
  Interpreter run(definition_.bucketing);
  const Value answer = run.evaluate(*program_, Value(root), trace);
  if (run.failure() != Failure::none) return failed(ErrorCode::general, std::string(describe(run.failure())));
  return chosen(answer, run.meter());
}

// Rules name variants by texts; true and false stand for the texts, and so do numbers.
Resolution Flag::chosen(const Value& answer, Meter& meter) const {
  if (answer.is_nothing()) return by_default(Reason::by_default);
  const Variant* variant = nullptr;
  if (answer.is_text()) {
    variant = definition_.variant(answer.text());
  } else if (answer.is_boolean()) {
    variant = definition_.variant(answer.boolean() ? "true" : "false");
  } else if (answer.is_number()) {
    std::string name;
    append_text(name, answer, meter);
    variant = definition_.variant(name);
  }
  if (variant != nullptr) return {variant, Reason::targeting_match, ErrorCode::none, {}};
  Meter for_message(kMaxSteps);
  const std::string text = json::serialize(to_json(answer, for_message));
  return failed(ErrorCode::general, "targeting answered " + text.substr(0, 100) + ", which is no variant");
}

Resolution as_type(Resolution resolution, FlagType expected) {
  const json::value* value = resolution.value();
  if (value == nullptr || type_of(*value) == expected) return resolution;
  return failed(ErrorCode::type_mismatch, "the flag is a " + std::string(to_string(*type_of(*value))) +
                                              ", not a " + std::string(to_string(expected)));
}

}  // namespace togglecast::domain::evaluation
