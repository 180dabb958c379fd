#include "service/assets/asset_builds.hpp"

#include <algorithm>
#include <utility>

#include "changes/ops.hpp"

namespace togglecast::service {
namespace {

using domain::Asset;
using domain::Assets;
using domain::Id;
using domain::Kind;

// `edit(assets, entity)` changes the assets of the entity or answers an error.
template <typename T, typename Edit>
Result<changes::Draft> edit_assets(changes::WriteContext& context, Id id, const domain::IfMatch& if_match,
                                   Edit&& edit) {
  const auto before = changes::subject<T>(context, id, if_match);
  if (!before) return tl::unexpected(before.error());
  T after = **before;
  if (auto ok = edit(after.assets, after.key); !ok) return tl::unexpected(ok.error());
  return changes::draft_about(**before, changes::update_op(**before, std::move(after), context));
}

template <typename Edit>
Result<changes::Draft> edit_assets(changes::WriteContext& context, Kind kind, Id id,
                                   const domain::IfMatch& if_match, Edit&& edit) {
  if (kind == Kind::platform) return edit_assets<domain::Platform>(context, id, if_match, edit);
  if (kind == Kind::feature) return edit_assets<domain::Feature>(context, id, if_match, edit);
  return fail(Errc::invalid_argument, "only platforms and features have assets");
}

std::string name_of(Kind kind, const std::string& key) {
  return std::string(domain::to_string(kind)) + " '" + key + "'";
}

Result<void> check_storage(changes::WriteContext& context, const Asset& asset, std::int64_t storage) {
  const auto known = context.has_asset(asset.sha256);
  if (!known) return tl::unexpected(known.error());
  if (*known) return {};
  const auto usage = context.asset_usage();
  if (!usage) return tl::unexpected(usage.error());
  const std::int64_t more = std::max(asset.size, storage::kLeastAsset);
  if (usage->bytes + more <= storage) return {};
  return fail(Errc::conflict,
              "the assets of this environment take " + std::to_string(usage->bytes) + " of " +
                  std::to_string(storage) + " bytes (--asset-storage), and this one needs " +
                  std::to_string(more) +
                  " more; assets that no entity has any more go when no kept change names them");
}

}  // namespace

changes::Build build_asset(Kind kind, Id id, Asset asset, SharedBytes bytes, std::int64_t storage,
                           const domain::IfMatch& if_match) {
  return [kind, id, asset = std::move(asset), bytes = std::move(bytes), storage,
          if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    auto draft =
        edit_assets(context, kind, id, if_match, [&](Assets& assets, const std::string& key) -> Result<void> {
          if (assets.size() >= domain::kMaxAssets && domain::find_asset(assets, asset.name) == nullptr)
            return fail(Errc::conflict, name_of(kind, key) + " has " + std::to_string(assets.size()) +
                                            " assets, as many as it may; remove one first");
          if (auto ok = check_storage(context, asset, storage); !ok) return ok;
          domain::put_asset(assets, asset);
          return {};
        });
    if (draft && !draft->ops.empty()) draft->assets.push_back({asset.sha256, bytes});
    return draft;
  };
}

changes::Build build_asset_removal(Kind kind, Id id, std::string name, const domain::IfMatch& if_match) {
  return [kind, id, name = std::move(name), if_match](changes::WriteContext& context) {
    return edit_assets(context, kind, id, if_match,
                       [&](Assets& assets, const std::string& key) -> Result<void> {
                         if (domain::find_asset(assets, name) == nullptr)
                           return fail(Errc::not_found, name_of(kind, key) + " has no asset '" + name + "'");
                         std::erase_if(assets, [&](const Asset& one) { return one.name == name; });
                         return {};
                       });
  };
}

}  // namespace togglecast::service
