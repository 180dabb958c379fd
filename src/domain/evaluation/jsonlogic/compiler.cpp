#include "domain/evaluation/jsonlogic/compiler.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "domain/evaluation/jsonlogic/conversions.hpp"
#include "domain/evaluation/jsonlogic/rule_checks.hpp"
#include "domain/evaluation/jsonlogic/time_boundaries.hpp"
#include "domain/schema/fields.hpp"

namespace togglecast::domain::evaluation {
namespace {

constexpr std::string_view kReference = "$ref";

bool is_rule(const json::value& json) { return json.is_object() && json.get_object().size() == 1; }

// Whether there is anything to run in it.
bool contains_rule(const json::value& json) {
  if (const auto* elements = json.if_array()) {
    return std::any_of(elements->begin(), elements->end(), contains_rule);
  }
  return json.is_object();  // those with another number of members are literals, and may be issues
}

bool visits_elements(Op op) {
  return op == Op::map || op == Op::filter || op == Op::reduce || op == Op::all || op == Op::none ||
         op == Op::some;
}

}  // namespace

// What is wrong with a rule, up to a number of issues.
class Findings {
 public:
  Findings(const CompileOptions& options, Issues& issues)
      : options_(options), issues_(issues), before_(issues.size()) {}

  [[nodiscard]] bool none() const { return issues_.size() == before_; }
  [[nodiscard]] bool gave_up() const { return too_large_ || issues_.size() - before_ >= options_.max_issues; }
  void add(std::string pointer, std::string reason) {
    if (!gave_up()) issues_.push_back({std::move(pointer), std::move(reason)});
  }
  void too_large(const Code& code) {
    if (too_large_) return;
    add(code.pointer_to(0), "must not have more than " + std::to_string(options_.max_nodes) +
                                " operators and arguments, shared rules included");
    too_large_ = true;
  }

 private:
  const CompileOptions& options_;
  Issues& issues_;
  std::size_t before_;
  bool too_large_ = false;
};

class Compiler {
 public:
  Compiler(std::shared_ptr<const json::value> rule, const std::string& origin, const CompileOptions& options,
           Findings& findings)
      : code_(std::make_shared<Code>()),
        reads_(std::make_shared<Reads>()),
        options_(options),
        findings_(findings) {
    code_->source = std::move(rule);
    code_->origin = origin;
    code_->constants.emplace_back();  // what a node is until it is built, or when it is refused
  }

  std::shared_ptr<const Code> compile() {
    code_->nodes.emplace_back();
    build(0, *code_->source, 1, Scope::root);
    if (code_->nodes.size() > options_.max_nodes) findings_.too_large(*code_);
    code_->time.merge({});  // sorts
    reads_->merge({});
    code_->nodes.shrink_to_fit();
    code_->constants.shrink_to_fit();
    code_->paths.shrink_to_fit();
    reads_->paths.shrink_to_fit();
    code_->reads = std::move(reads_);
    return code_;
  }

 private:
  enum class Scope : bool { root, element };

  void build(std::uint32_t at, const json::value& json, std::size_t depth, Scope scope) {
    if (gave_up()) return;
    code_->depth = std::max(code_->depth, depth);
    if (depth > options_.max_depth) {
      refuse(at, "must not be nested deeper than " + std::to_string(options_.max_depth) + " levels");
    } else if (is_rule(json)) {
      build_rule(at, *json.get_object().begin(), depth, scope);
    } else if (json.is_array() && contains_rule(json)) {
      code_->nodes[at].op = Op::list;
      build_arguments(at, json, depth, scope);
    } else {
      build_literal(at, json);
    }
  }

  void build_literal(std::uint32_t at, const json::value& json) {
    if (strict() && json.is_object() && !(json.get_object().empty() && at == 0)) {
      refuse(at, "a rule has exactly one member, the name of its operator");
    }
    code_->nodes[at].op = Op::constant;
    code_->nodes[at].detail = static_cast<std::uint32_t>(code_->constants.size());
    code_->constants.push_back(Value::of(json));
  }

  void build_rule(std::uint32_t at, const boost::json::key_value_pair& member, std::size_t depth,
                  Scope scope) {
    const std::string_view name = member.key();
    if (name == kReference) {
      build_call(at, member.value(), depth, scope);
      return;
    }
    const Operator* found = find_operator(name);
    if (found == nullptr) {
      refuse(at, "there is no operator \"" + std::string(name.substr(0, 64)) + "\"");
      return;
    }
    const auto refuse_argument = [&](std::optional<std::size_t> index, std::string reason) {
      std::string pointer = code_->pointer_to(at) + json_pointer(name);
      if (index && member.value().is_array()) pointer += '/' + std::to_string(*index);
      findings_.add(std::move(pointer), std::move(reason));
    };
    if (strict()) check_arguments(*found, member.value(), refuse_argument);
    code_->nodes[at].op = found->op;
    if (found->op == Op::variable) {
      build_variable(at, member.value(), depth, scope);
    } else {
      build_arguments(at, member.value(), depth, scope);
      if (scope == Scope::root) note_dependencies(at, *found);
    }
  }

  // The arguments' nodes are next to each other; what they are made of follows.
  void build_arguments(std::uint32_t at, const json::value& json, std::size_t depth, Scope scope) {
    const auto* elements = json.if_array();
    const std::size_t count = elements == nullptr ? 1 : elements->size();
    if (code_->nodes.size() + count > options_.max_nodes) {
      findings_.too_large(*code_);
      return;
    }
    const auto first = static_cast<std::uint32_t>(code_->nodes.size());
    code_->nodes.resize(first + count);
    code_->nodes[at].first = first;
    code_->nodes[at].count = static_cast<std::uint32_t>(count);
    const bool elements_are_scope = visits_elements(code_->nodes[at].op);
    for (std::uint32_t i = 0; i < count; ++i) {
      code_->nodes[first + i].parent = at;
      if (elements != nullptr) code_->nodes[first + i].index = static_cast<std::uint16_t>(i);
      build(first + i, elements == nullptr ? json : (*elements)[i], depth + 1,
            elements_are_scope && i == 1 ? Scope::element : scope);
    }
  }

  void build_variable(std::uint32_t at, const json::value& json, std::size_t depth, Scope scope) {
    const auto* elements = json.if_array();
    const json::value whole = nullptr;
    const json::value& path = elements == nullptr ? json : elements->empty() ? whole : elements->front();
    if (path.is_structured()) {
      code_->nodes[at].op = Op::computed_variable;
      if (scope == Scope::root) reads_->everything = code_->time.otherwise = true;
      build_arguments(at, json, depth, scope);
      return;
    }
    code_->nodes[at].detail = static_cast<std::uint32_t>(code_->paths.size());
    const std::string text = add_path(path);
    if (scope == Scope::root) note_variable(at, text);
    if (elements == nullptr || elements->size() < 2) return;
    const auto fallback = static_cast<std::uint32_t>(code_->nodes.size());
    code_->nodes.emplace_back();
    code_->nodes[fallback].parent = at;
    code_->nodes[fallback].index = 1;
    code_->nodes[at].first = fallback;
    code_->nodes[at].count = 1;
    build(fallback, (*elements)[1], depth + 1, scope);
  }

  std::string add_path(const json::value& path) {
    std::string text;
    Meter unlimited(kMaxPath + kBytesPerStep);
    if (!path.is_null()) append_text(text, Value::of(path), unlimited);
    Path& added = code_->paths.emplace_back();
    if (text.empty()) return text;
    std::string_view rest = code_->texts.emplace_back(text);
    for (std::size_t dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
      added.segments.push_back(rest.substr(0, dot));
      rest.remove_prefix(dot + 1);
    }
    added.segments.push_back(rest);
    return text;
  }

  void build_call(std::uint32_t at, const json::value& name, std::size_t depth, Scope scope) {
    if (!name.is_string()) {
      refuse(at, "\"$ref\" must be the name of a shared rule");
      return;
    }
    const auto number = static_cast<std::uint32_t>(code_->references.size());
    code_->references.push_back({std::string(name.get_string()), at, depth, scope == Scope::root});
    code_->nodes[at].op = Op::call;
    code_->nodes[at].detail = number;
  }

  // --- what the answer depends on

  void note_variable(std::uint32_t at, const std::string& path) {
    if (path.empty()) {
      reads_->everything = code_->time.otherwise = true;
    } else if (path == kTimestamp) {
      const Node& node = code_->nodes[at];
      const bool compared = node.parent != Node::kNoParent && compares(code_->nodes[node.parent].op);
      if (!compared) code_->time.otherwise = true;  // a comparison notes it when all of it is known
    } else if (path == "$flagd") {
      code_->time.otherwise = true;
    } else if (!path.starts_with("$flagd.")) {
      reads_->paths.push_back(path);
    }
  }

  void note_dependencies(std::uint32_t at, const Operator& known) {
    if (known.op == Op::fractional) reads_->paths.emplace_back("targetingKey");
    if (known.op == Op::missing || known.op == Op::missing_some) note_missing(code_->nodes[at]);
    if (compares(known.op)) note_comparison(code_->nodes[at]);
  }

  // `missing` names paths in constants, possibly in arrays; anything else may name any.
  void note_missing(const Node& node) {
    for (std::uint32_t i = 0; i < node.count; ++i) note_paths_in(code_->nodes[node.first + i]);
  }
  void note_paths_in(const Node& node) {
    if (node.op != Op::constant) {
      reads_->everything = true;
      return;
    }
    note_path(code_->constants[node.detail]);
  }
  void note_path(const Value& value) {
    if (value.is_text()) reads_->paths.emplace_back(value.text());
    for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) note_path(value.at(i));
  }

  void note_comparison(const Node& node) {
    Meter meter(kMaxPath);
    const auto note = [&](const Node& time, const Node& other, bool time_first) {
      if (!is_timestamp(time)) return;
      if (other.op == Op::constant) {
        const double constant = to_number(code_->constants[other.detail], meter);
        add_boundaries(code_->time.boundaries, node.op, constant, time_first);
      } else if (!is_timestamp(other)) {
        code_->time.otherwise = true;
      }
    };
    for (std::uint32_t i = 1; i < node.count; ++i) {  // neighbours are compared
      const Node& left = code_->nodes[node.first + i - 1];
      const Node& right = code_->nodes[node.first + i];
      note(left, right, true);
      note(right, left, false);
    }
  }
  bool is_timestamp(const Node& node) const {
    if (node.op != Op::variable) return false;
    const auto& segments = code_->paths[node.detail].segments;
    return segments.size() == 2 && segments[0] == "$flagd" && segments[1] == "timestamp";
  }

  // --- what is wrong

  [[nodiscard]] bool strict() const { return options_.strictness == Strictness::as_schema; }
  [[nodiscard]] bool gave_up() const { return findings_.gave_up(); }
  void refuse(std::uint32_t at, std::string reason) {
    findings_.add(code_->pointer_to(at), std::move(reason));
  }

  static constexpr std::size_t kMaxPath = 64 * 1'024;

  std::shared_ptr<Code> code_;
  std::shared_ptr<Reads> reads_;
  const CompileOptions& options_;
  Findings& findings_;
};

// Gives a rule its shared rules.
class Linker {
 public:
  Linker(std::shared_ptr<const Code> code, const CompileOptions& options, Findings& findings)
      : program_(std::make_shared<Program>()), options_(options), findings_(findings) {
    program_->nodes_ = code->nodes.data();
    program_->constants_ = code->constants.data();
    program_->paths_ = code->paths.data();
    program_->time_ = code->time;
    program_->reads_ = code->reads;
    program_->depth_ = code->depth;
    program_->size_ = code->nodes.size();
    program_->code_ = std::move(code);
  }

  ProgramPtr link(const FindEvaluator& find_evaluator, const Program* before) {
    const Code& code = *program_->code_;
    program_->callees_.reserve(code.references.size());
    for (const Code::Reference& reference : code.references) {
      program_->callees_.push_back(find_evaluator ? find_evaluator(reference.name) : nullptr);
      check(reference, program_->callees_.back().get());
    }
    merge_dependencies(before);
    check_boundaries();
    return program_;
  }

 private:
  void check(const Code::Reference& reference, const Program* callee) {
    program_->is_whole_ = program_->is_whole_ && callee != nullptr && callee->is_whole();
    if (callee == nullptr) {
      if (strict())
        refuse(reference.node, "there is no valid shared rule \"" + reference.name.substr(0, 64) + "\"");
      return;
    }
    const std::size_t reached = reference.depth + callee->depth();
    program_->depth_ = std::max(program_->depth_, reached);
    program_->size_ += callee->size();
    if (reached > options_.max_depth) {
      refuse(reference.node, "with this shared rule, the rule is nested deeper than " +
                                 std::to_string(options_.max_depth) + " levels");
    }
    if (program_->size_ > options_.max_nodes) findings_.too_large(*program_->code_);
  }

  // Each shared rule once: a rule may refer to it a thousand times.
  void merge_dependencies(const Program* before) {
    const Code& code = *program_->code_;
    std::set<const Program*> noted;
    Reads reads = *code.reads;
    TimeUse& time = program_->time_;
    for (std::size_t i = 0; i < code.references.size(); ++i) {
      const Program* callee = program_->callees_[i].get();
      if (callee == nullptr || !code.references[i].sees_root || !noted.insert(callee).second) continue;
      const auto& boundaries = callee->time().boundaries;
      time.boundaries.insert(time.boundaries.end(), boundaries.begin(), boundaries.end());
      time.otherwise = time.otherwise || callee->time().otherwise;
      reads.paths.insert(reads.paths.end(), callee->reads().paths.begin(), callee->reads().paths.end());
      reads.everything = reads.everything || callee->reads().everything;
    }
    if (noted.empty()) return;
    time.merge({});  // sorts
    reads.merge({});
    if (before != nullptr && reads == *before->reads_) {
      program_->reads_ = before->reads_;
    } else if (reads != *code.reads) {
      reads.paths.shrink_to_fit();
      program_->reads_ = std::make_shared<const Reads>(std::move(reads));
    }
  }

  void check_boundaries() {
    const std::size_t count = program_->time_.boundaries.size();
    if (!strict() || count <= kMaxTimeBoundaries) return;
    refuse(0, "must not compare $flagd.timestamp with constants so that its answer may change at more than " +
                  std::to_string(kMaxTimeBoundaries) + " times, shared rules included; here at " +
                  std::to_string(count));
  }

  [[nodiscard]] bool strict() const { return options_.strictness == Strictness::as_schema; }
  void refuse(std::uint32_t at, std::string reason) {
    findings_.add(program_->code_->pointer_to(at), std::move(reason));
  }

  std::shared_ptr<Program> program_;
  const CompileOptions& options_;
  Findings& findings_;
};

ProgramPtr compile(const std::shared_ptr<const json::value>& rule, const std::string& origin,
                   const FindEvaluator& find_evaluator, const CompileOptions& options, Issues& issues) {
  Findings findings(options, issues);
  auto code = Compiler(rule, origin, options, findings).compile();
  auto program = Linker(std::move(code), options, findings).link(find_evaluator, nullptr);
  return findings.none() ? program : nullptr;
}

ProgramPtr compile(const json::value& rule, const std::string& origin, const FindEvaluator& find_evaluator,
                   const CompileOptions& options, Issues& issues) {
  return compile(std::make_shared<const json::value>(rule), origin, find_evaluator, options, issues);
}

ProgramPtr link_again(const Program& program, const FindEvaluator& find_evaluator,
                      const CompileOptions& options, Issues& issues) {
  Findings findings(options, issues);
  auto again = Linker(program.code(), options, findings).link(find_evaluator, &program);
  return findings.none() ? again : nullptr;
}

}  // namespace togglecast::domain::evaluation
