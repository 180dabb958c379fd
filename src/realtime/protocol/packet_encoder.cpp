#include "realtime/protocol/packet_encoder.hpp"

#include <string>
#include <utility>

#include "delivery/batch.hpp"
#include "realtime/protocol/events.hpp"
#include "realtime/protocol/packets.hpp"

namespace togglecast::realtime {

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
    const bool last = packets_.size() + 1 == batch_.updates.size();
    const bool to_admin = form_.receiver_ == Receiver::admin;
    auto [name, payload] = delivery::update_event(
        batch_, packets_.size(), to_admin ? delivery::Receiver::admin : delivery::Receiver::client);
    auto packet =
        config_packet(to_admin ? event::kAdmin : event::kClient, name, std::move(payload),
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
