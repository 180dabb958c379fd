#include "domain/state/change.hpp"

#include <algorithm>

namespace togglecast::domain {
namespace {

tl::unexpected<Error> damaged(std::string_view what) {
  return fail(Errc::internal, "stored change is damaged: " + std::string(what));
}

std::optional<std::int64_t> integer_at(const json::value& in, std::string_view name) {
  const json::value* member = json::find(in, name);
  return member == nullptr ? std::nullopt : integer_in(*member);
}

Result<Op> parse_op(const json::value& in) {
  const std::string_view kind = json::string_or_empty(in, "entity");
  const auto entity = parse_kind(kind);
  const auto id = integer_at(in, "id");
  const json::value* before = json::find(in, "before");
  const json::value* after = json::find(in, "after");
  if (!entity && !kind.empty())
    return fail(Errc::unavailable,
                "a change of the kind '" + std::string(kind) + "' needs a newer version of this program");
  if (!entity) return damaged("no entity");
  if (!id || !is_id(*id)) return damaged("bad id");
  if (before == nullptr || after == nullptr) return damaged("before or after is missing");
  return Op{*entity, *id, *before, *after};
}

}  // namespace

bool is_time_boundary(const Op& op) { return op.before == op.after; }

std::string to_text(const Change& change) {
  json::array ops;
  ops.reserve(change.ops.size());
  for (const Op& op : change.ops)
    ops.push_back(
        {{"entity", to_string(op.entity)}, {"id", op.id}, {"before", op.before}, {"after", op.after}});
  json::object out;
  const bool names = std::any_of(change.ops.begin(), change.ops.end(), is_time_boundary);
  out["format"] = names ? kNamingFormat : kChangeFormat;
  out["base_revision"] = change.base_revision;
  out["ops"] = std::move(ops);
  return json::canonical(out);
}

Result<Change> parse_change(std::string_view text) {
  const auto parsed = json::parse(text, {.depth = 64});
  if (!parsed) return damaged(parsed.error().message);
  const auto format = integer_at(*parsed, "format");
  const auto base = integer_at(*parsed, "base_revision");
  const json::value* ops = json::find(*parsed, "ops");
  if (!format) return damaged("no format");
  if (*format != kChangeFormat && *format != kNamingFormat) {
    return fail(Errc::unavailable,
                "a change of format " + std::to_string(*format) + " needs a newer version of this program");
  }
  if (!base || ops == nullptr || !ops->is_array()) return damaged("no ops");
  Change change{*base, {}};
  change.ops.reserve(ops->get_array().size());
  for (const auto& element : ops->get_array()) {
    auto op = parse_op(element);
    if (!op) return tl::unexpected(op.error());
    change.ops.push_back(std::move(*op));
  }
  return change;
}

Change invert(const Change& change) {
  Change inverse{change.base_revision + 1, {}};
  inverse.ops.reserve(change.ops.size());
  std::for_each(change.ops.rbegin(), change.ops.rend(), [&](const Op& op) {
    inverse.ops.push_back({op.entity, op.id, op.after, op.before});
  });
  return inverse;
}

}  // namespace togglecast::domain
