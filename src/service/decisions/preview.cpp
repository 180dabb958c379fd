#include "service/decisions/preview.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "domain/schema/fields.hpp"
#include "domain/state/consistency.hpp"
#include "service/catalogue/entity_builds.hpp"
#include "service/decisions/preview_effect.hpp"

namespace togglecast::service {
namespace {

using domain::Id;
using domain::Kind;
using domain::SnapshotPtr;

enum class Action : std::uint8_t { create, update, toggle, remove };
constexpr std::array<std::pair<std::string_view, Action>, 4> kActions{{{"create", Action::create},
                                                                       {"update", Action::update},
                                                                       {"toggle", Action::toggle},
                                                                       {"delete", Action::remove}}};
constexpr std::array kPreviewed{Kind::platform, Kind::feature, Kind::segment, Kind::package, Kind::client};

// Provides ids for created entities. A preview needs nothing else from a transaction.
class ScratchTransaction final : public storage::WriteTransaction {
 public:
  explicit ScratchTransaction(const domain::Head& head) : head_(head) {}
  [[nodiscard]] const domain::Head& head() const noexcept override { return head_; }
  [[nodiscard]] Result<Id> last_id(Kind kind) override {
    return kFirstPreviewedId - 1 + created_[kind]++;  // called once for each creation
  }
  [[nodiscard]] Result<std::optional<storage::RememberedOutcome>> remembered(const storage::IdempotencyKey&,
                                                                             UnixMillis) override {
    return std::nullopt;
  }
  [[nodiscard]] Result<domain::LogRow> row(domain::Revision) override { return nothing_is_stored(); }
  [[nodiscard]] Result<domain::Revision> last_touched(Kind, Id, domain::Revision) override { return 0; }
  [[nodiscard]] Result<domain::Revision> first_touched(Kind, Id, domain::Revision) override { return 0; }
  [[nodiscard]] Result<storage::AssetUsage> asset_usage() override { return storage::AssetUsage{}; }
  [[nodiscard]] Result<bool> has_asset(const std::string&) override { return true; }
  [[nodiscard]] Result<bool> has_bytes(const std::string&) override { return true; }
  [[nodiscard]] Result<void> add(const storage::Commit&) override { return nothing_is_stored(); }
  [[nodiscard]] Result<void> commit(const storage::Commit&) override { return nothing_is_stored(); }

 private:
  static tl::unexpected<Error> nothing_is_stored() {
    return fail(Errc::internal, "a preview stores nothing");
  }

  domain::Head head_;
  std::map<Kind, Id> created_;
};

struct Asked {
  Kind kind = Kind::platform;
  Action action = Action::create;
  domain::Id id = 0;
  const json::value* data = nullptr;
  changes::Build build;
};

std::optional<Kind> read_kind(domain::FieldReader& in) {
  const auto name = in.line("entity_type", domain::kMaxName);
  if (!name) return std::nullopt;
  const auto kind = domain::parse_kind(*name);
  if (kind && std::find(kPreviewed.begin(), kPreviewed.end(), *kind) != kPreviewed.end()) return kind;
  in.refuse("entity_type", "must be platform, feature, segment, package or client");
  return std::nullopt;
}

std::optional<Action> read_action(domain::FieldReader& in) {
  const auto name = in.line("action", domain::kMaxName);
  if (!name) return std::nullopt;
  for (const auto& [known, action] : kActions)
    if (known == *name) return action;
  in.refuse("action", "must be create, update, toggle or delete");
  return std::nullopt;
}

Result<changes::Build> toggle(Kind kind, Id id, const json::value* data) {
  std::optional<bool> on;
  const std::string_view switched = domain::switch_of(kind);
  if (data != nullptr && !switched.empty()) {
    domain::FieldReader in(*data);
    on = in.boolean(switched);
    if (auto ok = in.finish(); !ok) return tl::unexpected(domain::within("/data", ok.error()));
  }
  return build_toggle(kind, id, on, {});
}

Result<Asked> read_change(const json::value& body) {
  domain::FieldReader in(body);
  const auto kind = read_kind(in);
  const auto action = read_action(in);
  const auto id = in.id("entity_id");
  const json::value* data = in.any("data");
  const bool force = in.boolean("force").value_or(false);
  in.require({"entity_type", "action"});
  if (action == Action::create) {
    in.deny({"entity_id"}, "must be absent: a new entity has no id yet");
  } else {
    in.require({"entity_id"});
  }
  if (action == Action::create || action == Action::update) in.require({"data"});
  if (action == Action::remove) in.deny({"data"}, "must be absent: a deletion takes no data");
  if (action == Action::toggle && kind == Kind::segment)
    in.refuse("action", "must not be toggle: a segment has no switch");
  if (action && action != Action::remove && !(action == Action::update && kind == Kind::feature))
    in.deny({"force"}, "must be absent: only deletions and updates of features take it");
  if (auto ok = in.finish(); !ok) return tl::unexpected(ok.error());
  Asked asked{*kind, *action, id.value_or(0), data, {}};
  switch (*action) {
    case Action::create:
      asked.build = build_creation(*kind, *data);
      break;
    case Action::update:
      asked.build = build_update(*kind, *id, *data, {}, force);
      break;
    case Action::toggle: {
      auto build = toggle(*kind, *id, data);
      if (!build) return tl::unexpected(build.error());
      asked.build = std::move(*build);
      break;
    }
    case Action::remove:
      asked.build = build_removal(*kind, *id, {}, force);
      break;
  }
  return asked;
}

std::string place_of(std::string_view member, std::size_t index) {
  return '/' + std::string(member) + '/' + std::to_string(index);
}

Result<std::vector<Asked>> read_changes(std::string_view member, const json::value& body) {
  domain::FieldReader in(body);
  in.require({member});
  const auto* elements = in.array(member, kMaxPreviewedChanges);
  if (elements != nullptr && elements->empty()) in.refuse(member, "must name at least one change");
  if (auto ok = in.finish(); !ok) return tl::unexpected(ok.error());
  std::vector<Asked> changes;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    auto read = read_change((*elements)[i]);
    if (!read) return tl::unexpected(domain::within(place_of(member, i), read.error()));
    changes.push_back(std::move(*read));
  }
  return changes;
}

// The scratch copy; applies one change after another.
class Scratch {
 public:
  explicit Scratch(SnapshotPtr state) : state_(std::move(state)), ids_(state_->head()) {}

  Result<json::object> make(const Asked& asked) {
    changes::WriteContext context(*state_, state_->as_of(), ids_);
    const auto draft = asked.build(context);
    if (!draft) return tl::unexpected(draft.error());
    const domain::Change change{state_->revision(), draft->ops};
    domain::Head head = state_->head();
    head.revision += draft->ops.empty() ? 0 : 1;
    auto after = domain::apply(*state_, change, head);
    if (!after) return tl::unexpected(after.error());
    if (auto ok = domain::check_consistent(*state_, **after, change); !ok) return tl::unexpected(ok.error());
    ops_.insert(ops_.end(), draft->ops.begin(), draft->ops.end());
    json::value body = (*after)->body(asked.kind, draft->id);
    if (body.is_null()) body = state_->body(asked.kind, draft->id);
    state_ = *std::move(after);
    return json::object{{"entity_type", domain::to_string(asked.kind)},
                        {"entity_id", draft->id},
                        {"key", std::string(domain::unique_key_of(asked.kind, body))},
                        {"touches", draft->ops.size()}};
  }

  // The entities whose use blocks a refused change.
  std::vector<domain::User> users_blocking(const Asked& asked) const {
    if (asked.action == Action::remove) return blocking_users(*state_, asked.kind, asked.id, nullptr);
    if (asked.action == Action::update) return blocking_users(*state_, asked.kind, asked.id, asked.data);
    return {};
  }

  [[nodiscard]] const SnapshotPtr& state() const noexcept { return state_; }
  [[nodiscard]] const std::vector<domain::Op>& ops() const noexcept { return ops_; }

 private:
  SnapshotPtr state_;
  ScratchTransaction ids_;
  std::vector<domain::Op> ops_;
};

std::string_view name_of(Action action) noexcept {
  return kActions.at(static_cast<std::size_t>(action)).first;
}

}  // namespace

tl::expected<Draft, PreviewError> make_draft(const domain::Snapshot& state, UnixMillis at,
                                             std::string_view member, const json::value& body) {
  const auto refused = [](Error error, std::vector<domain::User> users = {}) {
    return tl::unexpected(PreviewError{std::move(error), std::move(users)});
  };
  const auto changes = read_changes(member, body);
  if (!changes) return refused(changes.error());
  domain::Head head = state.head();
  head.as_of = std::max(head.as_of, at);
  const auto before = domain::apply(state, {state.revision(), {}}, head);
  if (!before) return refused(before.error());
  Scratch scratch(*before);
  json::array made;
  for (std::size_t i = 0; i < changes->size(); ++i) {
    const Asked& asked = (*changes)[i];
    auto done = scratch.make(asked);
    if (!done) {
      Error error = done.error();
      std::string origin = place_of(member, i);
      if (error.details.empty()) {
        error.details.push_back({"", error.message});
      } else {
        origin += "/data";
      }
      auto users = error.code == Errc::conflict ? scratch.users_blocking(asked) : std::vector<domain::User>{};
      return refused(domain::within(origin, std::move(error)), std::move(users));
    }
    (*done)["action"] = name_of(asked.action);
    made.push_back(std::move(*done));
  }
  return Draft{*before, scratch.state(), scratch.ops(), std::move(made)};
}

tl::expected<json::object, PreviewError> preview(const domain::Snapshot& state, UnixMillis at,
                                                 const json::value& body) {
  auto draft = make_draft(state, at, "changes", body);
  if (!draft) return tl::unexpected(std::move(draft.error()));
  json::object out = effect_of(*draft->before, *draft->after, {state.revision(), draft->ops});
  out["revision"] = state.revision();
  out["at"] = to_iso8601(draft->before->as_of());
  out["changes"] = std::move(draft->changes);
  return out;
}

}  // namespace togglecast::service
