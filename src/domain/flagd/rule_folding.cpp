#include "domain/flagd/rule_folding.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "domain/evaluation/jsonlogic/conversions.hpp"
#include "domain/evaluation/jsonlogic/operators.hpp"
#include "domain/flagd/constant_rules.hpp"
#include "domain/flagd/rule_json.hpp"
#include "domain/flagd/written_rule.hpp"

namespace togglecast::domain::flagd {
namespace {

using evaluation::Bucketing;
using evaluation::Meter;
using evaluation::Op;
using evaluation::Operator;
using evaluation::Value;

constexpr std::string_view kTargetingKey = "targetingKey";
constexpr std::string_view kFlagKey = "$flagd.flagKey";
constexpr std::string_view kTimestamp = "$flagd.timestamp";

const json::value kNull = nullptr;

bool is_member_of(std::string_view path, std::string_view object) {
  return path == object || (path.starts_with(object) && path.substr(object.size()).starts_with('.'));
}

// Whether all its numbers are finite. Those of JSON are.
bool is_finite(const Value& value) {
  if (value.is_number()) return std::isfinite(value.number());
  if (value.kind() != Value::Kind::list) return true;
  for (std::size_t i = 0; i < value.size(); ++i)
    if (!is_finite(value.at(i))) return false;
  return true;
}

// Something of a rule: a constant is the rule that gives it, as it was written; else what an engine runs.
struct Part {
  const json::value* constant = nullptr;
  json::value rule = nullptr;
};

class Folder {
 public:
  Folder(const Constants& constants, const Snapshot& state) : constants_(constants), state_(state) {}

  Folded fold_all(const json::value& rule) {
    json::value folded = embed(fold(rule));
    if (!problem_.empty()) return tl::unexpected(std::move(problem_));
    return folded;
  }

 private:
  using Arguments = std::vector<const json::value*>;

  Part refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return {&kNull};
  }
  [[nodiscard]] const json::value& keep(json::value made) { return kept_.emplace_back(std::move(made)); }

  // --- constants

  void evaluate(const json::value& rule, const UseValue& use) {
    auto problem = evaluate_constant(rule, constants_, state_, use);
    if (!problem.empty()) refuse(std::move(problem));
  }

  bool truth(const Part& part) {
    bool truth = false;
    evaluate(*part.constant, [&](const Value& value, Meter&) { truth = evaluation::truthy(value); });
    return truth;
  }

  json::value constant(const Part& part) {
    json::value out;
    evaluate(*part.constant, [&](const Value& value, Meter& meter) {
      if (!is_finite(value)) refuse("its rule works out a number that is not finite");  // JSON has only null
      out = to_json(value, meter);
    });
    return out;
  }

  // What an engine may find as an argument.
  json::value embed(const Part& part) {
    if (part.constant == nullptr) return part.rule;
    json::value out = constant(part);
    if (is_run(out)) refuse("its rule takes an object of the client, which a rule cannot contain");
    return out;
  }

  // --- rules

  Part fold(const json::value& json) {
    if (!problem_.empty()) return {&kNull};
    if (++parts_ > kMaxParts) return refuse("its rule is too large");
    if (json.is_array() && is_run(json)) return fold_list(json);
    if (!json.is_object() || json.get_object().size() != 1) return {&json};
    const auto& member = *json.get_object().begin();
    if (std::string_view(member.key()) == kReference) return fold_segment(member.value());
    const Operator* known = evaluation::find_operator(member.key());
    if (known == nullptr) return refuse("its rule has an unknown operator");
    return fold_operation(json, *known, arguments_of(member.value()));
  }

  Part fold_segment(const json::value& name) {
    const auto segment = state_.find_by_key<Segment>(std::string_view(name.get_string()));
    if (segment == nullptr) return refuse("it refers to a segment that is gone");
    return fold(segment->rule);
  }

  Part fold_list(const json::value& json) {
    std::vector<Part> parts;
    for (const auto& element : json.get_array()) parts.push_back(fold(element));
    if (all_constant(parts)) return {&json};
    return {nullptr, embed_all(parts)};
  }

  Part fold_operation(const json::value& json, const Operator& known, const Arguments& arguments) {
    switch (known.op) {
      case Op::variable:
        return fold_variable(json, arguments);
      case Op::if_else:
        return fold_if(arguments);
      case Op::all_of:
        return fold_until(arguments, known.name, false);
      case Op::any_of:
        return fold_until(arguments, known.name, true);
      case Op::log:
        return fold(arguments.empty() ? kNull : *arguments.front());
      case Op::missing:
        return fold_missing(json, arguments);
      case Op::missing_some:
        return fold_missing_some(json, arguments);
      case Op::map:
      case Op::filter:
      case Op::reduce:
      case Op::all:
      case Op::none:
      case Op::some:
        return fold_visit(json, known, arguments);
      case Op::fractional:
        return fold_fractional(json, arguments);
      case Op::sem_ver:
        return fold_sem_ver(json, arguments);
      case Op::starts_with:
      case Op::ends_with:
        return fold_affix(json, known, arguments);
      default:
        return fold_any(json, known, arguments);
    }
  }

  Part fold_any(const json::value& json, const Operator& known, const Arguments& arguments) {
    std::vector<Part> parts = fold_each(arguments);
    if (all_constant(parts)) return {&json};
    return {nullptr, in_schema(known, embed_all(parts))};
  }

  std::vector<Part> fold_each(const Arguments& arguments) {
    std::vector<Part> parts;
    parts.reserve(arguments.size());
    for (const json::value* argument : arguments) parts.push_back(fold(*argument));
    return parts;
  }
  static bool all_constant(const std::vector<Part>& parts) {
    return std::all_of(parts.begin(), parts.end(), [](const Part& part) { return part.constant != nullptr; });
  }
  json::array embed_all(const std::vector<Part>& parts) {
    json::array out;
    for (const Part& part : parts) out.push_back(embed(part));
    return out;
  }

  // --- those that evaluate only some of their arguments

  Part fold_if(const Arguments& arguments) {
    json::array out;
    std::size_t i = 0;
    for (; i + 1 < arguments.size(); i += 2) {
      const Part condition = fold(*arguments[i]);
      if (condition.constant == nullptr) {
        out.push_back(condition.rule);
        out.push_back(embed(fold(*arguments[i + 1])));
      } else if (truth(condition)) {
        ++i;
        break;
      }
    }
    Part last = i < arguments.size() ? fold(*arguments[i]) : Part{&kNull};
    if (out.empty()) return last;
    out.push_back(embed(last));
    return {nullptr, make_rule("if", std::move(out))};
  }

  // `and` ends at the first false argument, `or` at the first true one, and both at the last.
  Part fold_until(const Arguments& arguments, std::string_view name, bool end) {
    json::array out;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      Part part = fold(*arguments[i]);
      const bool last = i + 1 == arguments.size();
      if (part.constant != nullptr && !last && truth(part) != end) continue;
      if (part.constant != nullptr && out.empty()) return part;
      out.push_back(embed(part));
      if (part.constant != nullptr) break;
    }
    if (out.size() == 1) return {nullptr, out[0]};
    return {nullptr, make_rule(name, std::move(out))};
  }

  Part fold_visit(const json::value& json, const Operator& known, const Arguments& arguments) {
    if (arguments.size() < 2) return refuse("its rule has too few arguments");
    std::vector<Part> parts{fold(*arguments[0])};
    if (arguments.size() > 2) parts.push_back(fold(*arguments[2]));
    if (all_constant(parts)) return {&json};
    Folded body = written_for_element(*arguments[1], state_);
    if (!body) return refuse(std::move(body.error()));
    json::array out{embed(parts[0]), *std::move(body)};
    if (parts.size() > 1) out.push_back(embed(parts[1]));
    return {nullptr, in_schema(known, std::move(out))};
  }

  // --- variables

  json::value targeting_key() const {
    const json::value read{{"var", kTargetingKey}};
    return make_rule("if", {read, make_rule("cat", {read}), constants_.client});
  }

  // Nothing, with a problem: the path depends on the context.
  std::optional<std::string> path_of(const Arguments& arguments) {
    std::string path;
    if (arguments.empty()) return path;
    const Part part = fold(*arguments.front());
    if (part.constant == nullptr) {
      refuse("its rule computes the name of a variable from the context");
      return std::nullopt;
    }
    evaluate(*part.constant, [&](const Value& value, Meter& meter) {
      if (!value.is_nothing()) append_text(path, value, meter);
    });
    return path;
  }

  Part fold_variable(const json::value& json, const Arguments& arguments) {
    const auto path = path_of(arguments);
    if (!path) return {&kNull};
    if (is_member_of(*path, "client")) return fold_attribute(json, *path, arguments);
    if (*path == kFlagKey) return {&json};
    if (*path == kTimestamp) return {nullptr, {{"var", kTimestamp}}};
    if (*path == kTargetingKey) return {nullptr, targeting_key()};
    if (path->empty() || is_member_of(*path, "$flagd") || is_member_of(*path, kTargetingKey))
      return refuse("its rule reads the whole context, or more of $flagd or targetingKey than there is");
    if (arguments.size() < 2) return {nullptr, {{"var", *path}}};
    const json::value otherwise = embed(fold(*arguments[1]));
    if (otherwise.is_null()) return {nullptr, {{"var", *path}}};
    if (!otherwise.is_structured()) return {nullptr, make_rule("var", {*path, otherwise})};
    const json::value read{{"var", *path}};
    return {nullptr, make_rule("if", {make_rule("===", {read, nullptr}), otherwise, read})};
  }

  Part fold_attribute(const json::value& json, const std::string& path, const Arguments& arguments) {
    if (arguments.size() < 2) return {&json};
    const Part otherwise = fold(*arguments[1]);
    if (otherwise.constant != nullptr) return {&json};
    // Equal, whatever stands for it when it is absent.
    const json::value& present =
        keep(make_rule("===", {make_rule("var", {path, 1}), make_rule("var", {path, 2})}));
    return truth({&present}) ? Part{&keep({{"var", path}})} : otherwise;
  }

  // What the context has not is not known; the rest is.
  Part fold_missing(const json::value& json, const Arguments& arguments) {
    json::array pieces;
    json::array* asked = nullptr;  // of the context, one after the other
    const auto add = [&](const json::value& name) {
      const auto* text = name.if_string();
      if (text == nullptr) return (void)refuse("its rule computes which variables are missing");
      const std::string_view path(*text);
      if (is_member_of(path, "client")) {
        if (!truth({&keep(make_rule("missing", {name}))})) return;
        pieces.push_back(json::array{name});
        asked = nullptr;
      } else if (path.empty() || is_member_of(path, "$flagd") || is_member_of(path, kTargetingKey)) {
        if (path != kTargetingKey && path != kFlagKey && path != kTimestamp)
          refuse("its rule asks for more of $flagd or targetingKey than there is");
      } else {
        if (asked == nullptr) {
          pieces.push_back(make_rule("missing", {}));
          asked = &pieces.back().get_object().begin()->value().get_array();
        }
        asked->push_back(name);
      }
    };
    for (const json::value* argument : arguments) {
      if (const auto* list = argument->if_array()) {
        for (const auto& name : *list) add(name);
      } else {
        add(*argument);
      }
    }
    const bool known =
        std::none_of(pieces.begin(), pieces.end(), [](const auto& one) { return one.is_object(); });
    if (known) return {&json};
    if (pieces.size() == 1) return {nullptr, pieces[0]};
    return {nullptr, make_rule("merge", std::move(pieces))};
  }

  Part fold_missing_some(const json::value& json, const Arguments& arguments) {
    const json::array* names = arguments.size() == 2 ? arguments[1]->if_array() : nullptr;
    if (names == nullptr || !arguments[0]->is_number())
      return refuse("its rule computes which variables are missing");
    std::size_t known = 0;
    for (const auto& name : *names) {
      const auto* text = name.if_string();
      if (text == nullptr) return refuse("its rule computes which variables are missing");
      const std::string_view path(*text);
      if (is_member_of(path, "client")) ++known;
      if (path.empty() || is_member_of(path, "$flagd") || is_member_of(path, kTargetingKey))
        return refuse("its rule asks how many variables of several kinds are missing");
    }
    if (known == names->size()) return {&json};
    if (known > 0) return refuse("its rule asks how many variables of several kinds are missing");
    return {nullptr, make_rule("missing_some", {*arguments[0], *names})};
  }

  // --- flagd's own

  Part fold_fractional(const json::value& json, const Arguments& arguments) {
    if (arguments.empty()) return {&kNull};
    const bool named = !arguments.front()->is_array();
    const Part text = named ? fold(*arguments.front()) : Part{&kNull};
    std::vector<Part> buckets;
    for (std::size_t i = named ? 1 : 0; i < arguments.size(); ++i) {
      if (!arguments[i]->is_array()) return refuse("its percentages are no lists of a variant and a weight");
      buckets.push_back(fold(*arguments[i]));
    }
    json::value key;
    if (text.constant != nullptr) {
      const json::value known = constant(text);
      if (known.is_string() && all_constant(buckets)) return {&json};
      if (!known.is_string() && !known.is_null()) return {&kNull};
      key = known.is_string() ? make_rule("cat", {known}) : default_text();
    } else if (text.rule.is_object() && text.rule.get_object().contains("cat")) {
      key = text.rule;
    } else {
      key = make_rule("if", {make_rule("===", {text.rule, nullptr}), default_text(), text.rule});
    }
    if (constants_.bucketing == Bucketing::v1) return refuse("its percentages are of the generation v1");
    if (buckets.empty()) return {&kNull};
    json::array out{std::move(key)};
    for (const Part& bucket : buckets) {
      auto distribution = in_distribution(embed(bucket));
      if (!distribution) return {&kNull};
      out.push_back(*std::move(distribution));
    }
    return {nullptr, make_rule("fractional", std::move(out))};
  }
  json::value default_text() const { return make_rule("cat", {constants_.flag, targeting_key()}); }

  Part fold_sem_ver(const json::value& json, const Arguments& arguments) {
    std::vector<Part> parts = fold_each(arguments);
    if (all_constant(parts) || parts.size() != 3) return {&json};
    json::array out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i].constant == nullptr) {
        const bool variable = parts[i].rule.is_object() && parts[i].rule.get_object().contains("var");
        if (i == 1 || !variable) return refuse("its rule compares a version that is computed");
        out.push_back(parts[i].rule);
        continue;
      }
      std::string text;
      evaluate(*parts[i].constant,
               [&](const Value& value, Meter& meter) { append_text(text, value, meter); });
      const auto known = i == 1 ? comparison_in_schema(text) : version_in_schema(text);
      if (!known) return {&kNull};
      out.emplace_back(*known);
    }
    return {nullptr, make_rule("sem_ver", std::move(out))};
  }

  Part fold_affix(const json::value& json, const Operator& known, const Arguments& arguments) {
    std::vector<Part> parts = fold_each(arguments);
    if (all_constant(parts)) return {&json};
    json::array out = embed_all(parts);
    for (const auto& one : out)
      if (!one.is_string() && !one.is_object()) return {&kNull};
    return {nullptr, make_rule(known.name, std::move(out))};
  }

  const Constants& constants_;
  const Snapshot& state_;
  std::deque<json::value> kept_;  // rules that were made
  std::size_t parts_ = 0;
  std::string problem_;
};

}  // namespace

Folded fold(const json::value& rule, const Constants& constants, const Snapshot& state) {
  return Folder(constants, state).fold_all(rule);
}

}  // namespace togglecast::domain::flagd
