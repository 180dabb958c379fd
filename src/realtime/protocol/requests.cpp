#include "realtime/protocol/requests.hpp"

#include <string>

#include "base/text/plain_json.hpp"
#include "domain/schema/fields.hpp"
#include "domain/schema/version.hpp"

namespace togglecast::realtime {
namespace {

// The revision in `text`, the arguments of an event, and with it the epoch; nothing for what has to be read
// by values.
std::optional<domain::NamedRevision> plain_revision(std::string_view text) {
  std::optional<std::int64_t> revision, epoch;
  json::PlainMembers members(text);
  while (const auto member = members.next()) {
    auto& number = member->key == "revision" ? revision : epoch;
    if (number || (member->key != "revision" && member->key != "epoch")) return std::nullopt;
    number = json::plain_integer(member->value);
    if (!number || *number < 0) return std::nullopt;
  }
  if (!members.complete() || !revision) return std::nullopt;
  return domain::NamedRevision{*revision, epoch};
}

}  // namespace

Result<json::value> object_argument(const socketio::Event& event) {
  return object_of(event).map([](const json::value* object) { return *object; });
}

Result<const json::value*> object_of(const socketio::Event& event) {
  static const json::value kEmpty = json::object{};  // in braces it would be an array
  const auto& [values, binary] = event.args();
  const auto& first = event[0];
  if (values.size() > 1 || !binary.empty() || !(first.is_null() || first.is_object()))
    return fail_field("", event.name() + " takes one object as its argument");
  return first.is_null() ? &kEmpty : &first;
}

Result<std::optional<domain::Revision>> revision_argument(const socketio::Event& event,
                                                          const domain::Snapshot& state) {
  const auto text = event.text();
  if (text && text->empty()) return std::nullopt;
  auto named = text ? plain_revision(*text) : std::nullopt;
  if (!named) {
    const auto request = object_of(event);
    if (!request) return tl::unexpected(request.error());
    auto read = domain::named_revision_in(**request);
    if (!read) return tl::unexpected(read.error());
    named = *std::move(read);
  }
  if (!named) return std::nullopt;
  if (auto ok = named->check(state.head().epoch); !ok) return tl::unexpected(ok.error());
  return named->revision;
}

Result<void> no_argument(const socketio::Event& event) {
  const auto request = object_of(event);
  if (!request) return tl::unexpected(request.error());
  return domain::FieldReader(**request).finish();
}

}  // namespace togglecast::realtime
