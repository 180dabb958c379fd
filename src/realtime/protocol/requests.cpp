#include "realtime/protocol/requests.hpp"

#include <string>

#include "domain/schema/fields.hpp"
#include "domain/schema/version.hpp"

namespace togglecast::realtime {

Result<json::value> object_argument(const socketio::Event& event) {
  const auto& [values, binary] = event.args();
  const auto& first = event[0];
  if (values.size() > 1 || !binary.empty() || !(first.is_null() || first.is_object()))
    return fail_field("", event.name() + " takes one object as its argument");
  return first.is_null() ? json::value(json::object{}) : first;
}

Result<std::optional<domain::Revision>> revision_argument(const socketio::Event& event,
                                                          const domain::Snapshot& state) {
  const auto request = object_argument(event);
  if (!request) return tl::unexpected(request.error());
  const auto named = domain::named_revision_in(*request);
  if (!named) return tl::unexpected(named.error());
  if (!*named) return std::nullopt;
  if (auto ok = (*named)->check(state.head().epoch); !ok) return tl::unexpected(ok.error());
  return (*named)->revision;
}

Result<void> no_argument(const socketio::Event& event) {
  const auto request = object_argument(event);
  if (!request) return tl::unexpected(request.error());
  return domain::FieldReader(*request).finish();
}

Result<CopyClaim> copy_claim(const socketio::Event& event) {
  const auto request = object_argument(event);
  if (!request) return tl::unexpected(request.error());
  CopyClaim claim;
  const auto read = [&request](std::string_view name, std::string_view rule, auto& into) -> Result<void> {
    const json::value* given = json::find(*request, name);
    if (given == nullptr || given->is_null()) return {};
    into = domain::integer_in(*given);
    if (!into || *into < 0) return fail_field("/" + std::string(name), std::string(rule));
    return {};
  };
  if (auto ok = read("revision", "must be a revision, an integer from 0 on", claim.revision); !ok)
    return tl::unexpected(ok.error());
  if (auto ok = read("epoch", "must be an epoch, an integer from 0 on", claim.epoch); !ok)
    return tl::unexpected(ok.error());
  if (claim.epoch && !claim.revision) return fail_field("/epoch", "needs revision beside it");
  return claim;
}

}  // namespace togglecast::realtime
