#include "domain/entities/feature.hpp"

#include <algorithm>
#include <array>

namespace togglecast::domain {
namespace {

using evaluation::FlagDefinition;
using evaluation::Issues;
using evaluation::Strictness;

constexpr std::array<std::string_view, 6> kFlagMembers{"state",     "variants", "defaultVariant",
                                                       "targeting", "metadata", "bucketing"};

json::object with_defaults() {
  return {{"state", "ENABLED"}, {"variants", {{"on", true}, {"off", false}}}, {"defaultVariant", "on"}};
}

// The flag's members in `in` over those in `flag`; `enabled` is another way to say `state`.
std::optional<FlagDefinition> read_flag_members(FieldReader& in, json::object flag, Strictness strictness,
                                                bool is_new) {
  Issues issues;
  bool given = false;
  const json::value* state = in.any("state");
  for (const std::string_view name : kFlagMembers) {
    const json::value* member = in.any(name);
    if (member == nullptr) continue;
    given = given || name != "state";
    flag[name] = *member;
  }
  // Ours goes with our variants only.
  if (is_new && in.any("variants") != nullptr && in.any("defaultVariant") == nullptr)
    flag["defaultVariant"] = nullptr;
  if (const auto enabled = in.boolean("enabled")) {
    const char* const said = *enabled ? "ENABLED" : "DISABLED";
    if (state != nullptr && *state != said) in.refuse("enabled", "contradicts state");
    flag["state"] = said;
  }
  auto read = evaluation::read_flag(flag, {}, given ? strictness : Strictness::as_evaluator, issues);
  in.refuse(issues);
  return read;
}

// What a new flag is bucketed by changes with versions of this program; that of one that exists does not.
json::object base_of(const SubFeature* before) {
  json::object base = with_defaults();
  if (before != nullptr) base["bucketing"] = to_string(before->flag.bucketing);
  return base;
}

Result<SubFeature> read_sub_feature(const json::value& body, const Feature& parent, Strictness strictness) {
  FieldReader in(body);
  if (strictness == Strictness::as_evaluator) in.read_as_stored();
  SubFeature sub;
  in.require({"key"});
  sub.key = in.key("key").value_or("");
  sub.name = in.line("name", kMaxName).value_or(sub.key);
  sub.description = in.text("description", kMaxDescription).value_or("");
  if (body.is_object()) {
    json::object base = base_of(parent.sub_feature(sub.key));
    if (auto flag = read_flag_members(in, std::move(base), strictness, true)) sub.flag = std::move(*flag);
  }
  return in.finish(std::move(sub));
}

std::optional<std::vector<SubFeature>> read_sub_features(FieldReader& in, const Feature& parent,
                                                         Strictness strictness) {
  const auto* elements = in.array("sub_features", kMaxSubFeatures);
  if (elements == nullptr) return std::nullopt;
  std::vector<SubFeature> subs;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    const std::string origin = "/sub_features/" + std::to_string(i);
    auto sub = read_sub_feature((*elements)[i], parent, strictness);
    if (!sub) {
      in.refuse(within(origin, sub.error()).details);
      continue;
    }
    for (const SubFeature& other : subs) {
      if (other.key == sub->key) {
        in.refuse(std::vector<FieldIssue>{{origin + "/key", "is named twice"}});
      } else if (same_but_for_case(other.key, sub->key) &&
                 (parent.sub_feature(sub->key) == nullptr || parent.sub_feature(other.key) == nullptr)) {
        in.refuse(std::vector<FieldIssue>{
            {origin + "/key", "differs from '" + other.key + "' in upper and lower case alone"}});
      }
    }
    subs.push_back(std::move(*sub));
  }
  return subs;
}

// Everything but key and stamps, over what `feature` has.
void read_members(FieldReader& in, Feature& feature, json::object flag, Strictness strictness, bool is_new) {
  assign(feature.name, in.line("name", kMaxName));
  assign(feature.description, in.text("description", kMaxDescription));
  assign(feature.flag, read_flag_members(in, std::move(flag), strictness, is_new));
  assign(feature.sub_features, read_sub_features(in, feature, strictness));
  assign(feature.platforms, in.ids("platforms", kMaxNeededPlatforms));
  assign(feature.required, in.ids("requires", kMaxRequired));
}

void write_flag_members(json::object& out, const FlagDefinition& flag) {
  out["enabled"] = flag.enabled;
  evaluation::write_flag(out, flag);
}

json::array ids_of(const std::vector<Id>& ids) {
  json::array out;
  out.reserve(ids.size());
  for (const Id id : ids) out.emplace_back(id);
  return out;
}

}  // namespace

const SubFeature* Feature::sub_feature(std::string_view sub_key) const noexcept {
  const auto found =
      std::find_if(sub_features.begin(), sub_features.end(),
                   [sub_key](const SubFeature& candidate) { return candidate.key == sub_key; });
  return found == sub_features.end() ? nullptr : &*found;
}

Result<Feature> Feature::from_json(const json::value& body) {
  FieldReader in(body);
  in.require({"key", "name", "state", "variants"});
  Feature feature;
  read_stamps(in, feature);
  feature.key = in.key("key").value_or("");
  read_members(in, feature, {}, Strictness::as_evaluator, false);
  feature.assets = read_assets(in);
  if (auto ok = in.finish(); !ok) return stored_body_error("feature", ok.error());
  return feature;
}

json::object to_json(const Feature& feature) {
  json::object out;
  out.reserve(19);
  out["id"] = feature.id;
  out["key"] = feature.key;
  out["name"] = feature.name;
  out["description"] = feature.description;
  write_flag_members(out, feature.flag);
  json::array subs;
  subs.reserve(feature.sub_features.size());
  for (const SubFeature& sub : feature.sub_features) {
    json::object one{{"key", sub.key}, {"name", sub.name}, {"description", sub.description}};
    write_flag_members(one, sub.flag);
    subs.push_back(std::move(one));
  }
  out["sub_features"] = std::move(subs);
  out["platforms"] = ids_of(feature.platforms);
  out["requires"] = ids_of(feature.required);
  write_assets(out, feature.assets);
  write_stamps(out, feature);
  return out;
}

Result<Feature> Feature::read_new(const json::value& body) {
  FieldReader in(body);
  Feature feature;
  feature.key = in.key("key").value_or("");
  read_members(in, feature, with_defaults(), Strictness::as_schema, true);
  in.require({"key", "name"});
  deny_assets(in);
  deny_stamps(in);
  return in.finish(std::move(feature));
}

Result<Feature> patched(Feature feature, const json::value& body) {
  FieldReader in(body);
  json::object flag;
  evaluation::write_flag(flag, feature.flag);
  read_members(in, feature, std::move(flag), Strictness::as_schema, false);
  deny_assets(in);
  deny_key_and_stamps(in);
  return in.finish(std::move(feature));
}

}  // namespace togglecast::domain
