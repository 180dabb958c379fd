// Rules that make each operator work as hard as it can (tests/vectors/evaluation/hostile.json), for the test
// of their charges and for the benchmark of their times.
#pragma once

#include <string>
#include <vector>

#include "domain/evaluation/jsonlogic/compiler.hpp"
#include "domain/evaluation/jsonlogic/interpreter.hpp"
#include "unit/domain/evaluation/vectors.hpp"

namespace togglecast::domain::evaluation::testing {

/// What the rules read as `client.…`: each member has about `bytes` bytes.
inline json::object hostile_attributes(std::size_t bytes) {
  json::object out;
  const std::string letters(bytes, 'a');
  out["text"] = letters;
  out["copy"] = letters;
  out["half"] = letters.substr(bytes / 2) + "b";
  out["digits"] = "1." + std::string(bytes, '1');
  std::string spaces;
  while (spaces.size() < bytes) spaces += "\xef\xbb\xbf";
  out["spaces"] = spaces;
  out["version"] = "1.0.0-1" + std::string(bytes, '2') + ".a";
  out["list"] = json::array(bytes / 2, json::value(1));
  out["doubles"] = json::array(bytes / 24, json::value(-1.2345678901234567e-300));
  json::object wide;
  for (std::size_t i = 0; i < bytes / 10; ++i) wide["k" + std::to_string(i)] = 1;
  out["wide"] = std::move(wide);
  out["texts"] = json::array(bytes / 100, json::value(std::string(99, 'a') + "b"));
  return out;
}

/// `rule` with the attributes themselves where it reads them, as far as constants may stand there.
inline json::value with_constants(const json::value& rule, const json::object& attributes) {
  if (const auto* elements = rule.if_array()) {
    json::array out;
    for (const json::value& element : *elements) out.push_back(with_constants(element, attributes));
    return out;
  }
  const auto* members = rule.if_object();
  if (members == nullptr) return rule;
  json::object out;
  for (const auto& [name, value] : *members) {
    constexpr std::string_view kPrefix = "client.";
    const std::string_view path = value.is_string() ? std::string_view(value.get_string()) : "";
    if (name == "var" && path.starts_with(kPrefix)) {
      const json::value* found = attributes.if_contains(path.substr(kPrefix.size()));
      if (found != nullptr) return *found;
    }
    out.emplace(name, with_constants(value, attributes));
  }
  return out;
}

/// `rule` as often as one rule may have it, each time evaluated.
inline json::value repeated(const json::value& rule) {
  Issues issues;
  const ProgramPtr once = compile(rule, "", {}, {Strictness::as_evaluator}, issues);
  const std::size_t parts = once == nullptr ? 1 : once->size() + 3;
  json::array all;
  for (std::size_t i = 0; i < (CompileOptions{}.max_nodes - 8) / parts; ++i)
    all.push_back(json::object{{"or", json::array{rule, true}}});
  return json::object{{"and", std::move(all)}};
}

/// `rule` for each element of a long list; it sees no attributes.
inline json::value repeated_by_list(const json::value& rule) {
  return json::object{{"all", json::array{json::array(4'000, json::value(1)),
                                          json::object{{"or", json::array{rule, true}}}}}};
}

}  // namespace togglecast::domain::evaluation::testing
