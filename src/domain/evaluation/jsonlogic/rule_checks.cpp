#include "domain/evaluation/jsonlogic/rule_checks.hpp"

#include <cmath>

#include "domain/evaluation/jsonlogic/fractional.hpp"
#include "domain/evaluation/jsonlogic/sem_ver.hpp"

namespace togglecast::domain::evaluation {
namespace {

std::string count_text(const Operator& known) {
  const auto plural = [](std::size_t count) {
    return std::to_string(count) + (count == 1 ? " argument" : " arguments");
  };
  if (known.min_arguments == 0) return "at most " + plural(known.max_arguments);
  if (known.min_arguments == known.max_arguments) return plural(known.min_arguments);
  if (known.max_arguments == kAny) return "at least " + plural(known.min_arguments);
  return std::to_string(known.min_arguments) + " to " + plural(known.max_arguments);
}

void check_variable(const json::array& arguments, const RefuseArgument& refuse) {
  if (arguments.empty()) return;
  const auto* path = arguments.front().if_string();
  if (path == nullptr || !std::string_view(*path).starts_with("$flagd.")) return;
  if (*path != "$flagd.flagKey" && *path != "$flagd.timestamp") {
    refuse(0, "there are only $flagd.flagKey and $flagd.timestamp");
  }
}

void check_weight(std::size_t index, const json::array& distribution, const RefuseArgument& refuse) {
  const json::value& weight = distribution[1];
  if (weight.is_object()) return;
  const double number = weight.is_number() ? weight.to_number<double>() : -1;
  if (std::trunc(number) != number || number < 0 || number > static_cast<double>(kMaxTotalWeight)) {
    refuse(index, "a weight must be an integer from 0 to " + std::to_string(kMaxTotalWeight) + " or a rule");
  }
}

void check_fractional(const json::array& arguments, const RefuseArgument& refuse) {
  std::size_t distributions = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto* distribution = arguments[i].if_array();
    if (distribution == nullptr) {
      if (i > 0 || !arguments[i].is_object()) {
        refuse(i, i == 0 ? "must be a rule that gives the bucketing text, or [variant, weight]"
                         : "must be [variant, weight]");
      }
      continue;
    }
    ++distributions;
    if (distribution->empty() || distribution->size() > 2) {
      refuse(i, "must be [variant] or [variant, weight]");
    } else if (distribution->size() == 2) {
      check_weight(i, *distribution, refuse);
    }
  }
  if (distributions == 0) refuse(std::nullopt, "must name at least one [variant, weight]");
}

void check_sem_ver(const json::array& arguments, const RefuseArgument& refuse) {
  for (const std::size_t i : {0U, 2U}) {
    if (i >= arguments.size() || arguments[i].is_object()) continue;
    const auto* version = arguments[i].if_string();
    if (version == nullptr || !Version::parse(*version)) {
      refuse(i, "must be a semantic version such as 1.2.3, or a rule");
    }
  }
  if (arguments.size() < 2) return;
  const auto* comparison = arguments[1].if_string();
  if (comparison == nullptr || !parse_version_comparison(*comparison)) {
    refuse(1, "must be one of = != < <= > >= ~ ^");
  }
}

void check_texts(const json::array& arguments, const RefuseArgument& refuse) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].is_string() && !arguments[i].is_object()) refuse(i, "must be a text or a rule");
  }
}

}  // namespace

void check_arguments(const Operator& known, const json::value& arguments, const RefuseArgument& refuse) {
  const json::array alone = arguments.is_array() ? json::array{} : json::array{arguments};
  const json::array& list = arguments.is_array() ? arguments.get_array() : alone;
  if (list.size() < known.min_arguments || list.size() > known.max_arguments) {
    refuse(std::nullopt, "\"" + std::string(known.name) + "\" takes " + count_text(known));
  }
  switch (known.op) {
    case Op::variable:
      return check_variable(list, refuse);
    case Op::fractional:
      return check_fractional(list, refuse);
    case Op::sem_ver:
      return check_sem_ver(list, refuse);
    case Op::starts_with:
    case Op::ends_with:
      return check_texts(list, refuse);
    default:  // the others take anything
      return;
  }
}

}  // namespace togglecast::domain::evaluation
