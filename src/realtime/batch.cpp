#include "realtime/batch.hpp"

#include <optional>
#include <utility>

#include "domain/schema/environment.hpp"
#include "realtime/emit.hpp"
#include "realtime/events.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::realtime {
namespace {

// Kinds with an event of their own; all else shares one.
struct OwnEvent {
  std::string_view name;
  std::string_view id;  ///< the member that carries the entity's id
};

OwnEvent own_event(domain::Kind kind) noexcept {
  switch (kind) {
    case domain::Kind::platform:
      return {event::kPlatformUpdate, "platform_id"};
    case domain::Kind::feature:
      return {event::kFeatureUpdate, "feature_id"};
    case domain::Kind::package:
      return {event::kPackageUpdate, "package_id"};
    case domain::Kind::segment:
    case domain::Kind::client:
    case domain::Kind::token:
    case domain::Kind::admin:
    case domain::Kind::signing_key:
      break;
  }
  return {};
}

// {type, <entity>_id, data, timestamp, revision, epoch, more}
json::object payload_of(const domain::ViewUpdate& update, const domain::Snapshot& to, bool more) {
  json::object payload;
  payload["type"] = domain::to_string(update.type);
  if (const auto own = own_event(update.kind); !own.id.empty()) {
    payload[own.id] = update.id;
  } else {
    payload["entity_type"] = domain::to_string(update.kind);
    payload["entity_id"] = update.id;
  }
  if (to.environment() == domain::kSystemEnvironment) payload["environment"] = to.environment();
  payload["data"] = update.data;
  payload["timestamp"] = to_iso8601(to.as_of());
  payload["revision"] = to.revision();
  payload["epoch"] = to.head().epoch;
  payload["more"] = more;
  return payload;
}

std::string_view event_of(domain::Kind kind) noexcept {
  const auto own = own_event(kind);
  return own.name.empty() ? event::kEntityUpdate : own.name;
}

template <typename Decorate>
Batch encode(std::string_view nsp, const std::vector<domain::ViewUpdate>& updates, const domain::Snapshot& to,
             Offsets offsets, Decorate&& decorate) {
  Batch batch;
  batch.reserve(updates.size());
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const bool last = i + 1 == updates.size();
    json::object payload = payload_of(updates[i], to, !last);
    decorate(payload);
    const auto offset = last && offsets == Offsets::with ? std::optional(to.offset()) : std::nullopt;
    batch.push_back(socketio::EncodedPacket::event(
        nsp, config_event(event_of(updates[i].kind), std::move(payload), offset)));
  }
  return batch;
}

}  // namespace

Batch client_batch(const std::vector<domain::ViewUpdate>& updates, const domain::Snapshot& to,
                   Offsets offsets) {
  return encode(event::kClient, updates, to, offsets, [](json::object&) {});
}

Batch admin_batch(const std::vector<domain::ViewUpdate>& updates, const domain::Snapshot& to,
                  const json::value& actor, Offsets offsets) {
  return encode(event::kAdmin, updates, to, offsets,
                [&](json::object& payload) { payload["actor"] = actor; });
}

}  // namespace togglecast::realtime
