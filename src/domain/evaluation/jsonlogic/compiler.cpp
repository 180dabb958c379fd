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

class Compiler {
 public:
  Compiler(const json::value& rule, const std::string& origin, const FindEvaluator& find_evaluator,
           const CompileOptions& options, Issues& issues)
      : program_(std::make_shared<Program>()),
        find_evaluator_(find_evaluator),
        options_(options),
        issues_(issues),
        issues_before_(issues.size()) {
    program_->source_ = rule;
    program_->origin_ = origin;
    program_->constants_.emplace_back();  // what a node is until it is built, or when it is refused
  }

  ProgramPtr compile() {
    program_->nodes_.emplace_back();
    build(0, program_->source_, 1, Scope::root);
    program_->size_ += program_->nodes_.size();
    if (program_->size_ > options_.max_nodes) too_large();
    program_->time_.merge({});  // sorts
    program_->reads_.merge({});
    check_boundaries();
    return issues_.size() == issues_before_ ? program_ : nullptr;
  }

 private:
  enum class Scope : bool { root, element };

  void build(std::uint32_t at, const json::value& json, std::size_t depth, Scope scope) {
    if (gave_up()) return;
    program_->depth_ = std::max(program_->depth_, depth);
    if (depth > options_.max_depth) {
      refuse(at, "must not be nested deeper than " + std::to_string(options_.max_depth) + " levels");
    } else if (is_rule(json)) {
      build_rule(at, *json.get_object().begin(), depth, scope);
    } else if (json.is_array() && contains_rule(json)) {
      program_->nodes_[at].op = Op::list;
      build_arguments(at, json, depth, scope);
    } else {
      build_literal(at, json);
    }
  }

  void build_literal(std::uint32_t at, const json::value& json) {
    if (strict() && json.is_object() && !(json.get_object().empty() && at == 0)) {
      refuse(at, "a rule has exactly one member, the name of its operator");
    }
    program_->nodes_[at].op = Op::constant;
    program_->nodes_[at].detail = static_cast<std::uint32_t>(program_->constants_.size());
    program_->constants_.push_back(Value::of(json));
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
      std::string pointer = program_->pointer_to(at) + json_pointer(name);
      if (index && member.value().is_array()) pointer += '/' + std::to_string(*index);
      add_issue(std::move(pointer), std::move(reason));
    };
    if (strict()) check_arguments(*found, member.value(), refuse_argument);
    program_->nodes_[at].op = found->op;
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
    if (program_->nodes_.size() + count > options_.max_nodes) {
      too_large();
      return;
    }
    const auto first = static_cast<std::uint32_t>(program_->nodes_.size());
    program_->nodes_.resize(first + count);
    program_->nodes_[at].first = first;
    program_->nodes_[at].count = static_cast<std::uint32_t>(count);
    const bool elements_are_scope = visits_elements(program_->nodes_[at].op);
    for (std::uint32_t i = 0; i < count; ++i) {
      program_->nodes_[first + i].parent = at;
      if (elements != nullptr) program_->nodes_[first + i].index = static_cast<std::uint16_t>(i);
      build(first + i, elements == nullptr ? json : (*elements)[i], depth + 1,
            elements_are_scope && i == 1 ? Scope::element : scope);
    }
  }

  void build_variable(std::uint32_t at, const json::value& json, std::size_t depth, Scope scope) {
    const auto* elements = json.if_array();
    const json::value whole = nullptr;
    const json::value& path = elements == nullptr ? json : elements->empty() ? whole : elements->front();
    if (path.is_structured()) {
      program_->nodes_[at].op = Op::computed_variable;
      if (scope == Scope::root) program_->reads_.everything = program_->time_.otherwise = true;
      build_arguments(at, json, depth, scope);
      return;
    }
    program_->nodes_[at].detail = static_cast<std::uint32_t>(program_->paths_.size());
    const std::string text = add_path(path);
    if (scope == Scope::root) note_variable(at, text);
    if (elements == nullptr || elements->size() < 2) return;
    const auto fallback = static_cast<std::uint32_t>(program_->nodes_.size());
    program_->nodes_.emplace_back();
    program_->nodes_[fallback].parent = at;
    program_->nodes_[fallback].index = 1;
    program_->nodes_[at].first = fallback;
    program_->nodes_[at].count = 1;
    build(fallback, (*elements)[1], depth + 1, scope);
  }

  std::string add_path(const json::value& path) {
    std::string text;
    Meter unlimited(kMaxPath + kBytesPerStep);
    if (!path.is_null()) append_text(text, Value::of(path), unlimited);
    Path& added = program_->paths_.emplace_back();
    if (text.empty()) return text;
    std::string_view rest = program_->texts_.emplace_back(text);
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
    const ProgramPtr callee = find_evaluator_ ? find_evaluator_(name.get_string()) : nullptr;
    program_->references_.emplace_back(name.get_string());
    program_->nodes_[at].op = Op::call;
    program_->nodes_[at].detail = static_cast<std::uint32_t>(program_->callees_.size());
    program_->callees_.push_back(callee);
    program_->is_whole_ = program_->is_whole_ && callee != nullptr && callee->is_whole();
    if (callee == nullptr) {
      if (strict())
        refuse(at, "there is no valid shared rule \"" + std::string(name.get_string()).substr(0, 64) + "\"");
      return;
    }
    const std::size_t reached = depth + callee->depth();
    program_->depth_ = std::max(program_->depth_, reached);
    program_->size_ += callee->size();
    if (reached > options_.max_depth) {
      refuse(at,
             "with this shared rule, nested deeper than " + std::to_string(options_.max_depth) + " levels");
    }
    if (program_->size_ + program_->nodes_.size() > options_.max_nodes) too_large();
    if (scope == Scope::root && noted_.insert(callee.get()).second) note_shared_rule(*callee);
  }

  // --- what the answer depends on

  // Once for each shared rule, and sorted only at the end: a rule may refer to it a thousand times.
  void note_shared_rule(const Program& callee) {
    TimeUse& time = program_->time_;
    const auto& boundaries = callee.time().boundaries;
    time.boundaries.insert(time.boundaries.end(), boundaries.begin(), boundaries.end());
    time.otherwise = time.otherwise || callee.time().otherwise;
    Reads& reads = program_->reads_;
    reads.paths.insert(reads.paths.end(), callee.reads().paths.begin(), callee.reads().paths.end());
    reads.everything = reads.everything || callee.reads().everything;
  }

  void note_variable(std::uint32_t at, const std::string& path) {
    if (path.empty()) {
      program_->reads_.everything = program_->time_.otherwise = true;
    } else if (path == kTimestamp) {
      const Node& node = program_->nodes_[at];
      const bool compared = node.parent != Node::kNoParent && compares(program_->nodes_[node.parent].op);
      if (!compared) program_->time_.otherwise = true;  // a comparison notes it when all of it is known
    } else if (path == "$flagd") {
      program_->time_.otherwise = true;
    } else if (!path.starts_with("$flagd.")) {
      program_->reads_.paths.push_back(path);
    }
  }

  void note_dependencies(std::uint32_t at, const Operator& known) {
    if (known.op == Op::fractional) program_->reads_.paths.emplace_back("targetingKey");
    if (known.op == Op::missing || known.op == Op::missing_some) note_missing(program_->nodes_[at]);
    if (compares(known.op)) note_comparison(program_->nodes_[at]);
  }

  // `missing` names paths in constants, possibly in arrays; anything else may name any.
  void note_missing(const Node& node) {
    for (std::uint32_t i = 0; i < node.count; ++i) note_paths_in(program_->nodes_[node.first + i]);
  }
  void note_paths_in(const Node& node) {
    if (node.op != Op::constant) {
      program_->reads_.everything = true;
      return;
    }
    note_path(program_->constants_[node.detail]);
  }
  void note_path(const Value& value) {
    if (value.is_text()) program_->reads_.paths.emplace_back(value.text());
    for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) note_path(value.at(i));
  }

  void note_comparison(const Node& node) {
    Meter meter(kMaxPath);
    const auto note = [&](const Node& time, const Node& other, bool time_first) {
      if (!is_timestamp(time)) return;
      if (other.op == Op::constant) {
        const double constant = to_number(program_->constants_[other.detail], meter);
        add_boundaries(program_->time_.boundaries, node.op, constant, time_first);
      } else if (!is_timestamp(other)) {
        program_->time_.otherwise = true;
      }
    };
    for (std::uint32_t i = 1; i < node.count; ++i) {  // neighbours are compared
      const Node& left = program_->nodes_[node.first + i - 1];
      const Node& right = program_->nodes_[node.first + i];
      note(left, right, true);
      note(right, left, false);
    }
  }
  bool is_timestamp(const Node& node) const {
    if (node.op != Op::variable) return false;
    const auto& segments = program_->paths_[node.detail].segments;
    return segments.size() == 2 && segments[0] == "$flagd" && segments[1] == "timestamp";
  }

  void check_boundaries() {
    const std::size_t count = program_->time_.boundaries.size();
    if (!strict() || count <= kMaxTimeBoundaries) return;
    refuse(0, "must not compare $flagd.timestamp with constants so that its answer may change at more than " +
                  std::to_string(kMaxTimeBoundaries) + " times, shared rules included; here at " +
                  std::to_string(count));
  }

  // --- what is wrong

  [[nodiscard]] bool strict() const { return options_.strictness == Strictness::as_schema; }
  [[nodiscard]] bool gave_up() const {
    return too_large_ || issues_.size() - issues_before_ >= options_.max_issues;
  }
  void refuse(std::uint32_t at, std::string reason) {
    add_issue(program_->pointer_to(at), std::move(reason));
  }
  void add_issue(std::string pointer, std::string reason) {
    if (!gave_up()) issues_.push_back({std::move(pointer), std::move(reason)});
  }
  void too_large() {
    if (too_large_) return;
    refuse(0, "must not have more than " + std::to_string(options_.max_nodes) +
                  " operators and arguments, shared rules included");
    too_large_ = true;
  }

  static constexpr std::size_t kMaxPath = 64 * 1'024;

  std::shared_ptr<Program> program_;
  const FindEvaluator& find_evaluator_;
  const CompileOptions& options_;
  Issues& issues_;
  std::size_t issues_before_;
  std::set<const Program*> noted_;  // shared rules
  bool too_large_ = false;
};

ProgramPtr compile(const json::value& rule, const std::string& origin, const FindEvaluator& find_evaluator,
                   const CompileOptions& options, Issues& issues) {
  return Compiler(rule, origin, find_evaluator, options, issues).compile();
}

}  // namespace togglecast::domain::evaluation
