#include "domain/state/snapshot.hpp"

#include "domain/entities/weight.hpp"
#include "domain/schema/weight.hpp"

namespace togglecast::domain {
namespace {

std::string name_of(const Op& op) { return std::string(to_string(op.entity)) + ' ' + std::to_string(op.id); }

// Bodies gain members with versions of this program: one that was written by an older one reads the same.
bool is_same(const json::value& body, const Op& op) {
  if (json::canonical(body) == json::canonical(op.before)) return true;
  if (body.is_null() || op.before.is_null()) return false;
  return with_entity_type(op.entity, [&]<typename T>(std::type_identity<T>) {
    const auto before = T::from_json(op.before);
    return before && json::canonical(body) == json::canonical(to_json(*before));
  });
}

// Rules to compile again.
template <typename T>
void note(TouchedRules& touched, const T& entity) {
  if constexpr (std::is_same_v<T, Feature>) touched.features.insert(entity.id);
  if constexpr (std::is_same_v<T, Segment>) touched.segments.insert(entity.key);
}

template <typename T>
constexpr bool kLinked =
    std::is_same_v<T, Platform> || std::is_same_v<T, Feature> || std::is_same_v<T, Segment> ||
    std::is_same_v<T, Package> || std::is_same_v<T, Client>;

}  // namespace

std::string_view unique_key_of(Kind kind, const json::value& body) noexcept {
  return with_entity_type(
      kind, [&]<typename T>(std::type_identity<T>) { return json::string_or_empty(body, T::kKeyMember); });
}

std::size_t Snapshot::TokenOwnerHash::operator()(const TokenOwner& owner) const noexcept {
  const auto& [kind, subject, token] = owner;
  return static_cast<std::size_t>(kind) + static_cast<std::size_t>(subject) * 0x100000001b3ULL +
         static_cast<std::size_t>(token) * 0xff51afd7ed558ccdULL;
}

json::value Snapshot::body(Kind kind, Id id) const {
  return with_entity_type(kind, [&]<typename T>(std::type_identity<T>) -> json::value {
    const T* entity = peek<T>(id);
    if (entity == nullptr) return nullptr;
    return to_json(*entity);
  });
}

std::vector<std::shared_ptr<const TokenRecord>> Snapshot::tokens_of(SubjectKind kind, Id subject) const {
  std::vector<std::shared_ptr<const TokenRecord>> tokens;
  tokens_by_owner_.for_each_from(TokenOwner{kind, subject, 0}, [&](const TokenOwner& owner, bool) {
    const auto& [owner_kind, owner_id, token] = owner;
    if (owner_kind != kind || owner_id != subject) return false;
    tokens.push_back(find<TokenRecord>(token));
    return true;
  });
  return tokens;
}

bool Snapshot::platform_is_on(Id id) const noexcept {
  const Platform* platform = peek<Platform>(id);
  return platform != nullptr && platform->enabled;
}

template <typename T>
Result<void> Snapshot::put(std::shared_ptr<const T> entity, TouchedRules& touched) {
  auto& table = std::get<Table<T>>(tables_);
  const std::string& key = entity->unique_key();
  if (const Id* holder = table.by_key.find(key); holder != nullptr && *holder != entity->id) {
    return fail(Errc::already_exists,
                "there is already a " + std::string(to_string(T::kKind)) + " '" + key + "'");
  }
  auto before = find<T>(entity->id);
  if (before != nullptr && before->unique_key() != key) {
    remove<T>(entity->id, touched);
    before = nullptr;
  }
  note(touched, *entity);
  if constexpr (kLinked<T>) links_.update<T>(before.get(), entity.get());
  if constexpr (std::is_same_v<T, TokenRecord>) {
    const TokenOwner owner{entity->subject_kind, entity->subject_id, entity->id};
    if (tokens_by_owner_.find(owner) == nullptr) tokens_by_owner_ = tokens_by_owner_.insert(owner, true);
  }
  if (table.by_key.find(key) == nullptr) table.by_key = table.by_key.insert(key, entity->id);
  const Id id = entity->id;
  table.by_id = table.by_id.insert(id, std::move(entity));
  return {};
}

template <typename T>
void Snapshot::remove(Id id, TouchedRules& touched) {
  auto& table = std::get<Table<T>>(tables_);
  const auto entity = find<T>(id);
  if (entity == nullptr) return;
  if constexpr (std::is_same_v<T, TokenRecord>)
    tokens_by_owner_ = tokens_by_owner_.erase(TokenOwner{entity->subject_kind, entity->subject_id, id});
  note(touched, *entity);
  if constexpr (kLinked<T>) links_.update<T>(entity.get(), nullptr);
  table.by_key = table.by_key.erase(entity->unique_key());
  table.by_id = table.by_id.erase(id);
}

Result<void> Snapshot::perform(const Op& op, TouchedRules& touched) {
  if (is_time_boundary(op)) {
    const bool exists = with_entity_type(
        op.entity, [&]<typename T>(std::type_identity<T>) { return peek<T>(op.id) != nullptr; });
    if (!exists)
      return fail(Errc::conflict, name_of(op) + ", whose rules have reached a time, does not exist");
    return {};
  }
  if (!is_same(body(op.entity, op.id), op))
    return fail(Errc::conflict, name_of(op) + " is not what this change was made for");
  return with_entity_type(op.entity, [&]<typename T>(std::type_identity<T>) -> Result<void> {
    if (op.after.is_null()) {
      remove<T>(op.id, touched);
      return {};
    }
    auto entity = T::from_json(op.after);
    if (!entity) return tl::unexpected(entity.error());
    if (entity->id != op.id) return fail(Errc::internal, name_of(op) + " carries another id");
    return put<T>(std::make_shared<const T>(std::move(*entity)), touched);
  });
}

Result<SnapshotPtr> apply(const Snapshot& snapshot, const Change& change, const Head& next) {
  if (change.base_revision != snapshot.revision()) {
    return fail(Errc::conflict, "the change was made for revision " + std::to_string(change.base_revision) +
                                    ", the state is at " + std::to_string(snapshot.revision()));
  }
  auto after = std::make_shared<Snapshot>(snapshot);
  TouchedRules touched;
  for (const Op& op : change.ops)
    if (auto done = after->perform(op, touched); !done) return tl::unexpected(done.error());
  after->rules_.update(*after, std::move(touched), after->links_);
  after->head_ = next;
  return after;
}

Result<SnapshotPtr> assemble(const std::string& environment, const Head& head,
                             std::vector<StoredEntity> entities) {
  Change change;
  change.ops.reserve(entities.size());
  for (StoredEntity& entity : entities)
    change.ops.push_back({entity.kind, entity.id, nullptr, std::move(entity.body)});
  return apply(Snapshot(environment, Head{}), change, head);
}

std::size_t Snapshot::weight_beside(const Snapshot& other) const {
  const auto nothing = [](const auto&...) -> std::size_t { return 0; };
  const auto text = [](const std::string& key) { return heap_weight(key); };
  const auto entity = [](const auto& own, const auto*) { return weight(*own); };
  std::size_t bytes =
      sizeof(Snapshot) + 2 * kHeapBlock + links_.weight_beside(other.links_) +
      rules_.weight_beside(other.rules_) +
      decltype(tokens_by_owner_)::weight_beside(tokens_by_owner_, other.tokens_by_owner_, nothing, nothing);
  for (const Kind kind : kAllKinds) {
    with_entity_type(kind, [&]<typename T>(std::type_identity<T>) {
      const Table<T>& own = table<T>();
      const Table<T>& others = other.table<T>();
      bytes += decltype(own.by_id)::weight_beside(own.by_id, others.by_id, nothing, entity) +
               decltype(own.by_key)::weight_beside(own.by_key, others.by_key, text, nothing);
    });
  }
  return bytes;
}

std::string canonical_text(const Snapshot& snapshot) {
  json::object out;
  for (const Kind kind : kAllKinds) {
    json::array bodies;
    with_entity_type(kind, [&]<typename T>(std::type_identity<T>) {
      snapshot.table<T>().by_id.for_each([&](Id, const auto& entity) { bodies.push_back(to_json(*entity)); });
    });
    out[to_string(kind)] = std::move(bodies);
  }
  return json::canonical(out);
}

}  // namespace togglecast::domain
