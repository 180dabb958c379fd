#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/client_frames.hpp"
#include "unit/wire/allocation_meter.hpp"
#include "wire/websocket/deflate.hpp"
#include "wire/websocket/frame.hpp"

namespace togglecast::wire::websocket {
namespace {

using test::client_frame;
using test::client_text;
using test::ClientFrame;
using Kind = Event::Kind;
using namespace std::string_literals;

constexpr unsigned kRsv1 = 4;
const std::string kHello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;  // RFC 7692, 7.2.3.1

struct Seen {
  Kind kind;
  std::string payload;
  std::uint16_t code = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  return out << "{" << static_cast<int>(seen.kind) << ", \"" << seen.payload.substr(0, 60) << "\" ("
             << seen.payload.size() << "), " << seen.code << "}";
}

class CompressedFrames : public testing::Test {
 protected:
  static constexpr std::size_t kWhole = static_cast<std::size_t>(-1);

  // In pieces of `step` bytes.
  std::vector<Seen> decode(const std::string& bytes, std::size_t step = kWhole) {
    Decoder decoder(limits_);
    std::vector<Seen> seen;
    for (std::size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size())) {
      std::string piece = bytes.substr(at, step);
      char* data = piece.data();
      std::size_t size = piece.size();
      while (true) {
        const Event event = decoder.next(data, size, &inflater_);
        if (event.kind == Kind::need_more) break;
        seen.push_back({event.kind, std::string(event.payload), event.code});
      }
    }
    return seen;
  }
  static Seen error(CloseCode code, std::string reason) {
    return {Kind::error, std::move(reason), static_cast<std::uint16_t>(code)};
  }
  static std::string compressed(std::string_view payload, unsigned opcode = 1) {
    return client_frame({.opcode = opcode, .payload = payload, .reserved = kRsv1});
  }
  // The payload cut into frames of `step` bytes.
  static std::string fragments(std::string_view payload, std::size_t step) {
    std::string bytes;
    for (std::size_t at = 0; at < payload.size(); at += step) {
      bytes += client_frame({.opcode = at == 0 ? 1U : 0U,
                             .payload = payload.substr(at, step),
                             .final = at + step >= payload.size(),
                             .reserved = at == 0 ? kRsv1 : 0});
    }
    return bytes;
  }

  Inflater inflater_;
  DecoderLimits limits_;
};

const Seen kNoExtension{Kind::error, "reserved bit set without an extension", 1002};

TEST_F(CompressedFrames, AreInflated) {
  const std::vector<Seen> expected{{Kind::text, "Hello"}, {Kind::binary, "Hello"}, {Kind::text, ""}};
  const std::string bytes = compressed(kHello) + compressed(kHello, 2) + compressed("\x00"s);

  EXPECT_EQ(decode(bytes), expected);
  EXPECT_EQ(decode(bytes, 1), expected);
  EXPECT_EQ(decode(bytes, 5), expected);
}

TEST_F(CompressedFrames, MayBePlainOnesInBetween) {
  const std::vector<Seen> expected{{Kind::text, "plain"}, {Kind::text, "Hello"}, {Kind::text, "again"}};

  EXPECT_EQ(decode(client_text("plain") + compressed(kHello) + client_text("again")), expected);
}

TEST_F(CompressedFrames, MayBeFragmentedAnywhereWithControlFramesInBetween) {
  const std::vector<Seen> hello{{Kind::text, "Hello"}};
  for (std::size_t step = 1; step < kHello.size(); ++step) {
    EXPECT_EQ(decode(fragments(kHello, step)), hello) << step;
    EXPECT_EQ(decode(fragments(kHello, step), 1), hello) << step;
  }
  const std::string pinged =
      client_frame({.payload = kHello.substr(0, 3), .final = false, .reserved = kRsv1}) +
      client_frame({.opcode = 9, .payload = "p"}) +
      client_frame({.opcode = 0, .payload = "", .final = false}) +
      client_frame({.opcode = 0, .payload = kHello.substr(3)});
  const std::vector<Seen> expected{{Kind::ping, "p"}, {Kind::text, "Hello"}};

  EXPECT_EQ(decode(pinged), expected);
}

TEST_F(CompressedFrames, OfManyFragmentsAreOneMessage) {
  limits_.fragments = 0;
  Deflater deflater(15, 6);
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += std::to_string(i);
  const std::vector<Seen> expected{{Kind::text, text}};

  EXPECT_EQ(decode(fragments(deflater.deflate(text), 1)), expected);
}

TEST_F(CompressedFrames, CarryRsv1OnlyOnTheFirstFrameOfADataMessage) {
  const std::string opened =
      client_frame({.payload = kHello.substr(0, 3), .final = false, .reserved = kRsv1});
  for (const std::string& bytes : {
           opened + client_frame({.opcode = 0, .payload = kHello.substr(3), .reserved = kRsv1}),
           client_frame({.payload = "plain", .final = false}) +
               client_frame({.opcode = 0, .payload = kHello, .reserved = kRsv1}),
           client_frame({.opcode = 9, .reserved = kRsv1}),
           client_frame({.opcode = 10, .reserved = kRsv1}),
           client_frame({.opcode = 8, .reserved = kRsv1}),
           client_frame({.payload = kHello, .reserved = 2}),
           client_frame({.payload = kHello, .reserved = 1}),
           client_frame({.payload = kHello, .reserved = kRsv1 | 2}),
           client_frame({.payload = kHello, .reserved = kRsv1 | 1}),
       })
    EXPECT_EQ(decode(bytes), std::vector<Seen>{kNoExtension});
}

TEST_F(CompressedFrames, AreRefusedWithoutAnInflater) {
  Decoder decoder({});
  std::string bytes = compressed(kHello);
  char* data = bytes.data();
  std::size_t size = bytes.size();
  const Event event = decoder.next(data, size);

  EXPECT_EQ(event.kind, Kind::error);
  EXPECT_EQ(event.code, 1002);
}

TEST_F(CompressedFrames, BreakOffAtTheLimit) {
  limits_ = {.message_bytes = 1'000, .fragments = 0};
  Deflater deflater(15, 9);
  const std::string bomb(deflater.deflate(std::string(1 << 20, 'a')));
  const std::vector<Seen> too_big{error(CloseCode::too_big, "message too big")};

  EXPECT_EQ(decode(compressed(bomb)), too_big);
  EXPECT_EQ(decode(fragments(bomb, 7)), too_big);
  EXPECT_EQ(decode(compressed(deflater.deflate(std::string(1'000, 'a')))),
            (std::vector<Seen>{{Kind::text, std::string(1'000, 'a')}}));
}

TEST_F(CompressedFrames, OfBytesThatDoNotCompressMayBeAsLongAsTheLimitAllowsPlain) {
  limits_ = {.message_bytes = 1'000, .fragments = 0};
  // One stored block: 00, length, its complement, bytes; then the beginning of the empty one.
  const auto stored = [](std::size_t size) {
    std::string payload = "\x00"s;
    for (const std::size_t number : {size, ~size}) {
      payload += static_cast<char>(number & 0xff);
      payload += static_cast<char>(number >> 8 & 0xff);
    }
    return payload + std::string(size, 'b') + "\x00"s;
  };

  EXPECT_EQ(decode(compressed(stored(1'000))), (std::vector<Seen>{{Kind::text, std::string(1'000, 'b')}}));
  EXPECT_EQ(decode(compressed(stored(1'001))),
            (std::vector<Seen>{error(CloseCode::too_big, "message too big")}));
}

TEST_F(CompressedFrames, ThatSayNothingForeverAreCutOff) {
  limits_ = {.message_bytes = 1'000, .fragments = 0};
  std::string bytes = client_frame({.payload = "\x00\x00\x00\xff\xff"s, .final = false, .reserved = kRsv1});
  for (int i = 0; i < 300; ++i)
    bytes += client_frame({.opcode = 0, .payload = "\x00\x00\x00\xff\xff"s, .final = false});

  EXPECT_EQ(decode(bytes), (std::vector<Seen>{error(CloseCode::too_big, "message too big")}));
}

TEST_F(CompressedFrames, AreJudgedAsText) {
  const std::string bad = "\x00\x01\x00\xfe\xff\xff\x00"s;  // a stored block of one byte, ff

  EXPECT_EQ(decode(compressed(bad)),
            (std::vector<Seen>{error(CloseCode::invalid_data, "text is not valid UTF-8")}));
  EXPECT_EQ(decode(compressed(bad, 2)), (std::vector<Seen>{{Kind::binary, "\xff"}}));
  EXPECT_EQ(decode(compressed("\xff\xff")),
            (std::vector<Seen>{error(CloseCode::invalid_data, "compressed data is corrupt")}));
  EXPECT_EQ(decode(fragments("\xff\xff", 1)),
            (std::vector<Seen>{error(CloseCode::invalid_data, "compressed data is corrupt")}));
}

TEST_F(CompressedFrames, LeaveNothingBehindInTheDecoder) {
  Decoder decoder({});
  const auto feed = [&] {
    std::string bytes = compressed(kHello);
    char* data = bytes.data();
    std::size_t size = bytes.size();
    EXPECT_EQ(decoder.next(data, size, &inflater_).payload, "Hello");
    EXPECT_EQ(decoder.next(data, size, &inflater_).kind, Kind::need_more);
  };
  feed();  // the inflater takes its memory
  std::string bytes = compressed(kHello);
  char* data = bytes.data();
  std::size_t size = bytes.size();
  const test::AllocationMeter meter;

  EXPECT_EQ(decoder.next(data, size, &inflater_).payload, "Hello");
  EXPECT_EQ(meter.count(), 0U);
}

TEST(CompressedEncoder, SetsRsv1AndNothingElse) {
  for (const std::size_t size : {0U, 125U, 126U, 65'535U, 65'536U}) {
    const std::string payload(size, 'x');
    std::string plain(encode(Opcode::text, payload).view());
    plain[0] = '\xc1';
    EXPECT_EQ(encode_compressed(Opcode::text, payload).view(), plain);
  }
}

TEST(WholeDataFrame, ReadsWhatEncodeMade) {
  for (const std::size_t size : {0U, 125U, 126U, 65'535U, 65'536U}) {
    for (const Opcode opcode : {Opcode::text, Opcode::binary}) {
      const std::string payload(size, 'x');
      const SharedBytes block = encode(opcode, payload);
      const auto frame = whole_data_frame(block.view());
      ASSERT_TRUE(frame) << size;
      EXPECT_EQ(frame->opcode, opcode);
      EXPECT_EQ(frame->payload, payload);
    }
  }
}

TEST(WholeDataFrame, IsNothingElse) {
  const auto text = [](const SharedBytes& block) { return std::string(block.view()); };
  for (const std::string& block : {
           ""s, "\x81"s, "\x81\x7e\x01"s, text(encode(Opcode::ping, "p")),
           text(encode_close(CloseCode::normal, "bye")),
           text(encode(Opcode::text, "one")) + text(encode(Opcode::text, "two")),
           text(encode(Opcode::text, "cut")).substr(0, 4), text(encode_compressed(Opcode::text, "x")),
           "\x01\x01x"s,  // not the last fragment
       })
    EXPECT_FALSE(whole_data_frame(block)) << block.size();
}

}  // namespace
}  // namespace togglecast::wire::websocket
