#include "domain/evaluation/evaluators.hpp"

#include <set>

#include "domain/schema/fields.hpp"

namespace togglecast::domain::evaluation {

FindEvaluator finder(const Evaluators& evaluators) {
  return [&evaluators](std::string_view name) -> ProgramPtr {
    const auto found = evaluators.find(name);
    return found == evaluators.end() ? nullptr : found->second;
  };
}

namespace {

// Depth first: what a rule refers to is compiled before it.
class EvaluatorsCompiler {
 public:
  EvaluatorsCompiler(const json::object& rules, const std::string& origin, const CompileOptions& options,
                     Issues& issues)
      : rules_(rules), origin_(origin), options_(options), issues_(issues) {}

  Evaluators compile_all() {
    for (const auto& rule : rules_) compile_one(rule.key());
    return std::move(done_);
  }

 private:
  ProgramPtr compile_one(std::string_view name) {
    if (const auto found = done_.find(name); found != done_.end()) return found->second;
    const json::value* rule = rules_.if_contains(name);
    if (rule == nullptr || refused_.contains(name)) return nullptr;
    const std::string pointer = origin_ + json_pointer(name);
    if (!begun_.insert(std::string(name)).second) {
      issues_.push_back({pointer, "refers to itself, directly or through other shared rules"});
      return nullptr;
    }
    const auto find = [this](std::string_view reference) {
      return begun_.size() > options_.max_depth ? nullptr : compile_one(reference);
    };
    ProgramPtr program = compile(*rule, pointer, find, options_, issues_);
    begun_.erase(std::string(name));
    if (program == nullptr) {
      refused_.emplace(name);
    } else {
      done_.emplace(name, program);
    }
    return program;
  }

  const json::object& rules_;
  const std::string& origin_;
  const CompileOptions& options_;
  Issues& issues_;
  Evaluators done_;
  std::set<std::string, std::less<>> begun_;
  std::set<std::string, std::less<>> refused_;
};

}  // namespace

Evaluators compile_evaluators(const json::object& rules, const std::string& origin,
                              const CompileOptions& options, Issues& issues) {
  return EvaluatorsCompiler(rules, origin, options, issues).compile_all();
}

}  // namespace togglecast::domain::evaluation
