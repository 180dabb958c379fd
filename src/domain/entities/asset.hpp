// Files of a platform or a feature. An entity holds references; the store holds the bytes, once, under their
// SHA-256. As JSON, in entities and in the views of clients alike:
//
//   "assets": {"logo": {"asset": true, "sha256": "9f86…", "size": 5120, "type": "image/png"}}
//
// An entity without assets has no such member. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "domain/schema/fields.hpp"

namespace togglecast::domain {

inline constexpr std::size_t kMaxAssets = 16;          ///< of one entity
inline constexpr std::size_t kMaxAssetType = 100;      ///< bytes of a media type
inline constexpr std::string_view kAssets = "assets";  ///< the member

struct Asset {
  std::string name;    ///< a key, see is_key; unique within its entity
  std::string sha256;  ///< of its bytes, 64 hexadecimal digits in lower case
  std::int64_t size = 0;
  std::string type;  ///< media type
  friend bool operator==(const Asset&, const Asset&) = default;
};
using Assets = std::vector<Asset>;  ///< ascending by name

[[nodiscard]] std::string hex(const Sha256& digest);
/// 64 hexadecimal digits in lower case.
[[nodiscard]] bool is_sha256(std::string_view text) noexcept;

/// nullptr without one of that name.
[[nodiscard]] const Asset* find_asset(const Assets& assets, std::string_view name) noexcept;
/// nullptr without one of these bytes.
[[nodiscard]] const Asset* asset_of_bytes(const Assets& assets, std::string_view sha256) noexcept;
/// Adds it, or replaces the one of its name.
void put_asset(Assets& assets, Asset asset);

/// `{asset: true, sha256, size, type}`.
[[nodiscard]] json::object to_json(const Asset& asset);
/// Adds the member, if there are any.
void write_assets(json::object& out, const Assets& assets);
/// The member of a stored body.
[[nodiscard]] Assets read_assets(FieldReader& in);
/// A request sets assets one by one, by other paths.
void deny_assets(FieldReader& in);

/// The assets of a body of any kind; none when there are none, or when they cannot be read.
[[nodiscard]] Assets assets_in(const json::value& body);

/// A number that equal bytes have in common, and others hardly ever; for indexes.
[[nodiscard]] Id asset_number(std::string_view sha256) noexcept;

}  // namespace togglecast::domain
