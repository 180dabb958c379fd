// The whole state of one environment at one revision: immutable, shared by pointer. Neighbours share their
// equal parts. Only `apply` leads from one state to another: writes, the tail, undo and previews all use it.
// Thread rule: immutable; read from any thread.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/error.hpp"
#include "domain/entities/admin.hpp"
#include "domain/entities/api_key.hpp"
#include "domain/entities/client.hpp"
#include "domain/entities/environment.hpp"
#include "domain/entities/feature.hpp"
#include "domain/entities/issuer.hpp"
#include "domain/entities/package.hpp"
#include "domain/entities/platform.hpp"
#include "domain/entities/segment.hpp"
#include "domain/entities/signing_key.hpp"
#include "domain/entities/token.hpp"
#include "domain/installation/second_factor.hpp"
#include "domain/installation/settings.hpp"
#include "domain/state/change.hpp"
#include "domain/state/compiled_rules.hpp"
#include "domain/state/log_row.hpp"
#include "domain/state/persistent_map.hpp"
#include "domain/state/reference_index.hpp"

namespace togglecast::domain {

/// All entities of one type, by id and by unique key.
template <typename T>
struct Table {
  PersistentMap<Id, std::shared_ptr<const T>> by_id;
  PersistentMap<std::string, Id, std::hash<std::string>, KeyOrder> by_key;

  /// A key that differs from this one in case alone, or is the same; empty without one.
  [[nodiscard]] std::string key_like(std::string_view key) const {
    std::string found;
    by_key.for_each_from(first_in_case(key), [&](const std::string& next, Id) {
      if (same_but_for_case(next, key)) found = next;
      return false;
    });
    return found;
  }
};

/// Calls `use(std::type_identity<T>{})` with the entity type of `kind`.
template <typename Use>
auto with_entity_type(Kind kind, Use&& use) {
  switch (kind) {
    case Kind::platform:
      return use(std::type_identity<Platform>{});
    case Kind::feature:
      return use(std::type_identity<Feature>{});
    case Kind::segment:
      return use(std::type_identity<Segment>{});
    case Kind::package:
      return use(std::type_identity<Package>{});
    case Kind::client:
      return use(std::type_identity<Client>{});
    case Kind::token:
      return use(std::type_identity<TokenRecord>{});
    case Kind::admin:
      return use(std::type_identity<AdminUser>{});
    case Kind::environment:
      return use(std::type_identity<EnvironmentRecord>{});
    case Kind::api_key:
      return use(std::type_identity<ApiKey>{});
    case Kind::issuer:
      return use(std::type_identity<Issuer>{});
    case Kind::settings:
      return use(std::type_identity<InstallationSettings>{});
    case Kind::second_factor:
      return use(std::type_identity<SecondFactor>{});
    case Kind::signing_key:
      break;
  }
  return use(std::type_identity<SigningKeyRecord>{});
}

/// The unique key inside a body of this kind; empty when it has none.
[[nodiscard]] std::string_view unique_key_of(Kind kind, const json::value& body) noexcept;

class Snapshot;
using SnapshotPtr = std::shared_ptr<const Snapshot>;

class Snapshot final : public evaluation::Catalogue {
 public:
  /// An environment before its first change.
  Snapshot(std::string environment, const Head& head) : environment_(std::move(environment)), head_(head) {}
  Snapshot(const Snapshot&) = default;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() override = default;

  [[nodiscard]] const std::string& environment() const noexcept { return environment_; }
  [[nodiscard]] const Head& head() const noexcept { return head_; }
  [[nodiscard]] Revision revision() const noexcept { return head_.revision; }
  [[nodiscard]] UnixMillis as_of() const noexcept { return head_.as_of; }
  [[nodiscard]] Offset offset() const noexcept { return offset_of(head_); }

  template <typename T>
  [[nodiscard]] const Table<T>& table() const noexcept {
    return std::get<Table<T>>(tables_);
  }
  /// The entity or nullptr.
  template <typename T>
  [[nodiscard]] std::shared_ptr<const T> find(Id id) const {
    const auto* found = table<T>().by_id.find(id);
    return found == nullptr ? nullptr : *found;
  }
  /// The same, valid while the snapshot lives.
  template <typename T>
  [[nodiscard]] const T* peek(Id id) const noexcept {
    const auto* found = table<T>().by_id.find(id);
    return found == nullptr ? nullptr : found->get();
  }
  template <typename T>
  [[nodiscard]] std::shared_ptr<const T> find_by_key(std::string_view key) const {
    const Id* id = table<T>().by_key.find(key);
    return id == nullptr ? nullptr : find<T>(*id);
  }
  /// The body of an entity of any kind; null without one.
  [[nodiscard]] json::value body(Kind kind, Id id) const;

  // The input of decisions.
  [[nodiscard]] const evaluation::FeatureRules* feature(Id id) const noexcept override {
    return rules_.feature(id);
  }
  [[nodiscard]] bool platform_is_on(Id id) const noexcept override;
  [[nodiscard]] const CompiledRules& rules() const noexcept { return rules_; }
  /// The users of each entity.
  [[nodiscard]] const ReferenceIndex& links() const noexcept { return links_; }

  /// Token records of one subject, by ascending id.
  [[nodiscard]] std::vector<std::shared_ptr<const TokenRecord>> tokens_of(SubjectKind kind, Id subject) const;

  /// Bytes of memory, about, that this state holds and `other` does not: what would be free if it went and
  /// `other` stayed. The cost is about the number of edits between the two.
  [[nodiscard]] std::size_t weight_beside(const Snapshot& other) const;

 private:
  friend Result<SnapshotPtr> apply(const Snapshot& snapshot, const Change& change, const Head& next);
  using TokenOwner = std::tuple<SubjectKind, Id, Id>;  // kind, subject, token
  struct TokenOwnerHash {
    std::size_t operator()(const TokenOwner& owner) const noexcept;
  };

  template <typename T>
  Result<void> put(std::shared_ptr<const T> entity, TouchedRules& touched);
  template <typename T>
  void remove(Id id, TouchedRules& touched);
  Result<void> perform(const Op& op, TouchedRules& touched);

  std::string environment_;
  Head head_;
  std::tuple<Table<Platform>, Table<Feature>, Table<Segment>, Table<Package>, Table<Client>,
             Table<TokenRecord>, Table<AdminUser>, Table<SigningKeyRecord>, Table<EnvironmentRecord>,
             Table<ApiKey>, Table<Issuer>, Table<InstallationSettings>, Table<SecondFactor>>
      tables_;
  ReferenceIndex links_;
  CompiledRules rules_;
  PersistentMap<TokenOwner, bool, TokenOwnerHash> tokens_by_owner_;
};

/// The state after `change`, with the head `next` and all touched rules compiled. `conflict` when the change
/// was made for another state (revision or any `before`), `already_exists` when a unique key is taken,
/// `internal` when a body cannot be read.
[[nodiscard]] Result<SnapshotPtr> apply(const Snapshot& snapshot, const Change& change, const Head& next);

/// One stored entity.
struct StoredEntity {
  Kind kind = Kind::platform;
  Id id = 0;
  json::value body;
};

/// Builds the state at `head` from all its entities.
[[nodiscard]] Result<SnapshotPtr> assemble(const std::string& environment, const Head& head,
                                           std::vector<StoredEntity> entities);

/// All bodies in canonical text, for comparing states.
[[nodiscard]] std::string canonical_text(const Snapshot& snapshot);

}  // namespace togglecast::domain
