#include "web/deflate.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "net/shard.hpp"
#include "web/websocket.hpp"

namespace togglecast::web {
namespace {

namespace ws = wire::websocket;

std::string words(std::size_t size, std::string_view word = "platform ") {
  std::string text;
  while (text.size() < size) text += word;
  text.resize(size);
  return text;
}

wire::http::Request offering(std::initializer_list<const char*> fields) {
  wire::http::Request request;
  for (const char* field : fields) request.headers.add("Sec-WebSocket-Extensions", field);
  return request;
}

class DeflateTest : public testing::Test {
 protected:
  // Runs `task` as one turn of the shard.
  template <typename Task>
  void turn(Task task) {
    shard_.post(task);
    shard_.run_ready();
  }
  [[nodiscard]] std::uint64_t compressed() const { return deflate_.counters().compressed.load(); }
  [[nodiscard]] std::uint64_t reused() const { return deflate_.counters().reused.load(); }
  [[nodiscard]] std::uint64_t declined() const { return deflate_.counters().declined.load(); }
  // The message that the one frame in `block` carries, inflated when it is compressed.
  std::string message_of(const SharedBytes& block) {
    std::string plain(block.view());
    const bool deflated = (static_cast<unsigned char>(plain[0]) & 0x40U) != 0;
    plain[0] = static_cast<char>(static_cast<unsigned char>(plain[0]) & 0xbfU);
    const auto frame = ws::whole_data_frame(plain);
    EXPECT_TRUE(frame);
    if (!deflated) return std::string(frame->payload);
    EXPECT_EQ(inflater_.inflate(frame->payload, 1 << 20, false), ws::Inflater::Outcome::whole);
    return std::string(inflater_.message());
  }

  net::Shard shard_{0};
  Deflate deflate_{{.enabled = true}, shard_};
  ws::Inflater inflater_;
};

TEST_F(DeflateTest, CompressesAFrameOnceForAllSocketsOfAWindow) {
  const SharedBytes plain = ws::encode(ws::Opcode::text, words(2'000));
  turn([&] {
    const SharedBytes first = *deflate_.frame_for(15, plain);
    EXPECT_LT(first.size(), 200U);
    EXPECT_EQ(message_of(first), words(2'000));
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(deflate_.frame_for(15, plain)->same_as(first));
    EXPECT_FALSE(deflate_.frame_for(9, plain)->same_as(first));
    EXPECT_EQ(message_of(*deflate_.frame_for(9, plain)), words(2'000));
  });

  EXPECT_EQ(compressed(), 2U);
  EXPECT_EQ(reused(), 101U);
  EXPECT_EQ(deflate_.counters().bytes_before.load(), 4'000U);
  EXPECT_LT(deflate_.counters().bytes_after.load(), 400U);
}

TEST_F(DeflateTest, CompressesEachFrameOfAPacketOnce) {
  std::vector<SharedBytes> packet;
  for (int i = 0; i < 11; ++i)
    packet.push_back(ws::encode(ws::Opcode::binary, words(500) + std::to_string(i)));
  turn([&] {
    for (int receiver = 0; receiver < 50; ++receiver) {
      for (std::size_t i = 0; i < packet.size(); ++i)
        EXPECT_EQ(message_of(*deflate_.frame_for(15, packet[i])), words(500) + std::to_string(i));
    }
  });

  EXPECT_EQ(compressed(), 11U);
  EXPECT_EQ(reused(), 49U * 11U);
}

TEST_F(DeflateTest, LeavesShortMessagesPlain) {
  for (const std::size_t size : {0U, 1U, 255U}) {
    const SharedBytes plain = ws::encode(ws::Opcode::text, words(size));
    turn([&] { EXPECT_TRUE(deflate_.frame_for(15, plain)->same_as(plain)) << size; });
  }
  const SharedBytes longer = ws::encode(ws::Opcode::text, words(256));
  turn([&] { EXPECT_FALSE(deflate_.frame_for(15, longer)->same_as(longer)); });

  EXPECT_EQ(compressed(), 1U);
}

TEST_F(DeflateTest, LeavesPlainWhatWouldNotBecomeSmallerAndTriesOnce) {
  std::string noise(1'000, '\0');
  SystemRandom random;
  random.fill({reinterpret_cast<std::uint8_t*>(noise.data()), noise.size()});
  const SharedBytes plain = ws::encode(ws::Opcode::binary, noise);
  turn([&] {
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(deflate_.frame_for(15, plain)->same_as(plain));
  });

  EXPECT_EQ(declined(), 1U);
  EXPECT_EQ(compressed(), 0U);
  EXPECT_EQ(reused(), 0U);
}

TEST_F(DeflateTest, LeavesAloneWhatIsNotOneDataFrame) {
  const SharedBytes one = ws::encode(ws::Opcode::text, words(500));
  const SharedBytes two(std::string(one.view()) + std::string(one.view()));
  const SharedBytes already = ws::encode_compressed(ws::Opcode::text, words(500));
  turn([&] {
    EXPECT_TRUE(deflate_.frame_for(15, two)->same_as(two));
    EXPECT_TRUE(deflate_.frame_for(15, already)->same_as(already));
  });

  EXPECT_EQ(compressed(), 0U);
}

TEST_F(DeflateTest, KeepsNothingBeyondTheTurn) {
  const SharedBytes plain = ws::encode(ws::Opcode::text, words(2'000));
  for (int i = 0; i < 3; ++i)
    turn([&] { EXPECT_EQ(message_of(*deflate_.frame_for(15, plain)), words(2'000)); });

  EXPECT_EQ(compressed(), 3U);
}

TEST_F(DeflateTest, BearsMoreFramesInATurnThanItRemembers) {
  turn([&] {
    for (int i = 0; i < 3'000; ++i) {
      const std::string text = words(300) + std::to_string(i);
      EXPECT_EQ(message_of(*deflate_.frame_for(15, ws::encode(ws::Opcode::text, text))), text);
    }
  });

  EXPECT_EQ(compressed(), 3'000U);
}

TEST_F(DeflateTest, AgreesOnTheFirstAcceptableOfferOfAnyHeaderField) {
  const auto agreed = agree(deflate_, offering({"x-other", "permessage-deflate; server_max_window_bits=8",
                                                "permessage-deflate; server_max_window_bits=10"}));

  EXPECT_EQ(agreed.deflate, &deflate_);
  EXPECT_EQ(agreed.window_bits, 10);
  EXPECT_EQ(agree(deflate_, offering({})).deflate, nullptr);
  EXPECT_EQ(agree(deflate_, offering({"permessage-deflate; what"})).deflate, nullptr);
}

TEST_F(DeflateTest, AgreesOnNothingWhenItIsOff) {
  Deflate off({}, shard_);

  EXPECT_EQ(agree(off, offering({"permessage-deflate"})).deflate, nullptr);
}

TEST_F(DeflateTest, TheAnswerNamesWhatWasAgreed) {
  const auto request = offering({"permessage-deflate; server_max_window_bits=12; client_max_window_bits"});

  EXPECT_NE(upgrade_response(request, agree(deflate_, request))
                .find("\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                      "client_no_context_takeover; server_max_window_bits=12\r\n"),
            std::string::npos);
  EXPECT_EQ(upgrade_response(request).find("Extensions"), std::string::npos);
}

}  // namespace
}  // namespace togglecast::web
