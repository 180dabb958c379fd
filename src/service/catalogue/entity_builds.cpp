#include "service/catalogue/entity_builds.hpp"

#include <algorithm>

#include "changes/ops.hpp"
#include "domain/schema/sent_back.hpp"
#include "service/catalogue/merge_patch.hpp"

namespace togglecast::service {
namespace {

using domain::Client;
using domain::Feature;
using domain::Id;
using domain::Kind;
using domain::Op;
using domain::Package;
using domain::Platform;
using domain::Segment;
using domain::User;

// The most entities of a kind in an environment; 0 for kinds outside the catalogue.
template <typename T>
constexpr std::size_t kMaxCount = 0;
template <>
constexpr std::size_t kMaxCount<Platform> = kMaxPlatforms;
template <>
constexpr std::size_t kMaxCount<Feature> = kMaxFeatures;
template <>
constexpr std::size_t kMaxCount<Segment> = kMaxSegments;
template <>
constexpr std::size_t kMaxCount<Package> = kMaxPackages;
template <>
constexpr std::size_t kMaxCount<Client> = kMaxClients;

// The member that a toggle changes.
bool& switch_of(Platform& platform) noexcept { return platform.enabled; }
bool& switch_of(Feature& feature) noexcept { return feature.flag.enabled; }
bool& switch_of(Package& package) noexcept { return package.available; }
bool& switch_of(Client& client) noexcept { return client.active; }

template <typename T>
std::string noun_of() {
  return std::string(domain::to_string(T::kKind));
}

template <typename T>
Result<void> check_expiries(const T&, const T*, UnixMillis) {
  return {};
}

// A new expiry must be in the future. The timer deals with an expiry that is already stored.
Result<void> check_expiries(const Client& after, const Client* before, UnixMillis now) {
  std::vector<FieldIssue> issues;
  for (std::size_t i = 0; i < after.overrides.size(); ++i) {
    const auto& one = after.overrides[i];
    if (!one.expires_at || *one.expires_at > now) continue;
    const auto* was = before == nullptr ? nullptr : find_override(before->overrides, one.feature);
    if (was == nullptr || was->expires_at != one.expires_at)
      issues.push_back({"/overrides/" + std::to_string(i) + "/expires_at", "must be in the future"});
  }
  return domain::refusal_of(std::move(issues));
}

template <typename T>
Result<changes::Draft> create(changes::WriteContext& context, const json::value& body) {
  auto entity = T::read_new(domain::without_stamps(body));
  if (!entity) return tl::unexpected(entity.error());
  if (auto ok = check_expiries(*entity, static_cast<const T*>(nullptr), context.at()); !ok)
    return tl::unexpected(ok.error());
  const auto& table = context.state().table<T>();
  if (const std::string taken = table.key_like(entity->key); !taken.empty()) {
    const bool same = taken == entity->key;
    Error error{Errc::already_exists, "there is already a " + noun_of<T>() + " '" + taken + "'", {}};
    error.details.push_back(
        {"/key", same ? "is taken" : "differs from '" + taken + "' in upper and lower case alone"});
    return tl::unexpected(std::move(error));
  }
  if (table.by_id.size() >= kMaxCount<T>)
    return fail(Errc::conflict, "an environment can hold at most " + std::to_string(kMaxCount<T>) + ' ' +
                                    noun_of<T>() + "s; delete one first");
  const auto id = context.next_id(T::kKind);
  if (!id) return tl::unexpected(id.error());
  return changes::Draft{T::kKind, *id, {changes::create_op(*entity, *id, context)}, {}};
}

// `edit(entity)` returns the changed entity or an error.
template <typename T, typename Edit>
Result<changes::Draft> edit(changes::WriteContext& context, Id id, const domain::IfMatch& if_match,
                            Edit&& edit) {
  const auto before = changes::subject<T>(context, id, if_match);
  if (!before) return tl::unexpected(before.error());
  Result<T> after = edit(**before);
  if (!after) return tl::unexpected(after.error());
  if (auto ok = check_expiries(*after, before->get(), context.at()); !ok) return tl::unexpected(ok.error());
  return changes::draft_about(**before, changes::update_op(**before, std::move(*after), context));
}

Error in_use(std::string_view name, const std::vector<User>& users) {
  constexpr std::size_t kNamedUsers = 5;
  Error error{Errc::conflict, std::string(name) + " is used by ", {}};
  for (std::size_t i = 0; i < std::min(users.size(), kNamedUsers); ++i) {
    error.message += i == 0 ? "" : ", ";
    error.message += std::string(domain::to_string(users[i].kind)) + " '" + users[i].key + "'";
  }
  if (users.size() > kNamedUsers)
    error.message += " and " + std::to_string(users.size() - kNamedUsers) + " more";
  error.message += "; send force=true to do it anyway";
  return error;
}

// The ops that remove the dropped sub-features of a feature from packages.
template <typename T>
Result<std::vector<Op>> release_sub_features(const changes::WriteContext&, const T&, const T&, bool) {
  return std::vector<Op>{};
}

Result<std::vector<Op>> release_sub_features(const changes::WriteContext& context, const Feature& before,
                                             const Feature& after, bool force) {
  const auto dropped = domain::dropped_sub_features(before, after);
  const auto users = domain::users_of_sub_features(context.state(), before.id, dropped);
  if (!users.empty() && !force)
    return tl::unexpected(in_use("a sub-feature that feature '" + before.key + "' would lose", users));
  std::vector<Op> ops;
  for (const User& user : users) {
    const auto package = context.state().find<Package>(user.id);
    Package without = *package;
    for (auto& one : without.plan.features)
      if (one.feature == before.id)
        std::erase_if(*one.sub_features, [&](const std::string& key) {
          return std::find(dropped.begin(), dropped.end(), key) != dropped.end();
        });
    if (auto op = changes::update_op(*package, std::move(without), context)) ops.push_back(std::move(*op));
  }
  return ops;
}

template <typename T>
Result<changes::Draft> update(changes::WriteContext& context, Id id, const json::value& body,
                              const domain::IfMatch& if_match, bool force, bool merge) {
  std::vector<Op> of_packages;
  auto draft = edit<T>(context, id, if_match, [&](const T& before) -> Result<T> {
    const json::object was = to_json(before);
    auto changed = domain::without_unchanged(was, context.state().head().epoch,
                                             merge ? merged_members(was, body) : body);
    if (!changed) return tl::unexpected(changed.error());
    Result<T> after = patched(before, *changed);
    if (!after) return after;
    auto ops = release_sub_features(context, before, *after, force);
    if (!ops) return tl::unexpected(ops.error());
    of_packages = *std::move(ops);
    return after;
  });
  if (draft) draft->ops.insert(draft->ops.begin(), of_packages.begin(), of_packages.end());
  return draft;
}

// Removes the deleted entity from packages and clients. Features that need it keep the reference and are off.
void release_users(changes::Draft& draft, const changes::WriteContext& context,
                   const std::vector<User>& users, Kind kind, Id id) {
  const domain::Snapshot& state = context.state();
  for (const User& user : users) {
    if (user.kind == Kind::package && kind == Kind::feature) {
      const auto before = state.find<Package>(user.id);
      Package after = *before;
      std::erase_if(after.plan.features, [id](const auto& one) { return one.feature == id; });
      if (auto op = changes::update_op(*before, std::move(after), context))
        draft.ops.push_back(std::move(*op));
    } else if (user.kind == Kind::client) {
      const auto before = state.find<Client>(user.id);
      Client after = *before;
      if (kind == Kind::package) after.package_id.reset();
      if (kind == Kind::feature)
        std::erase_if(after.overrides, [id](const auto& one) { return one.feature == id; });
      if (auto op = changes::update_op(*before, std::move(after), context))
        draft.ops.push_back(std::move(*op));
    }
  }
}

template <typename T>
Result<changes::Draft> remove(changes::WriteContext& context, Id id, const domain::IfMatch& if_match,
                              bool force) {
  const auto before = changes::subject<T>(context, id, if_match);
  if (!before) return tl::unexpected(before.error());
  const auto users = domain::users_of(context.state(), T::kKind, id);
  if (!users.empty() && !force)
    return tl::unexpected(in_use(noun_of<T>() + " '" + (*before)->key + "'", users));
  changes::Draft draft{T::kKind, id, {}, {}};
  release_users(draft, context, users, T::kKind, id);
  if constexpr (std::is_same_v<T, Client>) {
    for (const auto& token : context.state().tokens_of(domain::SubjectKind::client, id))
      draft.ops.push_back(changes::delete_op(*token));
  }
  draft.ops.push_back(changes::delete_op(**before));
  return draft;
}

// Calls `use(std::type_identity<T>{})` for a kind of the catalogue.
template <typename Use>
Result<changes::Draft> with_catalogue_type(Kind kind, Use&& use) {
  return domain::with_entity_type(
      kind, [&]<typename T>(std::type_identity<T> type) -> Result<changes::Draft> {
        if constexpr (kMaxCount < T >> 0) {
          return use(type);
        } else {
          return fail(Errc::forbidden, "entities of type " + std::string(domain::to_string(kind)) +
                                           " cannot be changed by this request");
        }
      });
}

// Puts an element into a list that is ascending by feature, in the place of one of the same feature.
template <typename T>
void put_by_feature(std::vector<T>& list, const T& one) {
  std::erase_if(list, [&](const T& other) { return other.feature == one.feature; });
  const auto place =
      std::find_if(list.begin(), list.end(), [&](const T& other) { return other.feature > one.feature; });
  list.insert(place, one);
}

}  // namespace

changes::Build build_creation(Kind kind, json::value body) {
  return [kind, body = std::move(body)](changes::WriteContext& context) {
    return with_catalogue_type(kind,
                               [&]<typename T>(std::type_identity<T>) { return create<T>(context, body); });
  };
}

changes::Build build_update(Kind kind, Id id, json::value body, const domain::IfMatch& if_match, bool force,
                            bool merge) {
  return [kind, id, body = std::move(body), if_match, force, merge](changes::WriteContext& context) {
    return with_catalogue_type(kind, [&]<typename T>(std::type_identity<T>) {
      return update<T>(context, id, body, if_match, force, merge);
    });
  };
}

changes::Build build_toggle(Kind kind, Id id, std::optional<bool> on, const domain::IfMatch& if_match) {
  return [kind, id, on, if_match](changes::WriteContext& context) {
    return with_catalogue_type(kind, [&]<typename T>(std::type_identity<T>) -> Result<changes::Draft> {
      if constexpr (requires(T & entity) { switch_of(entity); }) {
        return edit<T>(context, id, if_match, [&](T after) -> Result<T> {
          bool& state = switch_of(after);
          state = on.value_or(!state);
          return after;
        });
      } else {
        return fail(Errc::invalid_argument, "a " + noun_of<T>() + " cannot be switched on and off");
      }
    });
  };
}

changes::Build build_removal(Kind kind, Id id, const domain::IfMatch& if_match, bool force) {
  return [kind, id, if_match, force](changes::WriteContext& context) {
    return with_catalogue_type(
        kind, [&]<typename T>(std::type_identity<T>) { return remove<T>(context, id, if_match, force); });
  };
}

std::vector<User> blocking_users(const domain::Snapshot& state, Kind kind, Id id, const json::value* update) {
  if (update == nullptr) return domain::users_of(state, kind, id);
  const auto before = kind == Kind::feature ? state.find<Feature>(id) : nullptr;
  if (before == nullptr) return {};
  const auto after = domain::patched(*before, *update);
  if (!after) return {};
  return domain::users_of_sub_features(state, id, domain::dropped_sub_features(*before, *after));
}

changes::Build build_sub_feature_toggle(Id feature, std::string key, std::optional<bool> on,
                                        const domain::IfMatch& if_match) {
  return [feature, key = std::move(key), on, if_match](changes::WriteContext& context) {
    return edit<Feature>(context, feature, if_match, [&](Feature after) -> Result<Feature> {
      for (auto& sub : after.sub_features) {
        if (sub.key != key) continue;
        sub.flag.enabled = on.value_or(!sub.flag.enabled);
        return after;
      }
      return fail(Errc::not_found, "feature '" + after.key + "' has no sub-feature '" + key + "'");
    });
  };
}

changes::Build build_override(Id client, Id feature, json::value body, const domain::IfMatch& if_match) {
  return [client, feature, body = std::move(body),
          if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto read = domain::read_override(body, feature);
    if (!read) return tl::unexpected(read.error());
    if (read->expires_at && *read->expires_at <= context.at())
      return fail_field("/expires_at", "must be in the future");
    const auto found = context.state().find<Feature>(feature);
    if (found == nullptr) return fail(Errc::not_found, "there is no feature " + std::to_string(feature));
    if (!read->removed && domain::evaluation::type_of(read->value) != found->flag.type)
      return fail_field("/value", "must be of type " +
                                      std::string(domain::evaluation::to_string(found->flag.type)) +
                                      ", as the variants of feature '" + found->key + "'");
    return edit<Client>(context, client, if_match, [&](Client after) -> Result<Client> {
      put_by_feature(after.overrides, *read);
      if (after.overrides.size() > domain::kMaxOverrides)
        return fail(Errc::conflict, "a client can have at most " + std::to_string(domain::kMaxOverrides) +
                                        " overrides; remove one first");
      return after;
    });
  };
}

changes::Build build_override_removal(Id client, Id feature, const domain::IfMatch& if_match) {
  return [client, feature, if_match](changes::WriteContext& context) {
    return edit<Client>(context, client, if_match, [&](Client after) -> Result<Client> {
      if (find_override(after.overrides, feature) == nullptr)
        return fail(Errc::not_found,
                    "client '" + after.key + "' has no override of feature " + std::to_string(feature));
      std::erase_if(after.overrides, [&](const auto& one) { return one.feature == feature; });
      return after;
    });
  };
}

changes::Build build_assignment(Id package, Id feature, json::value body, const domain::IfMatch& if_match) {
  return [package, feature, body = std::move(body),
          if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto read = domain::read_assignment(body, feature);
    if (!read) return tl::unexpected(read.error());
    const auto found = context.state().find<Feature>(feature);
    if (found == nullptr) return fail(Errc::not_found, "there is no feature " + std::to_string(feature));
    if (read->sub_features)
      for (const std::string& key : *read->sub_features)
        if (found->sub_feature(key) == nullptr)
          return fail_field("/sub_features", "feature '" + found->key + "' has no sub-feature '" + key + "'");
    return edit<Package>(context, package, if_match, [&](Package after) -> Result<Package> {
      put_by_feature(after.plan.features, *read);
      if (after.plan.features.size() > domain::kMaxAssignments)
        return fail(Errc::conflict, "a package can have at most " + std::to_string(domain::kMaxAssignments) +
                                        " features; remove one first");
      return after;
    });
  };
}

changes::Build build_assignment_removal(Id package, Id feature, const domain::IfMatch& if_match) {
  return [package, feature, if_match](changes::WriteContext& context) {
    return edit<Package>(context, package, if_match, [&](Package after) -> Result<Package> {
      if (std::erase_if(after.plan.features, [&](const auto& one) { return one.feature == feature; }) == 0)
        return fail(Errc::not_found,
                    "package '" + after.key + "' does not have feature " + std::to_string(feature));
      return after;
    });
  };
}

changes::Build build_opening(Id package, Id platform, const domain::IfMatch& if_match) {
  return [package, platform, if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    if (context.state().find<Platform>(platform) == nullptr)
      return fail(Errc::not_found, "there is no platform " + std::to_string(platform));
    return edit<Package>(context, package, if_match, [&](Package after) -> Result<Package> {
      auto& opened = after.plan.platforms;
      const auto place = std::lower_bound(opened.begin(), opened.end(), platform);
      if (place != opened.end() && *place == platform) return after;
      if (opened.size() == domain::kMaxOpenedPlatforms)
        return fail(Errc::conflict, "a package can name at most " +
                                        std::to_string(domain::kMaxOpenedPlatforms) +
                                        " platforms; remove one first");
      opened.insert(place, platform);
      return after;
    });
  };
}

changes::Build build_closing(Id package, Id platform, const domain::IfMatch& if_match) {
  return [package, platform, if_match](changes::WriteContext& context) {
    return edit<Package>(context, package, if_match, [&](Package after) -> Result<Package> {
      auto& opened = after.plan.platforms;
      const auto place = std::find(opened.begin(), opened.end(), platform);
      if (place == opened.end())
        return fail(Errc::not_found,
                    "package '" + after.key + "' does not name platform " + std::to_string(platform));
      if (opened.size() == 1)
        return fail(Errc::conflict, "package '" + after.key +
                                        "' names no other platform, and without any it would open all; set "
                                        "another one first, or send the list as [] to open all");
      opened.erase(place);
      return after;
    });
  };
}

}  // namespace togglecast::service
