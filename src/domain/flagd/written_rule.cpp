#include "domain/flagd/written_rule.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "domain/evaluation/jsonlogic/sem_ver.hpp"
#include "domain/flagd/rule_json.hpp"

namespace togglecast::domain::flagd {
namespace {

using evaluation::Op;
using evaluation::Operator;

bool all_texts(const json::array& list) {
  return std::all_of(list.begin(), list.end(), [](const json::value& one) { return one.is_string(); });
}

class Writer {
 public:
  explicit Writer(const Snapshot& state) : state_(state) {}

  Folded write_all(const json::value& rule) {
    json::value out = write(rule);
    if (!problem_.empty()) return tl::unexpected(std::move(problem_));
    return out;
  }

 private:
  json::value refuse(std::string_view problem) {
    if (problem_.empty()) problem_ = problem;
    return nullptr;
  }

  json::value write(const json::value& json) {
    if (++parts_ > kMaxParts) return refuse("its rule is too large");
    if (const auto* elements = json.if_array()) {
      json::array out;
      for (const auto& element : *elements) out.push_back(write(element));
      return out;
    }
    if (!json.is_object()) return json;
    if (json.get_object().size() != 1) return refuse("its rule contains an object");
    const auto& member = *json.get_object().begin();
    if (std::string_view(member.key()) == kReference) {
      const auto segment = state_.find_by_key<Segment>(std::string_view(member.value().get_string()));
      return segment == nullptr ? refuse("it refers to a segment that is gone") : write(segment->rule);
    }
    const Operator* known = evaluation::find_operator(member.key());
    if (known == nullptr) return refuse("its rule has an unknown operator");
    json::array arguments;
    for (const json::value* argument : arguments_of(member.value())) arguments.push_back(write(*argument));
    return write_operation(*known, std::move(arguments));
  }

  json::value write_operation(const Operator& known, json::array arguments) {
    switch (known.op) {
      case Op::variable:
        if (!arguments.empty() && arguments[0].is_structured())
          return refuse("its rule computes the name of a variable");
        if (arguments.size() > 1 && arguments[1].is_structured())
          return refuse("its rule has a rule for a variable that is absent");
        if (arguments.size() > 1) return make_rule(known.name, std::move(arguments));
        return {{"var", arguments.empty() || arguments[0].is_null() ? json::value("") : arguments[0]}};
      case Op::log:
        return arguments.empty() ? json::value(nullptr) : arguments[0];
      case Op::fractional:
        return refuse("its rule has percentages for the elements of a list");
      case Op::missing:
        if (arguments.size() == 1 && arguments[0].is_array())
          arguments = json::array(arguments[0].get_array());
        if (!all_texts(arguments)) return refuse("its rule computes which variables are missing");
        return make_rule(known.name, std::move(arguments));
      case Op::missing_some:
        if (arguments.size() != 2 || !arguments[0].is_number() || !arguments[1].is_array() ||
            !all_texts(arguments[1].get_array()))
          return refuse("its rule computes which variables are missing");
        return make_rule(known.name, std::move(arguments));
      case Op::sem_ver:
        return write_sem_ver(std::move(arguments));
      default:
        return in_schema(known, std::move(arguments));
    }
  }

  json::value write_sem_ver(json::array arguments) {
    for (std::size_t i = 0; i < arguments.size(); i += 2) {
      const auto* text = arguments[i].if_string();
      const auto version = text == nullptr ? std::nullopt : version_in_schema(*text);
      if (version) {
        arguments[i] = *version;
      } else if (!arguments[i].is_object() || !arguments[i].get_object().contains("var")) {
        return refuse("its rule compares a version that is computed");
      }
    }
    return make_rule("sem_ver", std::move(arguments));
  }

  const Snapshot& state_;
  std::size_t parts_ = 0;
  std::string problem_;
};

}  // namespace

json::value in_schema(const Operator& known, json::array arguments) {
  if (known.op == Op::multiply && arguments.size() == 1) arguments.emplace_back(1);
  if (known.op == Op::reduce && arguments.size() == 2) arguments.emplace_back(nullptr);
  return make_rule(known.op == Op::if_else ? "if" : known.name, std::move(arguments));
}

Folded written_for_element(const json::value& rule, const Snapshot& state) {
  return Writer(state).write_all(rule);
}

std::optional<json::value> in_distribution(const json::value& distribution) {
  json::array out = distribution.get_array();
  if (out.empty()) return std::nullopt;
  if (out.size() > 1 && out[1].is_null()) out.resize(1);
  if (out.size() > 2) out.resize(2);
  if (out[0].is_array()) return std::nullopt;
  if (out.size() < 2 || out[1].is_object()) return out;
  const double weight = out[1].is_number() ? out[1].to_number<double>() : -0.5;
  if (std::trunc(weight) != weight || weight > static_cast<double>(evaluation::kMaxTotalWeight))
    return std::nullopt;
  out[1] = static_cast<std::int64_t>(std::max(0.0, weight));
  return out;
}

std::optional<std::string> version_in_schema(std::string_view text) {
  const auto version = evaluation::Version::parse(text);
  if (!version) return std::nullopt;
  std::string out;
  out.append(version->major).append(1, '.').append(version->minor).append(1, '.').append(version->patch);
  if (!version->prerelease.empty()) out.append(1, '-').append(version->prerelease);
  return out;
}

std::optional<std::string> comparison_in_schema(std::string_view text) {
  if (!evaluation::parse_version_comparison(text)) return std::nullopt;
  return std::string(text);
}

}  // namespace togglecast::domain::flagd
