#include "realtime/batch.hpp"

#include <optional>
#include <utility>

#include "realtime/emit.hpp"
#include "realtime/events.hpp"

namespace togglecast::realtime {
namespace {

// {type, <entity>_id, data, timestamp, revision, epoch, more}: platforms have an event of their own, all else
// shares one.
json::object payload_of(const domain::ViewUpdate& update, const domain::Snapshot& to, bool more) {
  json::object payload;
  payload["type"] = domain::to_string(update.type);
  if (update.kind == domain::Kind::platform) {
    payload["platform_id"] = update.id;
  } else {
    payload["entity_type"] = domain::to_string(update.kind);
    payload["entity_id"] = update.id;
  }
  payload["data"] = update.data;
  payload["timestamp"] = to_iso8601(to.as_of());
  payload["revision"] = to.revision();
  payload["epoch"] = to.head().epoch;
  payload["more"] = more;
  return payload;
}

std::string_view event_of(domain::Kind kind) noexcept {
  return kind == domain::Kind::platform ? event::kPlatformUpdate : event::kEntityUpdate;
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
