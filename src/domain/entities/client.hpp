// A tenant whose programs connect to `/client`. Thread rule: plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/evaluation/catalogue.hpp"
#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::domain {

inline constexpr std::size_t kMaxAttributes = 16 * 1'024;
inline constexpr std::size_t kMaxAttributesDepth = 16;
inline constexpr std::size_t kMaxVisibleAttributes = 100;
inline constexpr std::size_t kMaxOverrides = 1'000;
inline constexpr std::size_t kMaxOverrideValue = 16 * 1'024;

struct Client : Stamps {
  static constexpr Kind kKind = Kind::client;
  static constexpr std::string_view kKeyMember = "key";

  std::string key;
  std::string name;
  bool active = true;  ///< an inactive client may connect and stay, with everything off
  json::object attributes;
  std::vector<std::string> visible_attributes;  ///< those that the client itself is told; ascending
  std::optional<Id> package_id;                 ///< none: it has only the features of its overrides
  std::vector<evaluation::Override> overrides;  ///< ascending by feature
  /// Tokens that were issued before open nothing, whoever signed them.
  std::optional<UnixMillis> tokens_valid_from{};

  [[nodiscard]] const std::string& unique_key() const noexcept { return key; }
  [[nodiscard]] static Result<Client> from_json(const json::value& body);
  /// Needs `key` and `name`.
  [[nodiscard]] static Result<Client> read_new(const json::value& body);
};

[[nodiscard]] json::object to_json(const Client& client);
/// The client as it sees itself: `{id, key, name, active, attributes}`, of the attributes the visible ones.
[[nodiscard]] json::object seen_by_itself(const Client& client);

/// A `package_id` of null removes the client from its package. `attributes` or `overrides`, when present,
/// replace the old value as a whole.
[[nodiscard]] Result<Client> patched(Client client, const json::value& body);

/// `{value | removed: true, reason?, expires_at?}`, without the feature. consistency.hpp checks that the
/// value has the feature's type.
[[nodiscard]] Result<evaluation::Override> read_override(const json::value& body, Id feature);
[[nodiscard]] json::object to_json(const evaluation::Override& override_of_client);

}  // namespace togglecast::domain
