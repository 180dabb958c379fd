#include "domain/state/view.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "domain/schema/version.hpp"

namespace togglecast::domain {
namespace {

template <typename T>
json::array bodies(const Snapshot& snapshot) {
  json::array out;
  out.reserve(snapshot.table<T>().by_id.size());
  snapshot.table<T>().by_id.for_each(
      [&](Id, const auto& entity) { out.push_back(with_etag(to_json(*entity), snapshot.head().epoch)); });
  return out;
}

std::set<Id> platforms_of_either(const Snapshot& from, const Snapshot& to) {
  std::set<Id> ids;
  from.table<Platform>().by_id.for_each([&](Id id, const auto&) { ids.insert(id); });
  to.table<Platform>().by_id.for_each([&](Id id, const auto&) { ids.insert(id); });
  return ids;
}

// Nothing differs of what decides how it looks.
bool looks_the_same(const ClientView& from, const ClientView& to, Id platform) {
  return from.state().peek<Platform>(platform) == to.state().peek<Platform>(platform) &&
         from.client().active == to.client().active &&
         from.sees_platform(platform) == to.sees_platform(platform);
}

// The client itself stands before all that it is given, behind all that it loses.
void add_own_difference(std::vector<ViewUpdate>& updates, const Client& from, const Client& to, Step step) {
  std::vector<ViewUpdate> own;
  add_difference(own, Kind::client, to.id, seen_by_itself(from), seen_by_itself(to), step);
  const auto given = std::find_if(updates.begin(), updates.end(),
                                  [](const ViewUpdate& update) { return update.type != UpdateType::erase; });
  updates.insert(given, std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
}

}  // namespace

std::string_view to_string(UpdateType type) noexcept {
  switch (type) {
    case UpdateType::create:
      return "create";
    case UpdateType::update:
      return "update";
    case UpdateType::toggle:
      return "toggle";
    case UpdateType::erase:
      return "delete";
  }
  return "";
}

std::string_view switch_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::platform:
    case Kind::feature:
      return "enabled";
    case Kind::package:
      return "available";
    case Kind::client:
    case Kind::admin:
    case Kind::api_key:
    case Kind::issuer:
      return "active";
    case Kind::segment:
    case Kind::token:
    case Kind::signing_key:
    case Kind::environment:
    case Kind::settings:
    case Kind::second_factor:
      break;
  }
  return {};
}

UpdateType type_of_change(Kind kind, const json::value& before, const json::value& after) {
  if (after.is_null()) return UpdateType::erase;
  if (before.is_null()) return UpdateType::create;
  const std::string_view name = switch_of(kind);
  const json::value* was = name.empty() ? nullptr : json::find(before, name);
  const json::value* is = name.empty() ? nullptr : json::find(after, name);
  return was != nullptr && is != nullptr && *was != *is ? UpdateType::toggle : UpdateType::update;
}

void add_difference(std::vector<ViewUpdate>& updates, Kind kind, Id id, const json::value& before,
                    json::value after, Step step) {
  if (before == after) return;
  UpdateType type = type_of_change(kind, before, after);
  if (type == UpdateType::toggle && step == Step::merged) type = UpdateType::update;
  updates.push_back({kind, id, type, std::move(after)});
}

void put_in_order(std::vector<ViewUpdate>& updates) {
  std::sort(updates.begin(), updates.end(), [](const ViewUpdate& a, const ViewUpdate& b) {
    const auto place = [](const ViewUpdate& update) {
      return std::tuple(update.type != UpdateType::erase, update.kind, update.id);
    };
    return place(a) < place(b);
  });
}

json::object client_view(const Snapshot& snapshot, const Client& client, const json::object* context) {
  ClientView view(snapshot, client, context);
  const auto visible = view.visible_features();
  json::array features;
  features.reserve(visible.size());
  for (const Id id : visible) features.push_back(to_json(view.answer(id)));
  json::array platforms;
  platforms.reserve(snapshot.table<Platform>().by_id.size());
  snapshot.table<Platform>().by_id.for_each([&](Id id, const auto&) {
    if (view.sees_platform(id)) platforms.push_back(view.platform(id));
  });
  json::object out;
  out["client"] = seen_by_itself(client);
  out["package"] = view.package();
  out["features"] = std::move(features);
  out["platforms"] = std::move(platforms);
  return out;
}

void complete_difference(std::vector<ViewUpdate>& updates, const ClientView& from, const ClientView& to,
                         Step step) {
  for (const Id id : platforms_of_either(from.state(), to.state()))
    if (!looks_the_same(from, to, id))
      add_difference(updates, Kind::platform, id, from.platform(id), to.platform(id), step);
  const auto was = from.client().package_id;
  const auto is = to.client().package_id;
  if (was == is) {
    if (is && from.state().peek<Package>(*is) != to.state().peek<Package>(*is))
      add_difference(updates, Kind::package, *is, from.package(), to.package(), step);
  } else {
    if (was && !from.package().is_null())
      add_difference(updates, Kind::package, *was, from.package(), nullptr, step);
    if (is) add_difference(updates, Kind::package, *is, nullptr, to.package(), step);
  }
  put_in_order(updates);
  if (&from.client() != &to.client()) add_own_difference(updates, from.client(), to.client(), step);
}

std::vector<Id> seen_by_either(const ClientView& from, const ClientView& to) {
  const auto before = from.visible_features();
  const auto after = to.visible_features();
  std::vector<Id> either;
  std::set_union(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(either));
  return either;
}

std::vector<ViewUpdate> diff_client_view(ClientView& from, ClientView& to, Step step) {
  std::vector<ViewUpdate> updates;
  for (const Id id : seen_by_either(from, to))
    add_difference(updates, Kind::feature, id, from.feature(id), to.feature(id), step);
  complete_difference(updates, from, to, step);
  return updates;
}

json::object admin_view(const Snapshot& snapshot, Kinds readable) {
  json::object out;
  if (readable.contains(Kind::platform)) out["platforms"] = bodies<Platform>(snapshot);
  if (readable.contains(Kind::feature)) out["features"] = bodies<Feature>(snapshot);
  if (readable.contains(Kind::segment)) out["segments"] = bodies<Segment>(snapshot);
  if (readable.contains(Kind::package)) out["packages"] = bodies<Package>(snapshot);
  if (readable.contains(Kind::client)) out["clients"] = bodies<Client>(snapshot);
  if (readable.contains(Kind::token)) out["tokens"] = bodies<TokenRecord>(snapshot);
  if (readable.contains(Kind::admin)) out["admins"] = bodies<AdminUser>(snapshot);
  return out;
}

std::vector<ViewUpdate> diff_admin_view(const Snapshot& from, const Snapshot& to, Kinds readable, Step step) {
  std::vector<ViewUpdate> updates;
  for (const auto& [kind, id] : admin_differences(from, to, readable))
    add_difference(updates, kind, id, from.body(kind, id), to.body(kind, id), step);
  put_in_order(updates);
  return updates;
}

std::vector<EntityName> admin_differences(const Snapshot& from, const Snapshot& to, Kinds readable) {
  std::vector<EntityName> entities;
  for (const Kind kind : kAllKinds) {
    if (!readable.contains(kind)) continue;
    with_entity_type(kind, [&]<typename T>(std::type_identity<T>) {
      PersistentMap<Id, std::shared_ptr<const T>>::differences(from.table<T>().by_id, to.table<T>().by_id,
                                                               [&](Id id, const auto*, const auto*) {
                                                                 entities.push_back({kind, id});
                                                               });
    });
  }
  return entities;
}

bool admin_views_differ(const Snapshot& from, const Snapshot& to, Kinds readable) {
  const auto entities = admin_differences(from, to, readable);
  return std::any_of(entities.begin(), entities.end(), [&](const EntityName& one) {
    return from.body(one.kind, one.id) != to.body(one.kind, one.id);
  });
}

}  // namespace togglecast::domain
