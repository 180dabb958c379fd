#include "wire/websocket/client_frames.hpp"

#include <gtest/gtest.h>

namespace togglecast::wire::websocket {
namespace {

constexpr std::array<char, 4> kMask{'\x37', '\xfa', '\x21', '\x3d'};

TEST(ClientFrames, AServerReadsWhatAClientEncodes) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{125}, std::size_t{126},
                                 std::size_t{65'535}, std::size_t{65'536}}) {
    const std::string payload(size, 'x');
    std::string frame = encode_masked(Opcode::text, payload, kMask);
    Decoder decoder({.message_bytes = 100'000});
    char* data = frame.data();
    std::size_t left = frame.size();

    const Event event = decoder.next(data, left);

    EXPECT_EQ(event.kind, Event::Kind::text);
    EXPECT_EQ(event.payload, payload);
    EXPECT_EQ(left, 0U);
  }
}

TEST(ClientFrames, AClientReadsWhatAServerEncodesHoweverItIsCut) {
  std::string bytes;
  for (const std::size_t size : {std::size_t{0}, std::size_t{126}, std::size_t{65'536}})
    bytes += encode(Opcode::binary, std::string(size, 'y')).view();
  bytes += encode_close(CloseCode::service_restart, "bye").view();
  ServerFrameReader reader(100'000);
  std::vector<std::size_t> sizes;

  for (const char byte : bytes) {
    reader.add({&byte, 1});
    while (const auto message = reader.next().value()) sizes.push_back(message->payload.size());
  }

  EXPECT_EQ(sizes, (std::vector<std::size_t>{0, 126, 65'536, 5}));
}

TEST(ClientFrames, FragmentsAreOneMessageAndPingsMayStandBetweenThem) {
  ServerFrameReader reader(100);
  reader.add(
      std::string("\x01\x02"
                  "ab"
                  "\x89\x00"
                  "\x80\x01"
                  "c",
                  9));

  EXPECT_EQ(reader.next().value()->opcode, Opcode::ping);
  const auto message = reader.next().value();

  EXPECT_EQ(message->opcode, Opcode::text);
  EXPECT_EQ(message->payload, "abc");
}

TEST(ClientFrames, BrokenFramesAreErrors) {
  for (const std::string& broken :
       {std::string("\xc1\x00", 2), std::string("\x81\x80", 2), std::string("\x83\x00", 2),
        std::string("\x09\x00", 2), std::string("\x80\x00", 2), std::string("\x89\x7e\x00\x7e", 4)}) {
    ServerFrameReader reader(100);
    reader.add(broken);
    EXPECT_FALSE(reader.next()) << broken.size();
  }
  ServerFrameReader reader(100);
  reader.add(encode(Opcode::text, std::string(101, 'x')).view());
  EXPECT_EQ(reader.next().error().code, Errc::payload_too_large);
}

}  // namespace
}  // namespace togglecast::wire::websocket
