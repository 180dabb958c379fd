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
  struct Content {
    std::vector<socketio::EncodedPacket> packets;
    domain::Revision offset;  ///< the revision of its offset; 0: it has none
  };
  explicit PacketBatch(Content content) : content_(std::move(content)) {}
  [[nodiscard]] const Content& content() const noexcept { return content_; }

 private:
  Content content_;
};

class PacketEncoder final : public delivery::BatchEncoder {
 public:
  enum class Receiver : bool { client, admin };
  enum class Offsets : bool { without, with };

  constexpr PacketEncoder(Receiver receiver, Offsets offsets) noexcept
      : receiver_(receiver), offsets_(offsets) {}
  [[nodiscard]] bool with_offsets() const noexcept { return offsets_ == Offsets::with; }
  [[nodiscard]] std::unique_ptr<delivery::Encoding> begin(const delivery::Batch& batch) const override;

 private:
  class Packets;

  Receiver receiver_;
  Offsets offsets_;
};

/// The one encoder of this form. Connections with the same encoder receive the same packets.
[[nodiscard]] const PacketEncoder& packet_encoder(PacketEncoder::Receiver receiver,
                                                  PacketEncoder::Offsets offsets) noexcept;

}  // namespace togglecast::realtime
