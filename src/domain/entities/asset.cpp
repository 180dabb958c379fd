#include "domain/entities/asset.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace togglecast::domain {
namespace {

constexpr std::size_t kHexDigits = 64;

std::string pointer_to(std::string_view name) { return json_pointer(kAssets) + json_pointer(name); }

}  // namespace

std::string hex(const Sha256& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(kHexDigits);
  for (const std::uint8_t byte : digest) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

bool is_sha256(std::string_view text) noexcept {
  return text.size() == kHexDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

const Asset* find_asset(const Assets& assets, std::string_view name) noexcept {
  const auto found =
      std::find_if(assets.begin(), assets.end(), [name](const Asset& one) { return one.name == name; });
  return found == assets.end() ? nullptr : &*found;
}

const Asset* asset_of_bytes(const Assets& assets, std::string_view sha256) noexcept {
  const auto found =
      std::find_if(assets.begin(), assets.end(), [sha256](const Asset& one) { return one.sha256 == sha256; });
  return found == assets.end() ? nullptr : &*found;
}

void put_asset(Assets& assets, Asset asset) {
  const auto place = std::lower_bound(assets.begin(), assets.end(), asset,
                                      [](const Asset& a, const Asset& b) { return a.name < b.name; });
  if (place != assets.end() && place->name == asset.name) {
    *place = std::move(asset);
  } else {
    assets.insert(place, std::move(asset));
  }
}

json::object to_json(const Asset& asset) {
  json::object out;
  out.reserve(4);
  out["asset"] = true;
  out["sha256"] = asset.sha256;
  out["size"] = asset.size;
  out["type"] = asset.type;
  return out;
}

void write_assets(json::object& out, const Assets& assets) {
  if (assets.empty()) return;
  json::object by_name;
  by_name.reserve(assets.size());
  for (const Asset& asset : assets) by_name[asset.name] = to_json(asset);
  out[kAssets] = std::move(by_name);
}

Assets read_assets(FieldReader& in) {
  Assets assets;
  const json::value* member = in.any(kAssets);
  if (member == nullptr) return assets;
  const auto* by_name = member->if_object();
  if (by_name == nullptr) {
    in.refuse(kAssets, "must be an object");
    return assets;
  }
  for (const auto& entry : *by_name) {
    FieldReader fields(entry.value());
    Asset asset;
    asset.name = entry.key();
    fields.require({"asset", "sha256", "size", "type"});
    static_cast<void>(fields.boolean("asset"));
    asset.sha256 = fields.line("sha256", kHexDigits).value_or("");
    asset.size = fields.integer("size", 1, kMaxId).value_or(0);
    asset.type = fields.line("type", kMaxAssetType).value_or("");
    if (auto ok = fields.finish(); !ok) {
      in.refuse(within(pointer_to(asset.name), ok.error()).details);
    } else if (!is_sha256(asset.sha256)) {
      in.refuse(std::vector<FieldIssue>{{pointer_to(asset.name) + "/sha256", "must be a SHA-256 in hex"}});
    } else {
      put_asset(assets, std::move(asset));
    }
  }
  return assets;
}

void deny_assets(FieldReader& in) {
  in.deny({kAssets}, "is set by PUT and DELETE on …/assets/{name}; leave it out, or send it back as it is");
}

Assets assets_in(const json::value& body) {
  Assets assets;
  const json::value* member = json::find(body, kAssets);
  if (member == nullptr || !member->is_object()) return assets;
  for (const auto& entry : member->get_object()) {
    const std::string_view sha256 = json::string_or_empty(entry.value(), "sha256");
    const json::value* member_size = json::find(entry.value(), "size");
    const auto size = member_size == nullptr ? std::nullopt : integer_in(*member_size);
    if (!is_sha256(sha256) || !size) continue;
    put_asset(assets, {std::string(entry.key()), std::string(sha256), *size,
                       std::string(json::string_or_empty(entry.value(), "type"))});
  }
  return assets;
}

Id asset_number(std::string_view sha256) noexcept {
  constexpr std::size_t kDigits = 12;  // 48 bits
  Id number = 0;
  std::from_chars(sha256.data(), sha256.data() + std::min(sha256.size(), kDigits), number, 16);
  return number;
}

}  // namespace togglecast::domain
