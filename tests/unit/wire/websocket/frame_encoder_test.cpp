#include <gtest/gtest.h>

#include <string>

#include "base/utf8.hpp"
#include "wire/websocket/frame.hpp"

namespace togglecast::wire::websocket {
namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

TEST(FrameEncoder, UsesTheShortestLength) {
  EXPECT_EQ(encode(Opcode::text, "").view(), bytes({0x81, 0}));
  EXPECT_EQ(encode(Opcode::text, "4hi").view(), bytes({0x81, 3}) + "4hi");
  EXPECT_EQ(encode(Opcode::binary, std::string(125, 'x')).view(), bytes({0x82, 125}) + std::string(125, 'x'));
  EXPECT_EQ(encode(Opcode::text, std::string(126, 'x')).view(),
            bytes({0x81, 126, 0, 126}) + std::string(126, 'x'));
  EXPECT_EQ(encode(Opcode::text, std::string(65535, 'x')).view(),
            bytes({0x81, 126, 0xff, 0xff}) + std::string(65535, 'x'));
  EXPECT_EQ(encode(Opcode::text, std::string(65536, 'x')).view(),
            bytes({0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}) + std::string(65536, 'x'));
  EXPECT_EQ(encode(Opcode::pong, "abc").view(), bytes({0x8a, 3}) + "abc");
}

TEST(FrameEncoder, WritesTheHeaderItAnnounces) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{125}, std::size_t{126}, std::size_t{65535},
                                 std::size_t{65536}, std::size_t{1} << 40}) {
    char out[10];
    EXPECT_EQ(write_header(out, Opcode::binary, size), header_size(size));
  }
}

TEST(FrameEncoder, ClosesWithAndWithoutACode) {
  EXPECT_EQ(encode_close(CloseCode::none, "ignored").view(), bytes({0x88, 0}));
  EXPECT_EQ(encode_close(CloseCode::normal, "").view(), bytes({0x88, 2, 0x03, 0xe8}));
  EXPECT_EQ(encode_close(CloseCode::too_big, "big").view(), bytes({0x88, 5, 0x03, 0xf1}) + "big");
}

TEST(FrameEncoder, CutsALongReasonAtACharacter) {
  for (std::size_t lead = 118; lead <= 126; ++lead) {
    const std::string reason = std::string(lead, 'x') + "\xf0\x9f\x98\x80\xf0\x9f\x98\x80";

    const SharedBytes frame = encode_close(CloseCode::normal, reason);

    const std::string_view sent = frame.view().substr(4);
    EXPECT_EQ(frame.view()[1], static_cast<char>(2 + sent.size()));
    EXPECT_LE(sent.size(), 123U);
    EXPECT_GT(sent.size(), 119U - 4);
    EXPECT_TRUE(is_valid_utf8(sent)) << lead;
    EXPECT_TRUE(reason.starts_with(sent));
  }
}

}  // namespace
}  // namespace togglecast::wire::websocket
