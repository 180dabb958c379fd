#include "realtime/protocol/requests.hpp"

#include <string>

#include "domain/schema/fields.hpp"
#include "domain/schema/version.hpp"

namespace togglecast::realtime {

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
  const auto request = object_of(event);
  if (!request) return tl::unexpected(request.error());
  const auto named = domain::named_revision_in(**request);
  if (!named) return tl::unexpected(named.error());
  if (!*named) return std::nullopt;
  if (auto ok = (*named)->check(state.head().epoch); !ok) return tl::unexpected(ok.error());
  return (*named)->revision;
}

Result<void> no_argument(const socketio::Event& event) {
  const auto request = object_of(event);
  if (!request) return tl::unexpected(request.error());
  return domain::FieldReader(**request).finish();
}

}  // namespace togglecast::realtime
