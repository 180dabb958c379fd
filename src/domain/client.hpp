// A tenant whose programs connect to `/client`. Thread rule: plain values.
#pragma once

#include <optional>
#include <string>

#include "domain/entity.hpp"
#include "domain/kind.hpp"

namespace togglecast::domain {

inline constexpr std::size_t kMaxAttributes = 16 * 1'024;
inline constexpr std::size_t kMaxAttributesDepth = 16;

struct Client : Stamps {
  static constexpr Kind kKind = Kind::client;
  static constexpr std::string_view kKeyMember = "key";

  std::string key;
  std::string name;
  bool active = true;  ///< an inactive client may connect and stay, with everything off
  json::object attributes;
  std::optional<Id> package_id;  ///< always empty until there are packages

  [[nodiscard]] const std::string& unique_key() const noexcept { return key; }
  [[nodiscard]] static Result<Client> from_json(const json::value& body);
};

[[nodiscard]] json::object to_json(const Client& client);

/// What a request may set; absent means: as it is, or the default.
struct ClientFields {
  std::optional<std::string> key;
  std::optional<std::string> name;
  std::optional<bool> active;
  std::optional<json::object> attributes;
};

/// Needs `key` and `name`.
[[nodiscard]] Result<ClientFields> read_new_client(const json::value& body);
/// Everything but `key`, which stays for life.
[[nodiscard]] Result<ClientFields> read_client_patch(const json::value& body);
void assign(Client& client, const ClientFields& fields);

}  // namespace togglecast::domain
