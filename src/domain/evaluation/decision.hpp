// "May this client use this feature now?", for socket, REST and OFREP. The rules have one order. The first
// rule that decides wins, and the answer names it.
//
//   DecisionMemo memo;                      // one per thread
//   Decider decider(catalogue, client, memo);
//   for (const FeatureRules* feature : visible) use(decider.decide(*feature));
//
// A pure function: the time is the subject's `now`. Thread rule: one thread; the inputs are immutable.
// Contract: docs/evaluation.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/evaluation/catalogue.hpp"
#include "domain/evaluation/decision_memo.hpp"
#include "domain/evaluation/flag.hpp"
#include "domain/evaluation/turn.hpp"

namespace togglecast::domain::evaluation {

/// The rules in their order, of features and of sub-features alike. A sub-feature's platforms are its
/// feature's, and `parent_off` stands for all other rules that its feature does not pass.
enum class Rule : std::uint8_t {
  client_inactive,
  feature_disabled,
  platform_off,
  parent_off,
  required_feature_off,
  client_override,
  not_in_package,
  platform_not_in_package,
  targeting,
  default_variant,
};
inline constexpr std::size_t kRules = 10;
/// As in answers: `client_inactive`, `override` …
[[nodiscard]] std::string_view to_string(Rule rule) noexcept;

/// Points into the feature and the client's overrides.
struct Decision {
  const Flag* flag = nullptr;
  bool enabled = false;                ///< granted with a value, which for boolean flags is true
  const json::value* value = nullptr;  ///< none: denied, or the code's own default applies
  const Variant* variant = nullptr;    ///< none when denied, or when an override has a value of no variant
  Reason reason = Reason::disabled;
  Rule rule = Rule::default_variant;  ///< the rule that decided
  std::optional<Id> because_of;       ///< the platform or the feature that is off or not included
  std::optional<std::int64_t> limit;  ///< of the package, when it assigns the feature
  ErrorCode error = ErrorCode::none;
  std::string message;  ///< for admins, with an error: it may quote rules

  /// Some rule decided against the client.
  [[nodiscard]] bool denied() const noexcept;
};

/// `{key, enabled, value, variant, reason, rule, limit?}`: the answer for clients.
[[nodiscard]] json::object to_json(const Decision& decision);

/// The longest chain of required features, so that recursion is safe.
inline constexpr std::size_t kMaxRequirementDepth = 32;

class Decider {
 public:
  /// Refers to all three. Clears the memo.
  Decider(const Catalogue& catalogue, const Subject& subject, DecisionMemo& memo);

  /// Adds the steps of the feature's own targeting to `trace`, if there is one.
  [[nodiscard]] Decision decide(const FeatureRules& feature, Trace* trace = nullptr);
  /// A sub-feature of `parent`.
  [[nodiscard]] Decision decide(const FeatureRules& parent, const Flag& sub_feature, Trace* trace = nullptr);

  /// From now on, a decision may pause when this turn is over: then it is void, and is to be asked for again
  /// in another turn. What it needed and is known by then is not decided again.
  void begin(Turn& turn) noexcept;
  /// The last decision is void.
  [[nodiscard]] bool paused() const noexcept { return paused_; }

 private:
  /// The clock is looked at now and then.
  [[nodiscard]] bool must_pause();
  [[nodiscard]] Decision decide_at(const FeatureRules& feature, std::size_t depth, Trace* trace);
  [[nodiscard]] bool is_on(Id feature, std::size_t depth);
  [[nodiscard]] Decision by_override(const Flag& flag, const Override& override_of_client) const;
  [[nodiscard]] Decision by_flag(const Flag& flag, Trace* trace);

  const Catalogue& catalogue_;
  const Subject& subject_;
  DecisionMemo& memo_;
  Turn* turn_ = nullptr;
  std::size_t steps_ = 0;  // since the last look
  bool paused_ = false;
};

}  // namespace togglecast::domain::evaluation
