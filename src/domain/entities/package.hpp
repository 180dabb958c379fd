// A subscription plan: its price, and the features and platforms of its clients. consistency.hpp checks that
// these exist. Thread rule: plain values.
#pragma once

#include <string>

#include "domain/evaluation/catalogue.hpp"
#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::domain {

inline constexpr std::size_t kMaxAssignments = 5'000;
inline constexpr std::size_t kMaxOpenedPlatforms = 1'000;
inline constexpr std::size_t kMaxBillingPeriod = 32;

struct Price {
  std::int64_t amount = 0;  ///< in the currency's minor unit: cents
  std::string currency;     ///< ISO 4217, such as `EUR`
  friend bool operator==(const Price&, const Price&) = default;
};

struct Package : Stamps {
  static constexpr Kind kKind = Kind::package;
  static constexpr std::string_view kKeyMember = "key";

  std::string key;
  std::string name;
  std::string description;
  Price price{0, "USD"};
  std::string billing_period = "monthly";  ///< a slug: `monthly`, `yearly`, `one-time` …
  bool available = true;                   ///< can be bought; its present clients keep it anyway
  evaluation::Plan plan;                   ///< `features` and `platforms`

  [[nodiscard]] const std::string& unique_key() const noexcept { return key; }
  [[nodiscard]] static Result<Package> from_json(const json::value& body);
  /// Needs `key` and `name`.
  [[nodiscard]] static Result<Package> read_new(const json::value& body);
};

[[nodiscard]] json::object to_json(const Package& package);
/// The body for the clients on it: without the stamps.
[[nodiscard]] json::object seen_by_client(const Package& package);

/// `features` or `platforms`, when present, replace the old value as a whole.
[[nodiscard]] Result<Package> patched(Package package, const json::value& body);

/// `{limit?, sub_features?}`, an assignment without its feature. Null counts as absent.
[[nodiscard]] Result<evaluation::Assignment> read_assignment(const json::value& body, Id feature);

}  // namespace togglecast::domain
