// One client's view of one state: its visible entities and its answers. Thread rule: one thread. Refers to
// its state, client and context. Contract: docs/protocol.md, docs/evaluation.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "domain/evaluation/decision.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::domain {

/// The plan of the package that the client is on; nullptr without one.
[[nodiscard]] const evaluation::Plan* plan_of(const Snapshot& state, const Client& client);

/// The subject of a decision; refers to all three.
[[nodiscard]] evaluation::Subject subject_of(const Snapshot& state, const Client& client,
                                             const json::object* context);

/// A feature with the answers for one client.
struct FeatureAnswer {
  const Feature* feature = nullptr;
  evaluation::Decision decision;
  std::vector<evaluation::Decision> sub_features;  ///< in the feature's order
};
/// The answer with `id`, `name`, `sub_features` by key, and `assets` if it has any.
[[nodiscard]] json::object to_json(const FeatureAnswer& answer);

/// The asset of these bytes that some entity of the state has: the first by kind, id and name. nullptr
/// without one. `sha256` as in asset.hpp.
[[nodiscard]] const Asset* find_asset(const Snapshot& state, std::string_view sha256);

/// A sentence for admins about a feature that is not visible to the client.
[[nodiscard]] std::string why_unseen(const Snapshot& state, const Client& client);

class ClientView {
 public:
  ClientView(const Snapshot& state, const Client& client, const json::object* context);
  /// The same with a used memo, which need not grow again. No other view may use it meanwhile.
  ClientView(const Snapshot& state, const Client& client, const json::object* context,
             evaluation::DecisionMemo& memo);
  ClientView(const ClientView&) = delete;
  ClientView& operator=(const ClientView&) = delete;

  [[nodiscard]] const Snapshot& state() const noexcept { return state_; }
  [[nodiscard]] const Client& client() const noexcept { return client_; }

  /// The feature exists and is assigned by the package or an override, whatever its answer.
  [[nodiscard]] bool sees_feature(Id feature) const noexcept;
  /// Ascending.
  [[nodiscard]] std::vector<Id> visible_features() const;
  /// Of a visible feature.
  [[nodiscard]] FeatureAnswer answer(Id feature);
  /// The same in JSON; null when the feature is not visible.
  [[nodiscard]] json::value feature(Id id);
  /// The same as long as the turn lasts. Nothing when it is over: another turn goes on, with the same
  /// feature.
  [[nodiscard]] std::optional<FeatureAnswer> answer_within(Id feature, evaluation::Turn& turn);
  [[nodiscard]] std::optional<json::value> feature_within(Id id, evaluation::Turn& turn);

  /// The package opens the platform; a client without a package sees all platforms.
  [[nodiscard]] bool sees_platform(Id platform) const noexcept;
  /// `{id, key, name, enabled, config, assets?}`; null when the platform is not visible.
  [[nodiscard]] json::value platform(Id id) const;

  /// The same as find_asset, of entities that the client sees, whatever their switch.
  [[nodiscard]] const Asset* asset(std::string_view sha256) const;

  /// null without a package.
  [[nodiscard]] json::value package() const;

 private:
  const Snapshot& state_;
  const Client& client_;
  const Package* package_;  // the state's
  evaluation::Subject subject_;
  evaluation::DecisionMemo own_memo_;
  evaluation::Decider decider_;
  std::optional<FeatureAnswer> begun_;  // an answer that is not complete, the feature's decision at least
};

}  // namespace togglecast::domain
