#include "service/decisions/preview_effect.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "domain/state/client_view.hpp"
#include "domain/state/impact.hpp"

namespace togglecast::service {
namespace {

using domain::Client;
using domain::ClientView;
using domain::Feature;
using domain::FeatureAnswer;
using domain::Id;
using domain::Snapshot;
using domain::evaluation::Decision;
using domain::evaluation::DecisionMemo;

enum class Effect : std::uint8_t { none, gain, loss, change };

constexpr std::string_view to_string(Effect effect) noexcept {
  switch (effect) {
    case Effect::none:
      return "none";
    case Effect::gain:
      return "gain";
    case Effect::loss:
      return "loss";
    case Effect::change:
      return "change";
  }
  return "";
}

struct Tally {
  std::size_t gains = 0;
  std::size_t losses = 0;
  std::size_t changes = 0;

  void count(Effect effect) noexcept {
    gains += effect == Effect::gain ? 1U : 0U;
    losses += effect == Effect::loss ? 1U : 0U;
    changes += effect == Effect::change ? 1U : 0U;
  }
  [[nodiscard]] std::size_t total() const noexcept { return gains + losses + changes; }
  void write(json::object& out) const {
    out["gains"] = gains;
    out["losses"] = losses;
    out["changes"] = changes;
  }
};

bool seen_the_same(const Decision& one, const Decision& other) {
  const auto name = [](const Decision& of) {
    return of.variant == nullptr ? std::string_view() : std::string_view(of.variant->name);
  };
  const bool same_value =
      one.value == nullptr || other.value == nullptr ? one.value == other.value : *one.value == *other.value;
  return same_value && one.enabled == other.enabled && one.limit == other.limit &&
         (one.variant == nullptr) == (other.variant == nullptr) && name(one) == name(other);
}

bool seen_the_same(const FeatureAnswer& one, const FeatureAnswer& other) {
  const auto same_sub = [](const Decision& a, const Decision& b) {
    return a.flag->key() == b.flag->key() && seen_the_same(a, b);
  };
  return seen_the_same(one.decision, other.decision) &&
         std::equal(one.sub_features.begin(), one.sub_features.end(), other.sub_features.begin(),
                    other.sub_features.end(), same_sub);
}

/// The decision for a client in one of the states; nothing when the client does not see the feature.
using Answer = std::optional<FeatureAnswer>;

Effect effect(const Answer& before, const Answer& after) {
  const bool had = before && before->decision.enabled;
  const bool has = after && after->decision.enabled;
  if (had != has) return has ? Effect::gain : Effect::loss;
  return !has || seen_the_same(*before, *after) ? Effect::none : Effect::change;
}

// Shows short values only; the variant names a long value.
json::value shown(const Answer& answer) {
  constexpr std::size_t kShownText = 256;
  if (!answer) return nullptr;
  json::object out = to_json(answer->decision);
  out.erase("key");
  const json::value& value = out["value"];
  const auto* text = value.if_string();
  if (value.is_structured() || (text != nullptr && text->size() > kShownText)) out.erase("value");
  return out;
}

class EffectFinder {
 public:
  EffectFinder(const Snapshot& before, const Snapshot& after, std::size_t max_cost)
      : before_(before), after_(after), max_cost_(max_cost) {}

  json::object find(const domain::Change& change) {
    impact_ = domain::impact_of(before_, after_, change);
    if (impact_.concerns_clients()) {
      before_.table<Client>().by_id.for_each([&](Id id, const auto&) { look_at(id); });
      for (const Id id : impact_.clients)
        if (before_.find<Client>(id) == nullptr) look_at(id);
    }
    return result();
  }

 private:
  void look_at(Id id) {
    is_complete_ = is_complete_ && cost_ < max_cost_;
    if (!is_complete_) return;
    ++looked_at_;
    const auto was = before_.find<Client>(id);
    const auto is = after_.find<Client>(id);
    std::optional<ClientView> old_view;
    std::optional<ClientView> new_view;
    if (was != nullptr) old_view.emplace(before_, *was, nullptr, old_memo_);
    if (is != nullptr) new_view.emplace(after_, *is, nullptr, new_memo_);
    Tally tally;
    json::array features;
    for (const Id feature : candidates(id, old_view, new_view)) {
      cost_ += kLookCost;
      const Answer old_answer = answer(old_view, feature);
      const Answer new_answer = answer(new_view, feature);
      if (!old_answer && !new_answer) continue;
      cost_ += kAnswerCost;
      const Effect felt = effect(old_answer, new_answer);
      if (felt == Effect::none) continue;
      tally.count(felt);
      features_[feature].count(felt);
      if (features.size() < kMaxShownOfClient && shown_.size() < kMaxShownClients)
        features.push_back(json::object{{"feature_id", feature},
                                        {"key", (new_answer ? new_answer : old_answer)->feature->key},
                                        {"effect", to_string(felt)},
                                        {"before", shown(old_answer)},
                                        {"after", shown(new_answer)}});
    }
    if (tally.total() != 0) note(is == nullptr ? *was : *is, tally, std::move(features));
  }

  // The features that may differ for this client, in ascending order.
  [[nodiscard]] std::vector<Id> candidates(Id id, const std::optional<ClientView>& old_view,
                                           const std::optional<ClientView>& new_view) const {
    std::set<Id> found;
    if (std::binary_search(impact_.clients.begin(), impact_.clients.end(), id)) {
      for (const auto* view : {&old_view, &new_view}) {
        if (!view->has_value()) continue;
        const auto visible = (*view)->visible_features();
        found.insert(visible.begin(), visible.end());
      }
      return {found.begin(), found.end()};
    }
    const auto& package = old_view->client().package_id;
    const auto touched =
        std::find_if(impact_.packages.begin(), impact_.packages.end(),
                     [&](const domain::PackageImpact& one) { return package && one.package == *package; });
    if (touched == impact_.packages.end()) return impact_.features;
    found.insert(impact_.features.begin(), impact_.features.end());
    found.insert(touched->features.begin(), touched->features.end());
    return {found.begin(), found.end()};
  }

  static Answer answer(std::optional<ClientView>& view, Id feature) {
    if (!view || !view->sees_feature(feature)) return std::nullopt;
    return view->answer(feature);
  }

  void note(const Client& client, const Tally& tally, json::array features) {
    ++affected_;
    gaining_ += tally.gains != 0 ? 1U : 0U;
    losing_ += tally.losses != 0 ? 1U : 0U;
    changing_ += tally.changes != 0 ? 1U : 0U;
    if (shown_.size() >= kMaxShownClients) return;
    json::object one{{"client_id", client.id}, {"key", client.key}, {"name", client.name}};
    tally.write(one);
    one["features"] = std::move(features);
    shown_.push_back(std::move(one));
  }

  json::array most_affected() const {
    std::vector<std::pair<Id, Tally>> all(features_.begin(), features_.end());
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.second.total() > b.second.total(); });
    if (all.size() > kMaxShownFeatures) all.resize(kMaxShownFeatures);
    json::array out;
    for (const auto& [id, tally] : all) {
      const auto is = after_.find<Feature>(id);
      const auto feature = is == nullptr ? before_.find<Feature>(id) : is;
      json::object one{{"feature_id", id}, {"key", feature->key}, {"name", feature->name}};
      tally.write(one);
      out.push_back(std::move(one));
    }
    return out;
  }

  json::object result() {
    json::object out;
    out["clients"] = {{"looked_at", looked_at_},
                      {"affected", affected_},
                      {"gaining", gaining_},
                      {"losing", losing_},
                      {"changing", changing_}};
    out["affected_clients"] = std::move(shown_);
    out["affected_features"] = most_affected();
    out["affected_features_total"] = features_.size();
    out["is_whole"] = is_complete_;
    return out;
  }

  const Snapshot& before_;
  const Snapshot& after_;
  const std::size_t max_cost_;
  domain::Impact impact_;
  DecisionMemo old_memo_;
  DecisionMemo new_memo_;
  std::map<Id, Tally> features_;
  json::array shown_;
  std::size_t cost_ = 0;
  std::size_t looked_at_ = 0;
  std::size_t affected_ = 0;
  std::size_t gaining_ = 0;
  std::size_t losing_ = 0;
  std::size_t changing_ = 0;
  bool is_complete_ = true;
};

}  // namespace

json::object effect_of(const Snapshot& before, const Snapshot& after, const domain::Change& change,
                       std::size_t max_cost) {
  return EffectFinder(before, after, max_cost).find(change);
}

}  // namespace togglecast::service
