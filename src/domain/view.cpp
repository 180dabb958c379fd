#include "domain/view.hpp"

#include <algorithm>

namespace togglecast::domain {
namespace {

// Deletes first; then what other things hang on: platforms before features before packages before the rest.
int rank(Kind kind) noexcept {
  switch (kind) {
    case Kind::platform:
      return 0;
    case Kind::client:
      return 3;
    case Kind::token:
      return 4;
    case Kind::admin:
      return 5;
    case Kind::signing_key:
      return 6;
  }
  return 7;
}

void put_in_order(std::vector<ViewUpdate>& updates) {
  std::sort(updates.begin(), updates.end(), [](const ViewUpdate& a, const ViewUpdate& b) {
    const auto place = [](const ViewUpdate& update) {
      return std::tuple(update.type != UpdateType::erase, rank(update.kind), update.id);
    };
    return place(a) < place(b);
  });
}

json::object seen_by_client(const Platform& platform, const ClientScope& scope) {
  json::object out;
  out.reserve(5);
  out["id"] = platform.id;
  out["key"] = platform.key;
  out["name"] = platform.name;
  out["enabled"] = platform.enabled && scope.active;
  out["config"] = platform.config;
  return out;
}

bool enabled_flips(const json::value& before, const json::value& after) {
  const json::value* was = json::find(before, "enabled");
  const json::value* is = json::find(after, "enabled");
  return was != nullptr && is != nullptr && *was != *is;
}

// null stands for "not seen". Two views that read the same are the same: nothing is told.
void add_difference(std::vector<ViewUpdate>& updates, Kind kind, Id id, const json::value& before,
                    json::value after, Step step) {
  if (before == after) return;
  UpdateType type = UpdateType::update;
  if (after.is_null()) {
    type = UpdateType::erase;
  } else if (before.is_null()) {
    type = UpdateType::create;
  } else if (step == Step::live && enabled_flips(before, after)) {
    type = UpdateType::toggle;
  }
  updates.push_back({kind, id, type, std::move(after)});
}

template <typename T>
json::array bodies(const Snapshot& snapshot) {
  json::array out;
  out.reserve(snapshot.table<T>().by_id.size());
  snapshot.table<T>().by_id.for_each([&](Id, const auto& entity) { out.push_back(to_json(*entity)); });
  return out;
}

template <typename T>
void diff_table(std::vector<ViewUpdate>& updates, const Snapshot& from, const Snapshot& to, Kinds readable,
                Step step) {
  if (!readable.contains(T::kKind)) return;
  const auto body = [](const std::shared_ptr<const T>* entity) {
    return entity == nullptr ? json::value(nullptr) : json::value(to_json(**entity));
  };
  PersistentMap<Id, std::shared_ptr<const T>>::differences(
      from.table<T>().by_id, to.table<T>().by_id, [&](Id id, const auto* before, const auto* after) {
        add_difference(updates, T::kKind, id, body(before), body(after), step);
      });
}

}  // namespace

std::optional<ClientScope> scope_of(const Snapshot& snapshot, Id client) {
  const auto found = snapshot.find<Client>(client);
  if (found == nullptr) return std::nullopt;
  return ClientScope{found->active, found->package_id};
}

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

json::object client_view(const Snapshot& snapshot, const Client& client) {
  const ClientScope scope{client.active, client.package_id};
  json::array platforms;
  platforms.reserve(snapshot.table<Platform>().by_id.size());
  snapshot.table<Platform>().by_id.for_each(
      [&](Id, const auto& platform) { platforms.push_back(seen_by_client(*platform, scope)); });
  json::object out;
  out["client"] = {{"id", client.id}, {"key", client.key}, {"name", client.name}, {"active", client.active}};
  out["package"] = nullptr;
  out["features"] = json::array{};
  out["platforms"] = std::move(platforms);
  return out;
}

std::vector<ViewUpdate> diff_client_view(const Snapshot& from, const ClientScope& was, const Snapshot& to,
                                         const ClientScope& is, Step step) {
  std::vector<ViewUpdate> updates;
  const auto seen = [](const std::shared_ptr<const Platform>* platform, const ClientScope& scope) {
    return platform == nullptr ? json::value(nullptr) : json::value(seen_by_client(**platform, scope));
  };
  const auto visit = [&](Id id, const auto* before, const auto* after) {
    add_difference(updates, Kind::platform, id, seen(before, was), seen(after, is), step);
  };
  const auto& before = from.table<Platform>().by_id;
  const auto& after = to.table<Platform>().by_id;
  if (was == is) {
    PersistentMap<Id, std::shared_ptr<const Platform>>::differences(before, after, visit);
  } else {  // the scope colours every entity
    before.for_each([&](Id id, const auto& platform) { visit(id, &platform, after.find(id)); });
    after.for_each([&](Id id, const auto& platform) {
      if (before.find(id) == nullptr) visit(id, static_cast<decltype(&platform)>(nullptr), &platform);
    });
  }
  put_in_order(updates);
  return updates;
}

json::object admin_view(const Snapshot& snapshot, Kinds readable) {
  json::object out;
  if (readable.contains(Kind::platform)) out["platforms"] = bodies<Platform>(snapshot);
  if (readable.contains(Kind::client)) out["clients"] = bodies<Client>(snapshot);
  if (readable.contains(Kind::token)) out["tokens"] = bodies<TokenRecord>(snapshot);
  if (readable.contains(Kind::admin)) out["admins"] = bodies<AdminUser>(snapshot);
  return out;
}

std::vector<ViewUpdate> diff_admin_view(const Snapshot& from, const Snapshot& to, Kinds readable, Step step) {
  std::vector<ViewUpdate> updates;
  diff_table<Platform>(updates, from, to, readable, step);
  diff_table<Client>(updates, from, to, readable, step);
  diff_table<TokenRecord>(updates, from, to, readable, step);
  diff_table<AdminUser>(updates, from, to, readable, step);
  put_in_order(updates);
  return updates;
}

}  // namespace togglecast::domain
