#include "wire/engineio/packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/base64.hpp"
#include "unit/wire/allocation_meter.hpp"

namespace togglecast::wire::engineio {
namespace {

using testing::ElementsAre;
using namespace std::string_literals;

TEST(EngineIoPacket, DecodesEachType) {
  const std::vector<std::pair<std::string, PacketType>> types = {
      {"0", PacketType::open}, {"1", PacketType::close},   {"2", PacketType::ping},
      {"3", PacketType::pong}, {"4", PacketType::message}, {"5", PacketType::upgrade},
      {"6", PacketType::noop}};
  for (const auto& [digit, type] : types) {
    for (const std::string& data : {""s, "probe"s, "\0\x1e"s, "4b"s}) {
      const std::string text = digit + data;
      const auto packet = decode(text);
      ASSERT_TRUE(packet) << text;
      EXPECT_EQ(packet->type, type);
      EXPECT_EQ(packet->data, data);
      EXPECT_EQ(packet->data.data(), text.data() + 1);
      EXPECT_FALSE(packet->binary);
    }
  }
}

TEST(EngineIoPacket, DecodesABase64MessageAsBinary) {
  const auto packet = decode("bAQID");

  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->type, PacketType::message);
  EXPECT_TRUE(packet->binary);
  EXPECT_EQ(packet->data, "AQID");
  EXPECT_TRUE(decode("b")->binary);
}

TEST(EngineIoPacket, RefusesEverythingElse) {
  EXPECT_EQ(decode("").error(), DecodeError::empty);
  for (int byte = 0; byte < 256; ++byte) {
    if ((byte >= '0' && byte <= '6') || byte == 'b') continue;
    const std::string text(1, static_cast<char>(byte));
    ASSERT_FALSE(decode(text)) << byte;
    ASSERT_EQ(decode(text + "abc").error(), DecodeError::unknown_type) << byte;
  }
}

TEST(EngineIoPacket, DecodesWithoutAllocating) {
  const std::string text = "4" + std::string(1000, 'x');
  const test::AllocationMeter meter;

  EXPECT_TRUE(decode(text));
  EXPECT_EQ(decode("9").error(), DecodeError::unknown_type);

  EXPECT_EQ(meter.count(), 0U);
}

TEST(EngineIoBase64, ReadsWhatTheReferenceReads) {
  EXPECT_EQ(decode_binary("YWJj"), "abc");
  EXPECT_EQ(decode_binary("YQ=="), "a");
  EXPECT_EQ(decode_binary("YQ="), "a");
  EXPECT_EQ(decode_binary("YQ"), "a");
  EXPECT_EQ(decode_binary(""), "");
  EXPECT_EQ(decode_binary("Y"), "");
  EXPECT_EQ(decode_binary("YW\nJj"), "abc");
  EXPECT_EQ(decode_binary(" Y\tW J j "), "abc");
  EXPECT_EQ(decode_binary("a!b@c#d$"), "\x69\xb7\x1d");
  EXPECT_EQ(decode_binary("YW-_"), "ao\xbf");
  EXPECT_EQ(decode_binary("YW+/"), "ao\xbf");
  EXPECT_EQ(decode_binary("YQ==YQ=="), "a");
  EXPECT_EQ(decode_binary("=bad"), "");
  EXPECT_EQ(decode_binary("\xff\x80Y\xc3W\xbcJj"), "abc");
}

TEST(EngineIoBase64, ReadsBackAllBytes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) {
    EXPECT_EQ(decode_binary(base64_encode(bytes)), bytes);
    bytes += static_cast<char>(i * 167);
  }
}

std::vector<std::string> packets(std::string_view payload) {
  std::vector<std::string> found;
  PayloadReader reader(payload);
  for (std::string_view packet; reader.next(packet);) found.emplace_back(packet);
  return found;
}

TEST(EngineIoPayload, SplitsAtTheSeparator) {
  EXPECT_THAT(packets("4a"), ElementsAre("4a"));
  EXPECT_THAT(packets("4a\x1e"
                      "2\x1e"
                      "bAQ=="),
              ElementsAre("4a", "2", "bAQ=="));
  EXPECT_THAT(packets("4a\x1e"), ElementsAre("4a", ""));
  EXPECT_THAT(packets("\x1e"
                      "4a"),
              ElementsAre("", "4a"));
  EXPECT_THAT(packets("\x1e\x1e"), ElementsAre("", "", ""));
  EXPECT_THAT(packets(""), ElementsAre(""));
}

TEST(EngineIoPayload, StaysAtItsEnd) {
  PayloadReader reader("4");
  std::string_view packet;

  EXPECT_TRUE(reader.next(packet));
  EXPECT_FALSE(reader.next(packet));
  EXPECT_FALSE(reader.next(packet));
}

TEST(EngineIoOpen, ListsAllFiveFields) {
  EXPECT_EQ(
      encode_open({.sid = "abc", .upgrade_to_websocket = true}),
      R"(0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})");
  EXPECT_EQ(
      encode_open({.sid = "a\"b", .ping_interval_ms = 300, .ping_timeout_ms = 200, .max_payload = 65536}),
      R"(0{"sid":"a\"b","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":65536})");
}

}  // namespace
}  // namespace togglecast::wire::engineio
