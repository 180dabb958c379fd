// A rule that the targeting of many features shares: `{"$ref": "beta-testers"}`. Thread rule: plain values.
#pragma once

#include <string>

#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::domain {

struct Segment : Stamps {
  static constexpr Kind kKind = Kind::segment;
  static constexpr std::string_view kKeyMember = "key";

  std::string key;  ///< its name in rules
  std::string name;
  std::string description;
  json::value rule;  ///< JsonLogic

  [[nodiscard]] const std::string& unique_key() const noexcept { return key; }
  [[nodiscard]] static Result<Segment> from_json(const json::value& body);
  /// Needs `key`, `name` and `rule`. consistency.hpp checks that the rule can be compiled.
  [[nodiscard]] static Result<Segment> read_new(const json::value& body);
};

[[nodiscard]] json::object to_json(const Segment& segment);
[[nodiscard]] Result<Segment> patched(Segment segment, const json::value& body);

}  // namespace togglecast::domain
