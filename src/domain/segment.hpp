// A rule that the targeting of many features shares: `{"$ref": "beta-testers"}`. Thread rule: plain values.
#pragma once

#include <optional>
#include <string>

#include "domain/entity.hpp"
#include "domain/kind.hpp"

namespace togglecast::domain {

struct Segment : Stamps {
  static constexpr Kind kKind = Kind::segment;
  static constexpr std::string_view kKeyMember = "key";

  std::string key;  ///< what rules call it by
  std::string name;
  std::string description;
  json::value rule;  ///< JsonLogic

  [[nodiscard]] const std::string& unique_key() const noexcept { return key; }
  [[nodiscard]] static Result<Segment> from_json(const json::value& body);
};

[[nodiscard]] json::object to_json(const Segment& segment);

/// What a request may set; absent means: as it is, or the default.
struct SegmentFields {
  std::optional<std::string> key;
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<json::value> rule;
};

/// Needs `key`, `name` and `rule`. Whether the rule can be compiled depends on the state: consistency.hpp.
[[nodiscard]] Result<SegmentFields> read_new_segment(const json::value& body);
/// Everything but `key`, which stays for life.
[[nodiscard]] Result<SegmentFields> read_segment_patch(const json::value& body);
void assign(Segment& segment, const SegmentFields& fields);

}  // namespace togglecast::domain
