#include "domain/flagd/constant_rules.hpp"

#include "domain/evaluation/jsonlogic/compiler.hpp"
#include "domain/evaluation/jsonlogic/interpreter.hpp"

namespace togglecast::domain::flagd {

std::string evaluate_constant(const json::value& rule, const Constants& constants, const Snapshot& state,
                              const UseValue& use) {
  evaluation::Issues ignored;
  const auto find = [&state](std::string_view name) { return state.rules().segment(name); };
  const auto program = evaluation::compile(rule, {}, find, {evaluation::Strictness::as_evaluator}, ignored);
  if (program == nullptr) return "its rule cannot be compiled";
  evaluation::Root root;
  root.client = &constants.attributes;
  root.targeting_key = constants.client;
  root.flag_key = constants.flag;
  evaluation::Interpreter run(constants.bucketing);
  const auto value = run.evaluate(*program, evaluation::Value(root));
  if (run.failure() != evaluation::Failure::none) return "its rule fails: " + run.message();
  use(value, run.meter());
  return {};
}

}  // namespace togglecast::domain::flagd
