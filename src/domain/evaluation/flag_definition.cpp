#include "domain/evaluation/flag_definition.hpp"

#include <algorithm>
#include <cmath>

#include "domain/schema/fields.hpp"

namespace togglecast::domain::evaluation {
namespace {

bool fits(const json::value& number) { return std::abs(Value::of(number).number()) <= kMaxNumber; }

class FlagReader {
 public:
  FlagReader(const json::object& body, const std::string& origin, Strictness strictness, Issues& issues)
      : body_(body), origin_(origin), strictness_(strictness), issues_(issues) {}

  FlagDefinition read() {
    read_state();
    read_variants();
    read_default_variant();
    read_targeting();
    read_metadata();
    read_bucketing();
    return std::move(flag_);
  }

 private:
  void refuse(std::string_view member, std::string reason) {
    issues_.push_back({origin_ + json_pointer(member), std::move(reason)});
  }

  void read_state() {
    const json::value* state = body_.if_contains("state");
    if (state == nullptr) return refuse("state", "is required");
    if (*state != "ENABLED" && *state != "DISABLED") return refuse("state", "must be ENABLED or DISABLED");
    flag_.enabled = *state == "ENABLED";
  }

  void read_variants() {
    const json::value* variants = body_.if_contains("variants");
    if (variants == nullptr) return refuse("variants", "is required");
    const auto* members = variants->if_object();
    if (members == nullptr || members->empty()) {
      return refuse("variants", "must be an object with at least one variant");
    }
    if (members->size() > kMaxVariants) {
      return refuse("variants", "must have at most " + std::to_string(kMaxVariants) + " variants");
    }
    for (const auto& member : *members) read_variant(member.key(), member.value());
  }

  void read_variant(std::string_view name, const json::value& value) {
    const auto refuse_variant = [&](std::string reason) {
      issues_.push_back({origin_ + "/variants" + json_pointer(name), std::move(reason)});
    };
    if (name.empty() || name.size() > kMaxVariantName) {
      refuse_variant("a variant's name must have 1 to " + std::to_string(kMaxVariantName) + " bytes");
    }
    const auto type = type_of(value);
    if (!type) {
      refuse_variant("must be a boolean, a string, a number or an object");
    } else if (flag_.variants.empty()) {
      flag_.type = *type;
    } else if (*type != flag_.type) {
      refuse_variant("must be a " + std::string(to_string(flag_.type)) + " as the variants before it");
    }
    if (type == FlagType::number && !fits(value)) refuse_variant("must be within 2^53 - 1");
    flag_.variants.push_back({std::string(name), value});
  }

  void read_default_variant() {
    const json::value* name = body_.if_contains("defaultVariant");
    if (name == nullptr || name->is_null()) return;
    if (!name->is_string()) return refuse("defaultVariant", "must be the name of a variant, or null");
    if (strictness_ == Strictness::as_evaluator && name->get_string().empty()) return;  // so flagd has it
    flag_.default_variant = std::string(name->get_string());
    if (!flag_.variants.empty() && flag_.variant(*flag_.default_variant) == nullptr) {
      refuse("defaultVariant", "is not a variant");
    }
  }

  void read_targeting() {
    const json::value* targeting = body_.if_contains("targeting");
    if (targeting == nullptr) return;
    if (strictness_ == Strictness::as_schema && !targeting->is_object()) {
      return refuse("targeting", "must be a rule, or {}");
    }
    flag_.targeting = *targeting;
  }

  void read_metadata() {
    const json::value* metadata = body_.if_contains("metadata");
    if (metadata == nullptr) return;
    check_metadata(*metadata, origin_ + "/metadata", issues_);
    if (metadata->is_object()) flag_.metadata = metadata->get_object();
  }

  void read_bucketing() {
    const json::value* bucketing = body_.if_contains("bucketing");
    if (bucketing == nullptr) return;
    const auto* text = bucketing->if_string();
    const auto parsed = text == nullptr ? std::nullopt : parse_bucketing(*text);
    if (!parsed) return refuse("bucketing", "must be v1 or v2");
    flag_.bucketing = *parsed;
  }

  const json::object& body_;
  const std::string& origin_;
  Strictness strictness_;
  Issues& issues_;
  FlagDefinition flag_;
};

}  // namespace

std::string_view to_string(FlagType type) noexcept {
  switch (type) {
    case FlagType::boolean:
      return "boolean";
    case FlagType::text:
      return "string";
    case FlagType::number:
      return "number";
    case FlagType::object:
      return "object";
  }
  return "";
}

std::optional<FlagType> type_of(const json::value& value) noexcept {
  if (value.is_bool()) return FlagType::boolean;
  if (value.is_string()) return FlagType::text;
  if (value.is_number()) return FlagType::number;
  if (value.is_object()) return FlagType::object;
  return std::nullopt;
}

void check_metadata(const json::value& metadata, const std::string& pointer, Issues& issues) {
  const auto* members = metadata.if_object();
  if (members == nullptr) {
    issues.push_back({pointer, "must be an object"});
    return;
  }
  for (const auto& member : *members) {
    const json::value& value = member.value();
    if (value.is_string() || value.is_number() || value.is_bool()) continue;
    issues.push_back({pointer + json_pointer(member.key()), "must be a string, a number or a boolean"});
  }
}

bool FlagDefinition::has_targeting() const noexcept {
  return !targeting.is_null() && !(targeting.is_object() && targeting.get_object().empty());
}

const Variant* FlagDefinition::variant(std::string_view name) const noexcept {
  const auto found = std::find_if(variants.begin(), variants.end(),
                                  [name](const Variant& candidate) { return candidate.name == name; });
  return found == variants.end() ? nullptr : &*found;
}

std::optional<FlagDefinition> read_flag(const json::value& body, const std::string& origin,
                                        Strictness strictness, Issues& issues) {
  const auto* members = body.if_object();
  if (members == nullptr) {
    issues.push_back({origin, "must be an object"});
    return std::nullopt;
  }
  const std::size_t before = issues.size();
  FlagDefinition flag = FlagReader(*members, origin, strictness, issues).read();
  if (issues.size() > before) return std::nullopt;
  return flag;
}

void write_flag(json::object& out, const FlagDefinition& flag) {
  out["state"] = flag.enabled ? "ENABLED" : "DISABLED";
  json::object variants;
  for (const Variant& variant : flag.variants) variants.emplace(variant.name, variant.value);
  out["variants"] = std::move(variants);
  out["defaultVariant"] = flag.default_variant ? json::value(*flag.default_variant) : json::value(nullptr);
  out["targeting"] = flag.targeting.is_null() ? json::value(json::object{}) : flag.targeting;
  out["metadata"] = flag.metadata;
  out["bucketing"] = to_string(flag.bucketing);
}

}  // namespace togglecast::domain::evaluation
