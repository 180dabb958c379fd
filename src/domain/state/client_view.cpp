#include "domain/state/client_view.hpp"

#include <algorithm>
#include <utility>

namespace togglecast::domain {

using evaluation::Override;
using evaluation::Plan;
using evaluation::Subject;

namespace {

const Package* package_of(const Snapshot& state, const Client& client) {
  return client.package_id ? state.peek<Package>(*client.package_id) : nullptr;
}

// The first one of an entity that `sees` answers true for.
template <typename T, typename Sees>
const Asset* asset_in(const Snapshot& state, Relation relation, std::string_view sha256, Sees&& sees) {
  const Asset* found = nullptr;
  const Id number = asset_number(sha256);
  state.links().for_each(relation, number, [&](const Link& link) {
    if (link.used != number) return false;
    const T* entity = state.peek<T>(link.user);
    if (entity != nullptr && sees(link.user)) found = asset_of_bytes(entity->assets, sha256);
    return found == nullptr;
  });
  return found;
}

template <typename SeesPlatform, typename SeesFeature>
const Asset* asset_in(const Snapshot& state, std::string_view sha256, SeesPlatform&& sees_platform,
                      SeesFeature&& sees_feature) {
  const Asset* found = asset_in<Platform>(state, Relation::asset_of_platform, sha256, sees_platform);
  return found != nullptr ? found
                          : asset_in<Feature>(state, Relation::asset_of_feature, sha256, sees_feature);
}

}  // namespace

const Plan* plan_of(const Snapshot& state, const Client& client) {
  const Package* package = package_of(state, client);
  return package == nullptr ? nullptr : &package->plan;
}

Subject subject_of(const Snapshot& state, const Client& client, const json::object* context) {
  Subject subject;
  subject.active = client.active;
  subject.key = client.key;
  subject.attributes = &client.attributes;
  subject.context = context;
  subject.plan = plan_of(state, client);
  subject.overrides = client.overrides;
  subject.now = state.as_of();
  return subject;
}

json::object to_json(const FeatureAnswer& answer) {
  json::object out = to_json(answer.decision);
  out["id"] = answer.feature->id;
  out["name"] = answer.feature->name;
  json::object subs;
  subs.reserve(answer.sub_features.size());
  for (const auto& sub : answer.sub_features) subs.emplace(sub.flag->key(), to_json(sub));
  out["sub_features"] = std::move(subs);
  write_assets(out, answer.feature->assets);
  return out;
}

const Asset* find_asset(const Snapshot& state, std::string_view sha256) {
  const auto all = [](Id) { return true; };
  return asset_in(state, sha256, all, all);
}

std::string why_unseen(const Snapshot& state, const Client& client) {
  const Package* package = package_of(state, client);
  const std::string why = package == nullptr
                              ? "the client has no package"
                              : "the package '" + package->key + "' does not include the feature";
  return why + ", and the client has no override of it";
}

ClientView::ClientView(const Snapshot& state, const Client& client, const json::object* context)
    : ClientView(state, client, context, own_memo_) {}

ClientView::ClientView(const Snapshot& state, const Client& client, const json::object* context,
                       evaluation::DecisionMemo& memo)
    : state_(state),
      client_(client),
      package_(package_of(state, client)),
      subject_(subject_of(state, client, context)),
      decider_(state, subject_, memo) {}

bool ClientView::sees_feature(Id feature) const noexcept {
  if (state_.feature(feature) == nullptr) return false;
  const bool assigned = subject_.plan != nullptr && subject_.plan->assignment(feature) != nullptr;
  return assigned || find_override(client_.overrides, feature) != nullptr;
}

std::vector<Id> ClientView::visible_features() const {
  std::vector<Id> features;
  const auto add = [&](Id feature) {
    if (state_.feature(feature) != nullptr) features.push_back(feature);
  };
  if (subject_.plan != nullptr)
    for (const auto& assignment : subject_.plan->features) add(assignment.feature);
  for (const Override& one : client_.overrides) add(one.feature);
  std::sort(features.begin(), features.end());
  features.erase(std::unique(features.begin(), features.end()), features.end());
  return features;
}

FeatureAnswer ClientView::answer(Id feature) {
  const auto* rules = state_.feature(feature);
  FeatureAnswer answer;
  answer.feature = state_.peek<Feature>(feature);
  answer.decision = decider_.decide(*rules);
  answer.sub_features.reserve(rules->sub_features.size());
  for (const auto& sub : rules->sub_features) answer.sub_features.push_back(decider_.decide(*rules, sub));
  return answer;
}

std::optional<FeatureAnswer> ClientView::answer_within(Id feature, evaluation::Turn& turn) {
  const auto* rules = state_.feature(feature);
  decider_.begin(turn);
  if (!begun_) {
    FeatureAnswer answer;
    answer.feature = state_.peek<Feature>(feature);
    answer.decision = decider_.decide(*rules);
    if (decider_.paused()) return std::nullopt;
    if (rules->sub_features.empty()) return answer;
    answer.sub_features.reserve(rules->sub_features.size());
    begun_ = std::move(answer);
  }
  while (begun_->sub_features.size() < rules->sub_features.size()) {
    auto decision = decider_.decide(*rules, rules->sub_features[begun_->sub_features.size()]);
    if (decider_.paused()) return std::nullopt;
    begun_->sub_features.push_back(std::move(decision));
  }
  return std::exchange(begun_, std::nullopt);
}

std::optional<json::value> ClientView::feature_within(Id id, evaluation::Turn& turn) {
  if (!sees_feature(id)) return json::value(nullptr);
  auto answer = answer_within(id, turn);
  if (!answer) return std::nullopt;
  return json::value(to_json(*answer));
}

json::value ClientView::feature(Id id) {
  if (!sees_feature(id)) return nullptr;
  return to_json(answer(id));
}

bool ClientView::sees_platform(Id platform) const noexcept {
  return subject_.plan == nullptr || subject_.plan->opens(platform);
}

json::value ClientView::platform(Id id) const {
  const Platform* platform = state_.peek<Platform>(id);
  if (platform == nullptr || !sees_platform(id)) return nullptr;
  json::object out;
  out.reserve(6);
  out["id"] = platform->id;
  out["key"] = platform->key;
  out["name"] = platform->name;
  out["enabled"] = platform->enabled && client_.active;
  out["config"] = platform->config;
  write_assets(out, platform->assets);
  return out;
}

const Asset* ClientView::asset(std::string_view sha256) const {
  return asset_in(
      state_, sha256, [this](Id id) { return sees_platform(id); },
      [this](Id id) { return sees_feature(id); });
}

json::value ClientView::package() const {
  if (package_ == nullptr) return nullptr;
  return seen_by_client(*package_);
}

}  // namespace togglecast::domain
