#include "service/history/undo.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "changes/ops.hpp"
#include "domain/state/consistency.hpp"
#include "domain/state/op_type.hpp"
#include "service/catalogue/entity_service.hpp"
#include "service/history/activity_words.hpp"

namespace togglecast::service {
namespace {

using domain::Kind;
using domain::Op;

bool same(const json::value& a, const json::value& b) { return json::canonical(a) == json::canonical(b); }

json::value copy_of_member(const json::value& body, std::string_view name) {
  const json::value* found = json::find(body, name);
  return found == nullptr ? json::value(nullptr) : *found;
}

// The member that names the elements of a list; empty for lists without named elements.
std::string_view naming_member(std::string_view list) {
  if (list == "overrides" || list == "features") return "feature_id";
  return list == "sub_features" ? "key" : "";
}

// The elements of a list by their names.
using Elements = std::map<std::string, const json::value*>;

std::string name_in(const json::value& element, std::string_view naming) {
  return json::canonical(copy_of_member(element, naming));
}

Elements elements_of(const json::array& list, std::string_view naming) {
  Elements elements;
  for (const json::value& one : list) elements.emplace(name_in(one, naming), &one);
  return elements;
}

const json::value* find(const Elements& elements, const std::string& name) {
  const auto found = elements.find(name);
  return found == elements.end() ? nullptr : found->second;
}

bool same(const json::value* a, const json::value* b) {
  return a == nullptr || b == nullptr ? a == b : same(*a, *b);
}

// As `reverted`, for a list of named elements.
std::optional<json::array> list_reverted(const json::array& before, const json::array& after,
                                         const json::array& present, std::string_view naming) {
  const Elements old_ones = elements_of(before, naming);
  const Elements new_ones = elements_of(after, naming);
  const Elements present_ones = elements_of(present, naming);
  json::array out;
  // Adds the reverted element to `out`; false when a later change touched it.
  const auto revert = [&](const std::string& name, const json::value* is) {
    const json::value* was = find(old_ones, name);
    const json::value* became = find(new_ones, name);
    const bool is_touched = !same(was, became);
    if (is_touched && !same(is, became) && !same(is, was)) return false;
    if (const json::value* one = is_touched ? was : is) out.push_back(*one);
    return true;
  };
  for (const json::value& one : present)
    if (!revert(name_in(one, naming), &one)) return std::nullopt;
  for (const json::array* list : {&before, &after})
    for (const json::value& one : *list)
      if (const std::string name = name_in(one, naming);
          !present_ones.contains(name) && !revert(name, nullptr))
        return std::nullopt;
  if (naming == "feature_id")
    std::stable_sort(out.begin(), out.end(), [naming](const json::value& a, const json::value& b) {
      const auto left = domain::integer_in(copy_of_member(a, naming));
      const auto right = domain::integer_in(copy_of_member(b, naming));
      return left && right && *left < *right;
    });
  return out;
}

const json::object& object_or_empty(const json::value& value) {
  static const json::object kEmpty;
  const auto* object = value.if_object();
  return object == nullptr ? kEmpty : *object;
}

// As `reverted`, for an object whose members are each on their own: a later change of another one stays.
std::optional<json::object> members_reverted(const json::object& before, const json::object& after,
                                             const json::object& present) {
  json::object out = present;
  for (const json::object* side : {&before, &after}) {
    for (const auto& member : *side) {
      const json::value* was = before.if_contains(member.key());
      const json::value* became = after.if_contains(member.key());
      const json::value* is = present.if_contains(member.key());
      if (same(was, became) || same(is, was)) continue;
      if (!same(is, became)) return std::nullopt;
      if (was == nullptr) {
        out.erase(member.key());
      } else {
        out[member.key()] = *was;
      }
    }
  }
  return out;
}

// Whether a forced deletion took the entity away from packages and clients.
bool is_gone(const domain::Snapshot& state, Kind kind, const json::value& named) {
  const auto id = domain::integer_in(named);
  if (!id) return false;
  return kind == Kind::package ? state.peek<domain::Package>(*id) == nullptr
                               : state.peek<domain::Feature>(*id) == nullptr;
}

// Drops elements of a list that name a feature which is gone, if `is_dropped(element)`.
template <typename IsDropped>
void drop_gone(json::value& body, std::string_view list, const domain::Snapshot& state,
               IsDropped is_dropped) {
  auto* elements = body.is_object() ? body.get_object().if_contains(list) : nullptr;
  if (elements == nullptr || !elements->is_array()) return;
  json::array kept;
  for (json::value& one : elements->get_array())
    if (!is_gone(state, Kind::feature, copy_of_member(one, "feature_id")) || !is_dropped(one))
      kept.push_back(std::move(one));
  *elements = std::move(kept);
}

// The two sides of a change, as they would be had the forced deletions come first that took features away
// from packages and clients, and packages from clients. So those count neither as later changes of the same,
// nor as a part of the change. A part of the change that names what is gone stays in `before`.
struct Sides {
  json::value before, after;
};
Sides sides_without_gone(const Op& op, const domain::Snapshot& state) {
  Sides sides{op.before, op.after};
  if (op.entity != Kind::package && op.entity != Kind::client) return sides;
  const std::string_view list = op.entity == Kind::package ? "features" : "overrides";
  const json::value was = copy_of_member(op.before, list);
  const json::value became = copy_of_member(op.after, list);
  const Elements old_ones = was.is_array() ? elements_of(was.get_array(), "feature_id") : Elements{};
  const Elements new_ones = became.is_array() ? elements_of(became.get_array(), "feature_id") : Elements{};
  if (op.after.is_object()) {
    drop_gone(sides.before, list, state, [&](const json::value& one) {
      const std::string name = name_in(one, "feature_id");
      return same(find(old_ones, name), find(new_ones, name));
    });
  }
  drop_gone(sides.after, list, state, [](const json::value&) { return true; });
  if (sides.after.is_object() && is_gone(state, Kind::package, copy_of_member(sides.after, "package_id")))
    sides.after.get_object()["package_id"] = nullptr;
  return sides;
}

bool carries_secrets(Kind kind) {
  return kind == Kind::token || kind == Kind::admin || kind == Kind::signing_key || kind == Kind::api_key ||
         kind == Kind::second_factor;
}

// Expired overrides would be removed again at once.
void drop_ended_overrides(json::value& body, UnixMillis now) {
  auto* overrides = body.is_object() ? body.get_object().if_contains("overrides") : nullptr;
  if (overrides == nullptr || !overrides->is_array()) return;
  auto& list = overrides->get_array();
  for (std::size_t i = list.size(); i > 0; --i) {
    const auto until = parse_iso8601(json::string_or_empty(list[i - 1], "expires_at"));
    if (until && *until <= now) list.erase(list.begin() + static_cast<std::ptrdiff_t>(i - 1));
  }
}

void stamp(json::value& body, const changes::WriteContext& context) {
  if (!body.is_object()) return;
  body.get_object()["revision"] = context.revision();
  body.get_object()["updated_at"] = to_iso8601(context.at());
}

std::string name_of(const Op& op) {
  const json::value& body = op.after.is_null() ? op.before : op.after;
  const std::string_view name = json::string_or_empty(body, "name");
  return std::string(noun(op.entity)) + ' ' + std::to_string(op.id) + " (" +
         std::string(name.empty() ? domain::unique_key_of(op.entity, body) : name) + ")";
}

std::string pointer_to(std::size_t index) { return "/changes/" + std::to_string(index); }

Result<FieldIssue> obstacle(const Op& op, std::size_t index, const json::value& present,
                            changes::WriteContext& context) {
  std::string_view event = "was changed";
  if (present.is_null()) event = "was deleted";
  if (op.after.is_null() && !present.is_null()) event = "was restored";
  std::string by = json::serialize(copy_of_member(present, "revision"));
  if (present.is_null()) {
    const auto touched = context.last_touched(op.entity, op.id);
    if (!touched) return tl::unexpected(touched.error());
    by = std::to_string(*touched);
  }
  return FieldIssue{pointer_to(index), name_of(op) + ' ' + std::string(event) + " by revision " + by};
}

// The undo of `op` deletes an entity. These entities have begun to use it since `revision`, and the undo does
// not change them.
std::vector<FieldIssue> users_since(const Op& op, std::size_t index, const std::vector<const Op*>& ops,
                                    const domain::Snapshot& state, domain::Revision revision) {
  std::vector<FieldIssue> issues;
  for (const domain::User& user : domain::users_of(state, op.entity, op.id)) {
    const bool also_undone = std::any_of(ops.begin(), ops.end(), [&](const Op* other) {
      return other->entity == user.kind && other->id == user.id;
    });
    const json::value body = state.body(user.kind, user.id);
    const json::value touched = copy_of_member(body, "revision");
    if (also_undone || domain::integer_in(touched).value_or(0) < revision) continue;
    issues.push_back({pointer_to(index), name_of(op) + " is used by " + std::string(noun(user.kind)) + ' ' +
                                             std::to_string(user.id) + " (" + user.name + ") of revision " +
                                             json::serialize(touched)});
  }
  return issues;
}

Error blocked(std::vector<FieldIssue> issues) {
  constexpr std::size_t kNamedIssues = 5;
  Error error{Errc::conflict, "this cannot be undone: ", {}};
  for (std::size_t i = 0; i < std::min(issues.size(), kNamedIssues); ++i)
    error.message.append(i == 0 ? "" : "; ").append(issues[i].reason);
  if (issues.size() > kNamedIssues)
    error.message += "; and " + std::to_string(issues.size() - kNamedIssues) + " more";
  error.details = std::move(issues);
  return error;
}

Result<std::vector<Op>> inverse_ops(const std::vector<const Op*>& ops, changes::WriteContext& context,
                                    domain::Revision revision) {
  std::vector<Op> inverse;
  std::vector<FieldIssue> issues;
  std::vector<FieldIssue> settled;  // all is back as it was before
  for (std::size_t i = ops.size(); i > 0; --i) {
    const Op& op = *ops[i - 1];
    const json::value present = context.state().body(op.entity, op.id);
    const Sides sides = sides_without_gone(op, context.state());
    auto body = reverted(sides.before, sides.after, present);
    if (!body) {
      auto issue = obstacle(op, i - 1, present, context);
      if (!issue) return tl::unexpected(issue.error());
      issues.push_back(std::move(*issue));
      continue;
    }
    if (body->is_null() && !present.is_null()) {
      for (FieldIssue& issue : users_since(op, i - 1, ops, context.state(), revision))
        issues.push_back(std::move(issue));
      if (op.entity == Kind::client)
        for (const auto& token : context.state().tokens_of(domain::SubjectKind::client, op.id))
          inverse.push_back(changes::delete_op(*token));
    }
    const bool is_back = same(*body, present);
    drop_ended_overrides(*body, context.at());
    if (is_back) {
      auto issue = obstacle(op, i - 1, present, context);
      if (!issue) return tl::unexpected(issue.error());
      settled.push_back(std::move(*issue));
    }
    if (is_back || same(*body, present)) continue;
    stamp(*body, context);
    inverse.push_back({op.entity, op.id, present, std::move(*body)});
  }
  if (inverse.empty() && issues.empty()) issues = std::move(settled);
  if (!issues.empty()) return tl::unexpected(blocked(std::move(issues)));
  return inverse;
}

// The kind of entity whose id stands at this place of a body.
std::optional<Kind> kind_at(std::string_view pointer) {
  if (pointer.starts_with("/platforms/")) return Kind::platform;
  if (pointer == "/package_id") return Kind::package;
  for (const std::string_view list : {"/requires/", "/features/", "/overrides/"})
    if (pointer.starts_with(list)) return Kind::feature;
  return std::nullopt;
}

// ` (Web), which revision 7 deleted`, when a deleted entity is named at this place of `body`.
std::string deletion_at(const json::value& body, const std::string& pointer, changes::WriteContext& context) {
  const auto kind = kind_at(pointer);
  boost::system::error_code error;
  const json::value* named = kind ? body.find_pointer(pointer, error) : nullptr;
  const auto id = named == nullptr ? std::nullopt : domain::integer_in(*named);
  if (!id || !context.state().body(*kind, *id).is_null()) return {};
  const auto touched = context.last_touched(*kind, *id);
  if (!touched || *touched == 0) return {};
  const auto row = context.row(*touched);
  if (!row) return {};
  for (const Op& op : row->change.ops)
    if (op.entity == *kind && op.id == *id)
      return " (" + std::string(json::string_or_empty(op.before, "name")) + "), which revision " +
             std::to_string(*touched) + " deleted";
  return {};
}

// Checks the consistency rules on the outcome. Errors point into the change that is undone, because the
// caller never sent the resulting bodies.
Result<void> check_outcome(const std::vector<Op>& inverse, const std::vector<const Op*>& ops,
                           changes::WriteContext& context) {
  const domain::Snapshot& state = context.state();
  domain::Head head = state.head();
  ++head.revision;
  const auto after = domain::apply(state, {state.revision(), inverse}, head);
  if (!after) return tl::unexpected(after.error());
  std::vector<FieldIssue> issues;
  for (const Op& op : inverse) {
    const auto ok = domain::check_consistent(state, **after, {state.revision(), {op}});
    if (ok) continue;
    const auto undone = std::find_if(ops.begin(), ops.end(), [&](const Op* other) {
      return other->entity == op.entity && other->id == op.id;
    });
    for (const FieldIssue& issue : ok.error().details)
      issues.push_back({pointer_to(static_cast<std::size_t>(undone - ops.begin())),
                        name_of(op) + " cannot be restored: " + issue.pointer + ' ' + issue.reason +
                            deletion_at(op.after, issue.pointer, context)});
  }
  if (!issues.empty()) return tl::unexpected(blocked(std::move(issues)));
  return {};
}

}  // namespace

std::optional<json::value> reverted(const json::value& before, const json::value& after,
                                    const json::value& present) {
  if (!before.is_object() || !after.is_object() || !present.is_object()) {
    const bool both = after.is_object() && present.is_object();
    const bool is_as_left = both ? domain::changed_members(after.get_object(), present.get_object()).empty()
                                 : same(after, present);
    if (!is_as_left) return std::nullopt;
    return before;
  }
  json::value out = present;
  for (const std::string& name : domain::changed_members(before.get_object(), after.get_object())) {
    const json::value was = copy_of_member(before, name);
    const json::value became = copy_of_member(after, name);
    const json::value is = copy_of_member(present, name);
    if (same(is, was)) continue;
    if (name == domain::kAssets) {
      auto assets = members_reverted(object_or_empty(was), object_or_empty(became), object_or_empty(is));
      if (!assets) return std::nullopt;
      out.get_object().erase(name);
      if (!assets->empty()) out.get_object()[name] = std::move(*assets);
      continue;
    }
    if (same(is, became)) {
      out.get_object()[name] = was;
      continue;
    }
    const std::string_view naming = naming_member(name);
    if (naming.empty() || !was.is_array() || !became.is_array() || !is.is_array()) return std::nullopt;
    auto list = list_reverted(was.get_array(), became.get_array(), is.get_array(), naming);
    if (!list) return std::nullopt;
    out.get_object()[name] = std::move(*list);
  }
  return out;
}

changes::Build build_undo(const Principal& who, const domain::Version& version) {
  return [who, version](changes::WriteContext& context) -> Result<changes::Draft> {
    const domain::Revision revision = version.revision;
    const domain::NamedRevision named{revision, version.epoch};
    const std::string name = "revision " + std::to_string(revision);
    const auto unknown = [&] { return fail(Errc::not_found, "there is no " + name); };
    if (revision > context.state().revision()) {
      if (auto ok = named.check(context.state().head().epoch); !ok) return tl::unexpected(ok.error());
    }
    if (revision < 1 || revision > context.state().revision()) return unknown();
    const auto row = context.row(revision);
    if (!row) return tl::unexpected(row.error());
    if (auto ok = named.check(row->head.epoch); !ok) return tl::unexpected(ok.error());
    const domain::Kinds readable = auth::readable_kinds(who.role);
    std::vector<const Op*> ops;
    bool secrets = false;
    bool only_time = row->change.ops.empty();
    for (const Op& op : row->change.ops) {
      if (!readable.contains(op.entity)) continue;
      if (domain::is_time_boundary(op)) {
        only_time = true;
        continue;
      }
      if (carries_secrets(op.entity)) {
        secrets = true;
        continue;
      }
      if (auto allowed = require(who, write_action(op.entity)); !allowed)
        return tl::unexpected(allowed.error());
      ops.push_back(&op);
    }
    if (ops.empty() && secrets) {
      return fail(Errc::conflict, name +
                                      " changed only tokens, passwords or keys, which cannot be restored; "
                                      "issue or set new ones");
    }
    if (ops.empty() && only_time)
      return fail(Errc::conflict, name + " changed only the time, which cannot be undone");
    if (ops.empty()) return unknown();
    auto inverse = inverse_ops(ops, context, revision);
    if (!inverse) return tl::unexpected(inverse.error());
    if (inverse->empty())
      return fail(Errc::conflict, "nothing is left to undo in " + name + ": its overrides have expired");
    if (auto ok = check_outcome(*inverse, ops, context); !ok) return tl::unexpected(ok.error());
    changes::Draft draft{inverse->front().entity, inverse->front().id, std::move(*inverse), {}};
    return draft;
  };
}

}  // namespace togglecast::service
