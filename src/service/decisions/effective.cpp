#include "service/decisions/effective.hpp"

#include <string>

#include "domain/state/client_view.hpp"
#include "service/decisions/explain.hpp"

namespace togglecast::service {
namespace {

using domain::evaluation::Decider;
using domain::evaluation::DecisionMemo;
using domain::evaluation::Subject;

Subject without_overrides(Subject subject) {
  subject.overrides = {};
  return subject;
}

// Decides for the same client twice: with its overrides, and without.
class Effective {
 public:
  Effective(const domain::Snapshot& state, const domain::Client& client, const json::object* context)
      : state_(state),
        subject_(domain::subject_of(state, client, context)),
        plain_(without_overrides(subject_)),
        effective_(state, subject_, memo_),
        planned_(state, plain_, plain_memo_) {}

  [[nodiscard]] bool sees(domain::Id feature) const noexcept {
    const bool assigned = subject_.plan != nullptr && subject_.plan->assignment(feature) != nullptr;
    return assigned || find_override(subject_.overrides, feature) != nullptr;
  }

  [[nodiscard]] json::object of(const domain::Client& client, const domain::Feature& feature,
                                const std::optional<std::string>& only_sub) {
    const auto& rules = *state_.feature(feature.id);
    json::object out;
    out.reserve(9);
    out["feature_id"] = feature.id;
    out["key"] = feature.key;
    out["name"] = feature.name;
    out["visible"] = sees(feature.id);
    if (!sees(feature.id)) out["hidden_because"] = domain::why_unseen(state_, client);
    out["plan"] = explained(state_, planned_.decide(rules));
    out["override"] = explained(find_override(subject_.overrides, feature.id), subject_.now);
    out["effective"] = explained(state_, effective_.decide(rules));
    json::object subs;
    for (const auto& sub : rules.sub_features) {
      if (only_sub && sub.key() != *only_sub) continue;
      subs[sub.key()] = json::object{{"plan", explained(state_, planned_.decide(rules, sub))},
                                     {"effective", explained(state_, effective_.decide(rules, sub))}};
    }
    out["sub_features"] = std::move(subs);
    return out;
  }

 private:
  const domain::Snapshot& state_;
  Subject subject_;
  Subject plain_;
  DecisionMemo memo_;
  DecisionMemo plain_memo_;
  Decider effective_;
  Decider planned_;
};

}  // namespace

json::object effective_of(const domain::Snapshot& state, const domain::Client& client,
                          const EffectiveQuery& query) {
  Effective effective(state, client, query.context);
  json::array items;
  const auto add = [&](const domain::Feature& feature, const std::optional<std::string>& only_sub) {
    if (!query.visible_only || effective.sees(feature.id))
      items.push_back(effective.of(client, feature, only_sub));
  };
  if (query.flag != nullptr) {
    add(*query.flag->feature, query.flag->sub_feature);
  } else {
    state.table<domain::Feature>().by_id.for_each(
        [&](domain::Id, const auto& feature) { add(*feature, std::nullopt); });
  }
  json::object out;
  out["client"] = {{"id", client.id}, {"key", client.key}, {"name", client.name}, {"active", client.active}};
  out["package"] = nullptr;
  if (client.package_id) {
    if (const auto package = state.find<domain::Package>(*client.package_id))
      out["package"] = {{"id", package->id}, {"key", package->key}, {"name", package->name}};
  }
  out["as_of"] = to_iso8601(state.as_of());
  out["revision"] = state.revision();
  out["total"] = items.size();
  out["items"] = std::move(items);
  return out;
}

}  // namespace togglecast::service
