#include "realtime/protocol/packet_encoder.hpp"

#include <string>
#include <utility>

#include "domain/schema/environment.hpp"
#include "domain/schema/version.hpp"
#include "realtime/protocol/events.hpp"
#include "realtime/protocol/packets.hpp"

namespace togglecast::realtime {
namespace {

// Kinds with an event of their own; all else shares one.
struct OwnEvent {
  std::string_view name;
  std::string_view id;  ///< the member that carries the entity's id; empty: it stands in `data` alone
};

OwnEvent own_event(domain::Kind kind, bool to_admin) noexcept {
  switch (kind) {
    case domain::Kind::platform:
      return {event::kPlatformUpdate, "platform_id"};
    case domain::Kind::feature:
      return {event::kFeatureUpdate, "feature_id"};
    case domain::Kind::package:
      return {event::kPackageUpdate, "package_id"};
    case domain::Kind::client:
      if (!to_admin) return {event::kClientUpdate, {}};
      break;
    case domain::Kind::segment:
    case domain::Kind::token:
    case domain::Kind::admin:
    case domain::Kind::signing_key:
    case domain::Kind::environment:
      break;
  }
  return {};
}

// {type, <entity>_id, data, timestamp, revision, epoch, more}
json::object payload_of(const domain::ViewUpdate& update, const OwnEvent& own, const domain::Snapshot& to,
                        bool more) {
  json::object payload;
  payload["type"] = domain::to_string(update.type);
  if (!own.id.empty()) payload[own.id] = update.id;
  if (own.name.empty()) {
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

}  // namespace

std::unique_ptr<const delivery::EncodedBatch> PacketEncoder::encode(const delivery::Batch& batch) const {
  const bool to_admin = receiver_ == Receiver::admin;
  std::vector<socketio::EncodedPacket> packets;
  packets.reserve(batch.updates.size());
  for (std::size_t i = 0; i < batch.updates.size(); ++i) {
    const bool last = i + 1 == batch.updates.size();
    const bool with_offset = last && batch.resumable && offsets_ == Offsets::with;
    const OwnEvent own = own_event(batch.updates[i].kind, to_admin);
    json::object payload = payload_of(batch.updates[i], own, *batch.to, !last);
    if (to_admin) {
      payload["data"] = domain::with_etag(std::move(payload["data"]), batch.to->head().epoch);
      payload["actor"] = batch.actor;
    }
    packets.push_back(config_packet(to_admin ? event::kAdmin : event::kClient,
                                    own.name.empty() ? event::kEntityUpdate : own.name, std::move(payload),
                                    with_offset ? to_string(batch.to->offset(), batch.tag) : std::string()));
  }
  const bool has_offset = batch.resumable && offsets_ == Offsets::with;
  return std::make_unique<PacketBatch>(
      PacketBatch::Content{std::move(packets), has_offset ? batch.to->revision() : 0});
}

const PacketEncoder& packet_encoder(PacketEncoder::Receiver receiver,
                                    PacketEncoder::Offsets offsets) noexcept {
  using Receiver = PacketEncoder::Receiver;
  using Offsets = PacketEncoder::Offsets;
  static const PacketEncoder kForms[] = {{Receiver::client, Offsets::without},
                                         {Receiver::client, Offsets::with},
                                         {Receiver::admin, Offsets::without},
                                         {Receiver::admin, Offsets::with}};
  return kForms[2 * static_cast<std::size_t>(receiver) + static_cast<std::size_t>(offsets)];
}

}  // namespace togglecast::realtime
