#include "service/activity.hpp"

#include <algorithm>

#include "domain/snapshot.hpp"
#include "domain/view.hpp"

namespace togglecast::service {
namespace {

using domain::UpdateType;

bool is_stamp(std::string_view name) { return name == "revision" || name == "updated_at"; }

json::array changed_fields(const json::object& before, const json::object& after) {
  json::array fields;
  for (const auto& member : after) {
    const auto* was = before.if_contains(member.key());
    if (!is_stamp(member.key()) && (was == nullptr || *was != member.value())) fields.push_back(member.key());
  }
  return fields;
}

json::object describe(const domain::Op& op) {
  const json::value& body = op.after.is_null() ? op.before : op.after;
  UpdateType type = UpdateType::update;
  json::object out;
  out["entity_type"] = domain::to_string(op.entity);
  out["entity_id"] = op.id;
  if (op.before.is_null()) {
    type = UpdateType::create;
  } else if (op.after.is_null()) {
    type = UpdateType::erase;
  } else if (op.before.is_object() && op.after.is_object()) {
    json::array fields = changed_fields(op.before.get_object(), op.after.get_object());
    if (fields.size() == 1 && fields[0] == "enabled") type = UpdateType::toggle;
    out["fields"] = std::move(fields);
  }
  out["type"] = domain::to_string(type);
  out["key"] = domain::unique_key_of(op.entity, body);
  if (const json::value* name = json::find(body, "name")) out["name"] = *name;
  return out;
}

}  // namespace

json::value activity_entry(const domain::LogRow& row, domain::Kinds readable) {
  json::array changes;
  for (const domain::Op& op : row.change.ops)
    if (readable.contains(op.entity)) changes.push_back(describe(op));
  if (changes.empty()) return nullptr;
  auto actor = json::parse(row.actor_text);
  json::object out;
  out["revision"] = row.head.revision;
  out["epoch"] = row.head.epoch;
  out["timestamp"] = to_iso8601(row.head.as_of);
  out["actor"] = actor ? std::move(*actor) : json::value(nullptr);
  out["changes"] = std::move(changes);
  return out;
}

void ActivityService::page(const Principal& who, const storage::LogQuery& query, ActivityDone done) {
  if (auto allowed = require(who, auth::Action::read_activity); !allowed)
    return done(tl::unexpected(allowed.error()));
  const domain::Kinds readable = auth::readable_kinds(who.role);
  if (query.kind && !readable.contains(*query.kind))
    return done(fail(Errc::forbidden, "this role may not read that kind of entity"));
  storage::LogQuery bounded = query;
  bounded.limit = std::clamp<std::size_t>(query.limit, 1, kMaxActivity);
  const bool taken =
      reader_.submit([environment = who.environment, bounded, readable, done](storage::Reader& reader) {
        const auto rows = reader.log_page(environment, bounded);
        if (!rows) return done(tl::unexpected(rows.error()));
        ActivityPage page;
        for (const domain::LogRow& row : *rows) {
          json::value entry = activity_entry(row, readable);
          if (!entry.is_null()) page.entries.push_back(std::move(entry));
        }
        if (rows->size() == bounded.limit && rows->back().head.revision > 1)
          page.next = rows->back().head.revision;
        done(std::move(page));
      });
  if (!taken) done(fail(Errc::unavailable, "too many are reading the log; try again"));
}

}  // namespace togglecast::service
