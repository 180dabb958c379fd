// Entities of the catalogue: create, list, read, update, toggle, delete. There is one service per type.
// Thread rule: any thread. A read returns at once, from the current snapshot. A write answers through `done`
// (committer.hpp).
// Errors: `forbidden`, `not_found`, `invalid_argument` with every wrong field, `already_exists`, `conflict`
// (another revision changed the entity, or others use it).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "service/accounts/principal.hpp"
#include "service/accounts/submit_write.hpp"
#include "service/catalogue/entity_builds.hpp"
#include "service/listing/listing.hpp"

namespace togglecast::service {

/// The right that a change to entities of this kind needs.
[[nodiscard]] auth::Action write_action(domain::Kind kind) noexcept;

template <typename T>
class EntityService {
 public:
  EntityService(changes::Committer& committer, const changes::ReadModel& model)
      : committer_(committer), model_(model) {}

  [[nodiscard]] Result<Page<T>> list(const Principal& who, const PageQuery& query) const {
    if (auto allowed = require(who, auth::Action::read_catalogue); !allowed)
      return tl::unexpected(allowed.error());
    return page_of<T>(model_.current(who.environment), query);
  }

  [[nodiscard]] Result<std::shared_ptr<const T>> find(const Principal& who, domain::Id id) const {
    if (auto allowed = require(who, auth::Action::read_catalogue); !allowed)
      return tl::unexpected(allowed.error());
    auto found = model_.current(who.environment)->template find<T>(id);
    if (found == nullptr) return fail(Errc::not_found, "there is no " + name(id));
    return found;
  }

  /// `body` needs `key` and `name`; everything else has a default.
  void create(const Principal& who, const json::value& body, const WriteOptions& options,
              changes::Done done) {
    write(who, options, "create", 0, body, build_creation(T::kKind, body), std::move(done));
  }
  /// Sets the members that `body` names; an object or array replaces the stored one completely. With
  /// `options.merge` objects are merged instead. `conflict` when a feature drops sub-features that packages
  /// chose, unless `options.force`.
  void update(const Principal& who, domain::Id id, const json::value& body, const WriteOptions& options,
              changes::Done done) {
    std::string verb = options.merge ? "merge" : "update";
    if (options.force) verb += " by force";
    write(who, options, verb, id, body,
          build_update(T::kKind, id, body, options.if_match, options.force, options.merge), std::move(done));
  }
  /// Sets the switch to `on`; without a value, to the opposite.
  void toggle(const Principal& who, domain::Id id, std::optional<bool> on, const WriteOptions& options,
              changes::Done done) {
    const json::value body = on ? json::value(*on) : json::value(nullptr);
    write(who, options, "toggle", id, body, build_toggle(T::kKind, id, on, options.if_match),
          std::move(done));
  }
  /// `conflict` when others use the entity, unless `options.force`.
  void remove(const Principal& who, domain::Id id, const WriteOptions& options, changes::Done done) {
    write(who, options, options.force ? "delete by force" : "delete", id, nullptr,
          build_removal(T::kKind, id, options.if_match, options.force), std::move(done));
  }

 protected:
  void write(const Principal& who, const WriteOptions& options, std::string_view verb, domain::Id id,
             const json::value& body, changes::Build build, changes::Done done) {
    submit_write(committer_, who, write_action(T::kKind), options, std::string(verb) + ' ' + name(id), body,
                 std::move(build), std::move(done));
  }

 private:
  [[nodiscard]] static std::string name(domain::Id id) {
    return std::string(domain::to_string(T::kKind)) + ' ' + std::to_string(id);
  }

  changes::Committer& committer_;
  const changes::ReadModel& model_;
};

using PlatformService = EntityService<domain::Platform>;
using SegmentService = EntityService<domain::Segment>;

class PackageService : public EntityService<domain::Package> {
 public:
  using EntityService::EntityService;
  /// `body`: `{limit?, sub_features?}`. Replaces the package's assignment of this feature.
  void assign(const Principal& who, domain::Id package, domain::Id feature, const json::value& body,
              const WriteOptions& options, changes::Done done);
  void unassign(const Principal& who, domain::Id package, domain::Id feature, const WriteOptions& options,
                changes::Done done);
  /// Adds a platform to those that the package opens.
  void open_platform(const Principal& who, domain::Id package, domain::Id platform,
                     const WriteOptions& options, changes::Done done);
  void close_platform(const Principal& who, domain::Id package, domain::Id platform,
                      const WriteOptions& options, changes::Done done);
};

class FeatureService : public EntityService<domain::Feature> {
 public:
  using EntityService::EntityService;
  void toggle_sub_feature(const Principal& who, domain::Id feature, const std::string& key,
                          std::optional<bool> on, const WriteOptions& options, changes::Done done);
};

/// The change that deletes a client also withdraws its tokens.
class ClientService : public EntityService<domain::Client> {
 public:
  using EntityService::EntityService;
  /// `body`: `{value | removed: true, reason?, expires_at?}`. Replaces the client's override of this feature.
  void set_override(const Principal& who, domain::Id client, domain::Id feature, const json::value& body,
                    const WriteOptions& options, changes::Done done);
  void remove_override(const Principal& who, domain::Id client, domain::Id feature,
                       const WriteOptions& options, changes::Done done);
};

}  // namespace togglecast::service
