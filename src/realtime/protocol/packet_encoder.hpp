// Batches as Socket.IO packets: the events of docs/protocol.md. Thread rule: immutable.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "delivery/batch.hpp"
#include "socketio/packets/encoded_packet.hpp"

namespace togglecast::realtime {

/// One packet for each update, in order. All carry the revision, all but the last `more: true`, and only the
/// last the offset.
class PacketBatch final : public delivery::EncodedBatch {
 public:
  explicit PacketBatch(std::vector<socketio::EncodedPacket> packets) : packets_(std::move(packets)) {}
  [[nodiscard]] const std::vector<socketio::EncodedPacket>& packets() const noexcept { return packets_; }

 private:
  std::vector<socketio::EncodedPacket> packets_;
};

class PacketEncoder final : public delivery::BatchEncoder {
 public:
  enum class Receiver : bool { client, admin };
  enum class Offsets : bool { without, with };

  constexpr PacketEncoder(Receiver receiver, Offsets offsets) noexcept
      : receiver_(receiver), offsets_(offsets) {}
  [[nodiscard]] std::unique_ptr<const delivery::EncodedBatch> encode(
      const delivery::Batch& batch) const override;

 private:
  Receiver receiver_;
  Offsets offsets_;
};

/// The one encoder of this form. Connections with the same encoder receive the same packets.
[[nodiscard]] const PacketEncoder& packet_encoder(PacketEncoder::Receiver receiver,
                                                  PacketEncoder::Offsets offsets) noexcept;

}  // namespace togglecast::realtime
