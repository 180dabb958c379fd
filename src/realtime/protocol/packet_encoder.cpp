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
    case domain::Kind::api_key:
    case domain::Kind::issuer:
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

class PacketEncoder::Packets final : public delivery::Encoding {
 public:
  Packets(const PacketEncoder& form, const delivery::Batch& batch) : form_(form), batch_(batch) {
    packets_.reserve(batch.updates.size());
  }

  bool run(delivery::Turn& turn) override {
    while (packets_.size() < batch_.updates.size()) {
      packets_.push_back(next());
      if (packets_.size() < batch_.updates.size() && pauses(turn)) return false;
    }
    return true;
  }
  std::unique_ptr<const delivery::EncodedBatch> take() override {
    return std::make_unique<PacketBatch>(
        PacketBatch::Content{std::move(packets_), has_offset() ? batch_.to->revision() : 0});
  }

 private:
  [[nodiscard]] bool has_offset() const noexcept { return batch_.resumable && form_.with_offsets(); }
  [[nodiscard]] socketio::EncodedPacket next() {
    const domain::ViewUpdate& update = batch_.updates[packets_.size()];
    const bool last = packets_.size() + 1 == batch_.updates.size();
    const bool to_admin = form_.receiver_ == Receiver::admin;
    const OwnEvent own = own_event(update.kind, to_admin);
    json::object payload = payload_of(update, own, *batch_.to, !last);
    if (to_admin) {
      payload["data"] = domain::with_etag(std::move(payload["data"]), batch_.to->head().epoch);
      payload["actor"] = batch_.actor;
    }
    auto packet =
        config_packet(to_admin ? event::kAdmin : event::kClient,
                      own.name.empty() ? event::kEntityUpdate : own.name, std::move(payload),
                      last && has_offset() ? to_string(batch_.to->offset(), batch_.tag) : std::string());
    since_look_ += packet.bytes();
    return packet;
  }
  // Looks at the time after a stretch of text.
  [[nodiscard]] bool pauses(delivery::Turn& turn) {
    constexpr std::size_t kStretch = 32 * 1'024;
    if (since_look_ < kStretch) return false;
    since_look_ = 0;
    return turn.over();
  }

  const PacketEncoder& form_;
  const delivery::Batch& batch_;
  std::vector<socketio::EncodedPacket> packets_;
  std::size_t since_look_ = 0;
};

std::unique_ptr<delivery::Encoding> PacketEncoder::begin(const delivery::Batch& batch) const {
  return std::make_unique<Packets>(*this, batch);
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
