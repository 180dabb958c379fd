#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/client_frames.hpp"
#include "unit/wire/allocation_meter.hpp"
#include "wire/websocket/frame.hpp"

namespace togglecast::wire::websocket {
namespace {

using test::client_frame;
using test::client_header_announcing;
using test::client_text;
using Kind = Event::Kind;

struct Decoded {
  Kind kind;
  std::string payload;
  std::uint16_t code = 0;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

std::ostream& operator<<(std::ostream& out, const Decoded& seen) {
  return out << "{" << static_cast<int>(seen.kind) << ", \"" << seen.payload.substr(0, 60) << "\" ("
             << seen.payload.size() << "), " << seen.code << "}";
}

void drain(Decoder& decoder, std::string piece, std::vector<Decoded>& seen) {
  char* data = piece.data();
  std::size_t size = piece.size();
  while (true) {
    const Event event = decoder.next(data, size);
    if (event.kind == Kind::need_more) break;
    seen.push_back({event.kind, std::string(event.payload), event.code});
  }
  EXPECT_EQ(size, 0U);
  EXPECT_EQ(data, piece.data() + piece.size());
}

std::vector<Decoded> decode(const std::string& bytes, DecoderLimits limits = {}) {
  Decoder decoder(limits);
  std::vector<Decoded> seen;
  drain(decoder, bytes, seen);
  return seen;
}

std::vector<Decoded> decode_cut(const std::string& bytes, std::size_t at, DecoderLimits limits = {}) {
  Decoder decoder(limits);
  std::vector<Decoded> seen;
  drain(decoder, bytes.substr(0, at), seen);
  drain(decoder, bytes.substr(at), seen);
  return seen;
}

std::vector<Decoded> decode_bytewise(const std::string& bytes, DecoderLimits limits = {}) {
  Decoder decoder(limits);
  std::vector<Decoded> seen;
  for (const char byte : bytes) drain(decoder, std::string(1, byte), seen);
  return seen;
}

std::string close_body(std::uint16_t code, std::string_view reason = {}) {
  std::string body{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return body.append(reason);
}

Decoded error(CloseCode code, std::string reason) {
  return {Kind::error, std::move(reason), static_cast<std::uint16_t>(code)};
}

struct Case {
  std::string name;
  std::string bytes;
  std::vector<Decoded> expected;
};

std::vector<Case> cases() {
  const std::string long_text(70'000, 'x');
  const std::string snow = "\xe2\x98\x83";
  return {
      {"empty text", client_text(""), {{Kind::text, ""}}},
      {"text", client_text("4hello"), {{Kind::text, "4hello"}}},
      {"binary", client_frame({.opcode = 2, .payload = "\xff\xfe"}), {{Kind::binary, "\xff\xfe"}}},
      {"126 bytes", client_text(std::string(126, 'a')), {{Kind::text, std::string(126, 'a')}}},
      {"127 bytes", client_text(std::string(127, 'a')), {{Kind::text, std::string(127, 'a')}}},
      {"long", client_frame({.opcode = 2, .payload = long_text}), {{Kind::binary, long_text}}},
      {"length of 16 bits for 3 bytes",
       client_frame({.payload = "abc", .length_bytes = 2}),
       {{Kind::text, "abc"}}},
      {"length of 64 bits for 3 bytes",
       client_frame({.payload = "abc", .length_bytes = 8}),
       {{Kind::text, "abc"}}},
      {"two messages", client_text("a") + client_text("bc"), {{Kind::text, "a"}, {Kind::text, "bc"}}},
      {"fragments",
       client_frame({.payload = "ab", .final = false}) +
           client_frame({.opcode = 0, .payload = "", .final = false}) +
           client_frame({.opcode = 0, .payload = "cdefghijk"}) + client_text("next"),
       {{Kind::text, "abcdefghijk"}, {Kind::text, "next"}}},
      {"binary fragments with control frames in between",
       client_frame({.opcode = 2, .payload = "ab", .final = false}) +
           client_frame({.opcode = 9, .payload = "ping"}) +
           client_frame({.opcode = 0, .payload = "c", .final = false}) + client_frame({.opcode = 10}) +
           client_frame({.opcode = 0, .payload = ""}),
       {{Kind::ping, "ping"}, {Kind::pong, ""}, {Kind::binary, "abc"}}},
      {"a character over two fragments",
       client_frame({.payload = snow.substr(0, 1), .final = false}) +
           client_frame({.opcode = 0, .payload = snow.substr(1)}),
       {{Kind::text, snow}}},
      {"ping of 125 bytes",
       client_frame({.opcode = 9, .payload = std::string(125, 'p')}),
       {{Kind::ping, std::string(125, 'p')}}},
      {"empty close", client_frame({.opcode = 8}), {{Kind::close, ""}}},
      {"close with code and reason, and nothing after it",
       client_frame({.opcode = 8, .payload = close_body(1000, "bye " + snow)}) + client_text("late"),
       {{Kind::close, "bye " + snow, 1000}}},
      {"close inside a fragmented message",
       client_frame({.payload = "ab", .final = false}) +
           client_frame({.opcode = 8, .payload = close_body(4999)}),
       {{Kind::close, "", 4999}}},

      {"unmasked",
       client_frame({.payload = "a", .masked = false}),
       {error(CloseCode::protocol_error, "client frame without a mask")}},
      {"RSV1",
       client_frame({.payload = "a", .reserved = 4}),
       {error(CloseCode::protocol_error, "reserved bit set without an extension")}},
      {"RSV2",
       client_frame({.payload = "a", .reserved = 2}),
       {error(CloseCode::protocol_error, "reserved bit set without an extension")}},
      {"RSV3 on a ping",
       client_frame({.opcode = 9, .reserved = 1}),
       {error(CloseCode::protocol_error, "reserved bit set without an extension")}},
      {"opcode 3", client_frame({.opcode = 3}), {error(CloseCode::protocol_error, "reserved opcode")}},
      {"opcode 7", client_frame({.opcode = 7}), {error(CloseCode::protocol_error, "reserved opcode")}},
      {"opcode 11", client_frame({.opcode = 11}), {error(CloseCode::protocol_error, "reserved opcode")}},
      {"opcode 15", client_frame({.opcode = 15}), {error(CloseCode::protocol_error, "reserved opcode")}},
      {"fragmented ping",
       client_frame({.opcode = 9, .final = false}),
       {error(CloseCode::protocol_error, "fragmented control frame")}},
      {"long ping",
       client_frame({.opcode = 9, .payload = std::string(126, 'p')}),
       {error(CloseCode::protocol_error, "control frame longer than 125 bytes")}},
      {"stray continuation",
       client_frame({.opcode = 0, .payload = "a"}),
       {error(CloseCode::protocol_error, "continuation frame without a message")}},
      {"continuation after a finished message",
       client_text("a") + client_frame({.opcode = 0, .payload = "a"}),
       {{Kind::text, "a"}, error(CloseCode::protocol_error, "continuation frame without a message")}},
      {"text inside a fragmented message",
       client_frame({.payload = "a", .final = false}) + client_text("b"),
       {error(CloseCode::protocol_error, "new message inside a fragmented one")}},
      {"close of one byte",
       client_frame({.opcode = 8, .payload = "\x03"}),
       {error(CloseCode::protocol_error, "close frame with half a code")}},
      {"close reason of bad UTF-8",
       client_frame({.opcode = 8, .payload = close_body(1000, "\xc0\x80")}),
       {error(CloseCode::invalid_data, "close reason is not valid UTF-8")}},
      {"bad UTF-8", client_text("ab\xff"), {error(CloseCode::invalid_data, "text is not valid UTF-8")}},
      {"a surrogate",
       client_text("\xed\xa0\x80"),
       {error(CloseCode::invalid_data, "text is not valid UTF-8")}},
      {"bad UTF-8 over two fragments",
       client_frame({.payload = "\xe2", .final = false}) + client_frame({.opcode = 0, .payload = "\x28\xa1"}),
       {error(CloseCode::invalid_data, "text is not valid UTF-8")}},
      {"unfinished character in fragments",
       client_frame({.payload = "a", .final = false}) + client_frame({.opcode = 0, .payload = "\xe2\x98"}),
       {error(CloseCode::invalid_data, "text ends inside a UTF-8 character")}},
  };
}

constexpr DecoderLimits kRoomy{.message_bytes = 100'000, .fragments = 64};

TEST(FrameDecoder, DecodesWhatArrivesWhole) {
  for (const auto& test : cases()) EXPECT_EQ(decode(test.bytes, kRoomy), test.expected) << test.name;
}

TEST(FrameDecoder, DecodesTheSameHoweverTheInputIsCut) {
  for (const auto& test : cases()) {
    if (test.bytes.size() > 1000) continue;
    EXPECT_EQ(decode_bytewise(test.bytes, kRoomy), test.expected) << test.name << ", byte by byte";
    for (std::size_t at = 0; at <= test.bytes.size(); ++at) {
      ASSERT_EQ(decode_cut(test.bytes, at, kRoomy), test.expected) << test.name << ", cut at " << at;
    }
  }
}

TEST(FrameDecoder, UnmasksAtEveryLengthAndCut) {
  std::string payload;
  for (int i = 0; i < 40; ++i) payload += static_cast<char>(i * 7);
  for (std::size_t length = 0; length <= payload.size(); ++length) {
    const std::string expected = payload.substr(0, length);
    const std::string bytes = client_frame({.opcode = 2, .payload = expected});
    for (std::size_t at = 0; at <= bytes.size(); ++at)
      ASSERT_EQ(decode_cut(bytes, at), (std::vector<Decoded>{{Kind::binary, expected}}))
          << length << " " << at;
  }
}

TEST(FrameDecoder, HandsOutAWholeFrameWithoutCopyOrAllocation) {
  std::string bytes = client_text(std::string(1000, 'x')) + client_frame({.opcode = 9, .payload = "p"});
  Decoder decoder({});
  char* data = bytes.data();
  std::size_t size = bytes.size();

  const test::AllocationMeter meter;
  const Event text = decoder.next(data, size);
  const char* const text_at = text.payload.data();
  const Event ping = decoder.next(data, size);
  const Event end = decoder.next(data, size);

  EXPECT_EQ(meter.count(), 0U);
  EXPECT_EQ(text_at, bytes.data() + 8);
  EXPECT_EQ(ping.payload, "p");
  EXPECT_EQ(end.kind, Kind::need_more);
}

TEST(FrameDecoder, IsSmallAndOwnsNothingWhenIdle) {
  EXPECT_LE(sizeof(Decoder), 64U);
  Decoder decoder({});
  std::vector<Decoded> seen;
  drain(decoder, client_frame({.payload = "ab", .final = false}), seen);
  drain(decoder, client_frame({.opcode = 0, .payload = "cd"}), seen);

  std::string bytes = client_text("x");
  char* data = bytes.data();
  std::size_t size = bytes.size();
  const test::AllocationMeter meter;
  const Event event = decoder.next(data, size);

  EXPECT_EQ(event.payload, "x");
  EXPECT_EQ(event.payload.data(), bytes.data() + 6);  // in place again: nothing was left of the cut message
  EXPECT_EQ(meter.count(), 0U);
}

TEST(FrameDecoder, JudgesTheMessageSizeOnTheHeader) {
  const DecoderLimits limits{.message_bytes = 10, .fragments = 64};
  const Decoded too_big = error(CloseCode::too_big, "message too big");
  const std::string ten(10, 'x');

  EXPECT_EQ(decode(client_text(ten), limits), (std::vector<Decoded>{{Kind::text, ten}}));
  EXPECT_EQ(decode(client_text(ten + "x").substr(0, 6), limits), std::vector<Decoded>{too_big});
  EXPECT_EQ(decode(client_frame({.payload = ten, .final = false}) +
                       client_frame({.opcode = 0, .payload = "x"}).substr(0, 6),
                   limits),
            std::vector<Decoded>{too_big});
  EXPECT_EQ(decode(client_frame({.payload = ten, .final = false}) +
                       client_frame({.opcode = 9, .payload = ten}) + client_frame({.opcode = 0}),
                   limits),
            (std::vector<Decoded>{{Kind::ping, ten}, {Kind::text, ten}}));
}

TEST(FrameDecoder, RefusesHugeLengthsWithoutAllocating) {
  for (const std::uint64_t length :
       {std::uint64_t{65'537}, std::uint64_t{1} << 53, (std::uint64_t{1} << 53) + 1, std::uint64_t{1} << 63,
        ~std::uint64_t{0}}) {
    for (const unsigned opcode : {1U, 2U}) {
      std::string bytes = client_header_announcing(opcode, length);
      Decoder decoder({});
      char* data = bytes.data();
      std::size_t size = bytes.size();
      const test::AllocationMeter meter;

      const Event event = decoder.next(data, size);

      EXPECT_EQ(event.code, static_cast<std::uint16_t>(CloseCode::too_big)) << length;
      EXPECT_EQ(meter.count(), 0U);
    }
  }
}

TEST(FrameDecoder, AllocatesByWhatArrivedAndNotByWhatWasAnnounced) {
  std::string bytes = client_header_announcing(2, 1'000'000) + std::string(100, 'x');
  Decoder decoder({.message_bytes = 16'000'000, .fragments = 0});
  char* data = bytes.data();
  std::size_t size = bytes.size();
  const test::AllocationMeter meter;

  EXPECT_EQ(decoder.next(data, size).kind, Kind::need_more);

  EXPECT_LE(meter.largest(), 1024U);
}

TEST(FrameDecoder, CountsFragments) {
  const DecoderLimits limits{.message_bytes = 100, .fragments = 3};
  const std::string first = client_frame({.payload = "a", .final = false});
  const std::string middle = client_frame({.opcode = 0, .payload = "b", .final = false});
  const std::string last = client_frame({.opcode = 0, .payload = "c"});
  const Decoded too_many = error(CloseCode::policy_violation, "too many fragments");

  EXPECT_EQ(decode(first + middle + last + first + middle + last, limits),
            (std::vector<Decoded>{{Kind::text, "abc"}, {Kind::text, "abc"}}));
  EXPECT_EQ(decode(first + middle + middle + last, limits), std::vector<Decoded>{too_many});
  EXPECT_EQ(decode(client_text("a"), {.message_bytes = 100, .fragments = 1}).size(), 1U);

  std::string many = first;
  for (int i = 0; i < 5000; ++i) many += client_frame({.opcode = 0, .final = false});
  EXPECT_EQ(decode(many + last, {.message_bytes = 100, .fragments = 0}),
            (std::vector<Decoded>{{Kind::text, "ac"}}));
}

TEST(FrameDecoder, FindsBadTextBeforeTheMessageEnds) {
  const std::string bytes = client_text("ab\xff" + std::string(1000, 'x'));

  EXPECT_EQ(decode(bytes.substr(0, 11)),
            std::vector<Decoded>{error(CloseCode::invalid_data, "text is not valid UTF-8")});
}

TEST(FrameDecoder, JudgesOpcodeAndMaskOnTheSecondByte) {
  EXPECT_EQ(decode(client_frame({.payload = "a", .masked = false}).substr(0, 2)).size(), 1U);
  EXPECT_EQ(decode(client_frame({.opcode = 5}).substr(0, 2)).size(), 1U);
  EXPECT_TRUE(decode(client_frame({.opcode = 5}).substr(0, 1)).empty());
}

TEST(FrameDecoder, AcceptsOnlyCloseCodesThatMayBeSent) {
  for (unsigned code = 0; code < 65536; ++code) {
    const bool good =
        (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code < 5000);
    const auto seen =
        decode(client_frame({.opcode = 8, .payload = close_body(static_cast<std::uint16_t>(code))}));
    ASSERT_EQ(seen.size(), 1U);
    if (good) {
      ASSERT_EQ(seen[0], (Decoded{Kind::close, "", static_cast<std::uint16_t>(code)}));
    } else {
      ASSERT_EQ(seen[0], error(CloseCode::protocol_error, "close code that may not be sent")) << code;
    }
  }
}

}  // namespace
}  // namespace togglecast::wire::websocket
