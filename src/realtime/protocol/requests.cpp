#include "realtime/protocol/requests.hpp"

#include "domain/schema/fields.hpp"

namespace togglecast::realtime {

Result<json::value> object_argument(const socketio::Event& event) {
  const auto& [values, binary] = event.args();
  const auto& first = event[0];
  if (values.size() > 1 || !binary.empty() || !(first.is_null() || first.is_object()))
    return fail_field("", event.name() + " takes one object as its argument");
  return first.is_null() ? json::value(json::object{}) : first;
}

Result<void> no_argument(const socketio::Event& event) {
  const auto request = object_argument(event);
  if (!request) return tl::unexpected(request.error());
  return domain::FieldReader(*request).finish();
}

}  // namespace togglecast::realtime
