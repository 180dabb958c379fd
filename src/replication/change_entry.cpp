#include "replication/change_entry.hpp"

#include <charconv>

#include "base/json.hpp"
#include "domain/state/offset.hpp"
#include "domain/state/snapshot.hpp"
#include "domain/state/view.hpp"

namespace togglecast::replication {
namespace {

json::array summary_of(const domain::Change& change) {
  json::array summary;
  for (const domain::Op& op : change.ops) {
    json::object one{{"entity", domain::to_string(op.entity)}, {"id", op.id}};
    const json::value& body = op.after.is_null() ? op.before : op.after;
    if (const std::string_view key = domain::unique_key_of(op.entity, body); !key.empty()) one["key"] = key;
    one["type"] = domain::is_time_boundary(op)
                      ? std::string_view("time")
                      : domain::to_string(domain::type_of_change(op.entity, op.before, op.after));
    summary.push_back(std::move(one));
  }
  return summary;
}

template <typename Number>
bool read_part(std::string_view text, Number& into) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size() && into >= 0;
}

}  // namespace

std::string to_string(const EntryId& id) {
  return std::to_string(id.epoch) + "-" + std::to_string(id.revision);
}

std::optional<EntryId> parse_entry_id(std::string_view text) noexcept {
  const std::size_t dash = text.find('-');
  EntryId id;
  if (dash == std::string_view::npos || !read_part(text.substr(0, dash), id.epoch) ||
      !read_part(text.substr(dash + 1), id.revision))
    return std::nullopt;
  return id;
}

std::vector<std::string> entry_fields(const domain::LogRow& row, const domain::Head& previous) {
  std::vector<std::string> fields{"v",        "1",
                                  "offset",   domain::to_string(domain::offset_of(row.head)),
                                  "previous", domain::to_string(domain::offset_of(previous)),
                                  "at",       to_iso8601(row.head.as_of),
                                  "actor",    row.actor_text,
                                  "summary",  json::serialize(summary_of(row.change))};
  if (row.change_text.size() <= kLongestChange) {
    fields.insert(fields.end(), {"change", row.change_text});
  } else {
    fields.insert(fields.end(), {"omitted", std::to_string(row.change_text.size())});
  }
  return fields;
}

}  // namespace togglecast::replication
