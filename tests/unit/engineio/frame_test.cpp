#include "engineio/frame.hpp"

#include <gtest/gtest.h>

#include <string>

namespace togglecast::engineio {
namespace {

std::string in_payload(const SharedBytes& frame) {
  std::string payload;
  append_to_payload(payload, frame);
  return payload;
}

TEST(Frame, ATextMessageIsAWholeUnmaskedFrame) {
  EXPECT_EQ(text_message("hi").view(),
            "\x81\x03"
            "4hi");
}

TEST(Frame, ABinaryMessageHasNoTypeDigitInItsFrame) { EXPECT_EQ(binary_message("hi").view(), "\x82\x02hi"); }

TEST(Frame, PacketsComeWithTheirOwnDigit) {
  EXPECT_EQ(text_packet("2").view(),
            "\x81\x01"
            "2");
  EXPECT_EQ(in_payload(text_packet("3probe")), "3probe");
}

TEST(Frame, PollingSendsTheSameBlockWithoutItsHeader) {
  EXPECT_EQ(in_payload(text_message("hi")), "4hi");
  EXPECT_EQ(in_payload(binary_message("hi")), "baGk=");
  EXPECT_EQ(in_payload(binary_message("")), "b");
}

TEST(Frame, TheSizeInAPayloadIsKnownBeforehandForEveryLength) {
  for (const std::size_t size :
       {0U, 1U, 2U, 3U, 4U, 124U, 125U, 126U, 127U, 65534U, 65535U, 65536U, 70000U}) {
    const std::string data(size, 'x');
    for (const auto& frame : {text_message(data), binary_message(data)})
      EXPECT_EQ(in_payload(frame).size(), polling_size(frame)) << size;
    EXPECT_EQ(in_payload(text_message(data)), "4" + data) << size;
  }
}

TEST(Frame, PayloadsGrowByAppending) {
  std::string payload = in_payload(text_message("one"));
  payload += '\x1e';
  append_to_payload(payload, binary_message("two"));

  EXPECT_EQ(payload,
            "4one\x1e"
            "bdHdv");
}

}  // namespace
}  // namespace togglecast::engineio
