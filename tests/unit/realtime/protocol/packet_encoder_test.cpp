#include "realtime/protocol/packet_encoder.hpp"

#include <gtest/gtest.h>

#include <string>

#include "unit/domain/builders.hpp"

namespace togglecast::realtime {
namespace {

using namespace domain::testing;

class Impatient final : public delivery::Turn {
 public:
  [[nodiscard]] bool over() override { return true; }
};

delivery::Batch batch_of(std::size_t updates, std::size_t bytes) {
  delivery::Batch batch;
  batch.to = step(empty_snapshot(), {create(platform(1, "web"))});
  for (std::size_t i = 1; i <= updates; ++i)
    batch.updates.push_back({domain::Kind::platform,
                             static_cast<domain::Id>(i),
                             domain::UpdateType::update,
                             {{"id", i}, {"text", std::string(bytes, 'x')}}});
  return batch;
}

std::size_t bytes_of(const delivery::EncodedBatch& encoded) {
  std::size_t bytes = 0;
  for (const auto& packet : static_cast<const PacketBatch&>(encoded).content().packets)
    bytes += packet.bytes();
  return bytes;
}

TEST(PacketEncoder, EncodesALargeBatchInStretchesOf32KiB) {
  constexpr std::size_t kUpdates = 64;
  const auto batch = batch_of(kUpdates, 10'000);
  for (const auto receiver : {PacketEncoder::Receiver::client, PacketEncoder::Receiver::admin}) {
    const auto& encoder = packet_encoder(receiver, PacketEncoder::Offsets::with);
    const auto encoding = encoder.begin(batch);
    Impatient turn;

    std::size_t turns = 1;
    while (!encoding->run(turn)) ++turns;
    const auto encoded = encoding->take();

    EXPECT_EQ(turns, kUpdates / 4) << "four updates of 10 KB are more than 32 KiB";
    const auto& content = static_cast<const PacketBatch&>(*encoded).content();
    EXPECT_EQ(content.packets.size(), kUpdates);
    EXPECT_EQ(content.offset, batch.to->revision());
    EXPECT_EQ(bytes_of(*encoded), bytes_of(*encoder.encode(batch)));
  }
}

TEST(PacketEncoder, EncodesASmallBatchAtOnce) {
  const auto batch = batch_of(20, 100);
  const auto encoding =
      packet_encoder(PacketEncoder::Receiver::client, PacketEncoder::Offsets::without).begin(batch);
  Impatient turn;

  EXPECT_TRUE(encoding->run(turn));

  EXPECT_EQ(static_cast<const PacketBatch&>(*encoding->take()).content().offset, 0);
}

}  // namespace
}  // namespace togglecast::realtime
