// Reads rules: JSON in, a program or a list of what is wrong with it out.
//
//   Issues issues;
//   const ProgramPtr program = compile(rule, "/targeting", find_segment, {}, issues);
//   if (program == nullptr) …   // every entry of `issues` names its place by a JSON Pointer
//
// Thread rule: free functions on values.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/evaluation/jsonlogic/program.hpp"

namespace togglecast::domain::evaluation {

using Issues = std::vector<FieldIssue>;

/// How much a rule must get right. Both refuse what cannot be run: unknown operators, and what passes a
/// limit.
enum class Strictness : std::uint8_t {
  as_schema,     ///< also unknown references, more than kMaxTimeBoundaries, what flagd's JSON schema refuses,
                 ///< and what can never work; for what people write
  as_evaluator,  ///< no more than that, as flagd's daemon; for what is stored or imported
};

struct CompileOptions {
  Strictness strictness = Strictness::as_schema;
  std::size_t max_depth = 32;     ///< of nested rules, through shared rules too
  std::size_t max_nodes = 4'096;  ///< of a rule with the shared rules it refers to
  std::size_t max_issues = 32;    ///< that are collected
};

/// Seconds at which one rule may turn, shared rules included: each makes a revision.
inline constexpr std::size_t kMaxTimeBoundaries = 64;

/// The shared rule of that name; nullptr when there is none.
using FindEvaluator = std::function<ProgramPtr(std::string_view)>;

/// nullptr when `issues` got an entry. `origin` is the JSON Pointer at which the rule stands.
[[nodiscard]] ProgramPtr compile(const json::value& rule, const std::string& origin,
                                 const FindEvaluator& find_evaluator, const CompileOptions& options,
                                 Issues& issues);
/// The same without a copy: the program holds `rule`.
[[nodiscard]] ProgramPtr compile(const std::shared_ptr<const json::value>& rule, const std::string& origin,
                                 const FindEvaluator& find_evaluator, const CompileOptions& options,
                                 Issues& issues);

/// The same rule with its shared rules as they are now. The two share their code.
[[nodiscard]] ProgramPtr link_again(const Program& program, const FindEvaluator& find_evaluator,
                                    const CompileOptions& options, Issues& issues);

}  // namespace togglecast::domain::evaluation
