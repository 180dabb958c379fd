#include "wire/websocket/deflate.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>
#include <string_view>

namespace togglecast::wire::websocket {
namespace {

using Outcome = Inflater::Outcome;
using namespace std::string_literals;

constexpr std::size_t kLimit = 1 << 20;

std::string noise(std::size_t size) {
  std::mt19937 random(7);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string prose(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += "the " + std::to_string(i * i) + "th switch is off; ";
  text.resize(size);
  return text;
}

// What a client may send: raw DEFLATE with a flush at the end, without its last four bytes.
std::string client_deflate(std::string_view message, int window_bits = 15, int level = 9) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, level, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&z, message.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
  z.avail_in = static_cast<uInt>(message.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&z, Z_SYNC_FLUSH), Z_OK);
  out.resize(out.size() - z.avail_out - 4);
  deflateEnd(&z);
  return out;
}

std::string inflated(Inflater& inflater, std::string_view payload, bool text = false) {
  EXPECT_EQ(inflater.inflate(payload, kLimit, text), Outcome::whole);
  return std::string(inflater.message());
}

TEST(Inflater, ReadsTheExamplesOfTheSpecification) {
  Inflater inflater;

  EXPECT_EQ(inflated(inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");                          // 7.2.3.1
  EXPECT_EQ(inflated(inflater, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s), "Hello");          // 7.2.3.3
  EXPECT_EQ(inflated(inflater, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s), "Hello");                      // 7.2.3.4
  EXPECT_EQ(inflated(inflater, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s), "Hello");  // 7.2.3.5
  EXPECT_EQ(inflated(inflater, "\x00"s), "");                                                       // 7.2.3.6
}

TEST(Inflater, ReadsAMessageThatEndsWithABlockMarkedAsTheLast) {
  Inflater inflater;

  EXPECT_EQ(inflated(inflater, "\xf3\x48\xcd\xc9\xc9\x07\x00"s), "Hello");
}

TEST(Inflater, GoesOnBehindABlockMarkedAsTheLastWithTheSameWindow) {
  Inflater inflater;
  const std::string hello_marked = "\xf3\x48\xcd\xc9\xc9\x07\x00"s;
  const std::string hello_again = "\xf2\x00\x11\x00\x00"s;  // 7.2.3.2: refers five bytes back

  EXPECT_EQ(inflated(inflater, hello_marked + hello_again), "HelloHello");
}

TEST(Inflater, KeepsNothingFromOneMessageToTheNext) {
  Inflater inflater;
  EXPECT_EQ(inflated(inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");

  EXPECT_EQ(inflater.inflate("\xf2\x00\x11\x00\x00"s, kLimit, false), Outcome::corrupt);
  EXPECT_EQ(inflated(inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");
}

TEST(Inflater, ReadsEverySizeAndWindow) {
  Inflater inflater;
  for (const int window : {9, 12, 15}) {
    for (const std::size_t size : {1U, 255U, 16'383U, 16'384U, 16'385U, 65'536U, 300'000U}) {
      EXPECT_EQ(inflated(inflater, client_deflate(prose(size), window), true), prose(size));
      EXPECT_EQ(inflated(inflater, client_deflate(noise(size), window)), noise(size));
      EXPECT_EQ(inflated(inflater, client_deflate(noise(size), window, 0)), noise(size));
    }
  }
}

TEST(Inflater, TakesAMessageOfTheLimitAndNotAByteMore) {
  Inflater inflater;
  for (const std::size_t limit : {0U, 1U, 100U, 16'384U, 65'536U, 100'000U}) {
    EXPECT_EQ(inflater.inflate(client_deflate(std::string(limit, 'a')), limit, true), Outcome::whole)
        << limit;
    EXPECT_EQ(inflater.message().size(), limit);
    EXPECT_EQ(inflater.inflate(client_deflate(std::string(limit + 1, 'a')), limit, true), Outcome::too_big)
        << limit;
  }
}

TEST(Inflater, StopsABombAtTheLimit) {
  Inflater inflater;
  const std::string bomb = client_deflate(std::string(20 << 20, '\0'), 15, 1);
  ASSERT_LT(bomb.size(), 200'000U);

  EXPECT_EQ(inflater.inflate(bomb, 1'000, true), Outcome::too_big);
  EXPECT_LE(inflater.message().size(), 1'001U);
}

TEST(Inflater, RefusesWhatIsNoDeflateOrIsCut) {
  Inflater inflater;
  const std::string whole = client_deflate(prose(1'000));
  for (const std::string& payload : {
           ""s,
           "\xff\xff"s,                          // a block of reserved type
           "\x00\x05\x00\xfa\xfe"s,              // lengths of a stored block that disagree
           "\x00\x06\x00\xf9\xff\x48"s,          // a stored block that is cut
           whole.substr(0, whole.size() - 1),    //
           whole.substr(0, whole.size() / 2),    //
           whole + "\x07"s,                      // garbage behind it
           "\xf3\x48\xcd\xc9\xc9\x07\x00\xff"s,  // garbage behind a block marked as the last
           "\xf2\x48\xcd\xc9\xc9"s,
       })
    EXPECT_EQ(inflater.inflate(payload, kLimit, false), Outcome::corrupt) << payload.size();
}

TEST(Inflater, JudgesTextAsItIsInflated) {
  Inflater inflater;
  const std::string snow = "\xe2\x98\x83";

  EXPECT_EQ(inflated(inflater, client_deflate(snow), true), snow);
  EXPECT_EQ(inflater.inflate(client_deflate("a\xff"), kLimit, true), Outcome::invalid_text);
  EXPECT_EQ(inflater.inflate(client_deflate("a\xff"), kLimit, false), Outcome::whole);
  EXPECT_EQ(inflater.inflate(client_deflate("a\xe2\x98"), kLimit, true), Outcome::invalid_text);
  // A character over the end of the first piece, and one that breaks long before the limit does.
  EXPECT_EQ(inflated(inflater, client_deflate(std::string(16'383, 'a') + snow), true),
            std::string(16'383, 'a') + snow);
  EXPECT_EQ(inflater.inflate(client_deflate("\xff" + std::string(kLimit, 'a')), kLimit, true),
            Outcome::invalid_text);
}

TEST(Inflater, AnswersTheSameWhateverItHadToReadBefore) {
  const std::string both = client_deflate("\xff" + std::string(20'000, 'a'));  // no text, and too long
  Inflater fresh, used;
  EXPECT_EQ(inflated(used, client_deflate(prose(60'000))).size(), 60'000U);

  EXPECT_EQ(fresh.inflate(both, 20'000, true), Outcome::invalid_text);
  EXPECT_EQ(used.inflate(both, 20'000, true), Outcome::invalid_text);
}

TEST(Inflater, GivesBackWhatALargeMessageTook) {
  Inflater inflater;
  EXPECT_EQ(inflated(inflater, client_deflate(prose(60'000))).size(), 60'000U);
  inflater.release();
  EXPECT_EQ(inflater.message().size(), 60'000U);  // an ordinary buffer stays

  EXPECT_EQ(inflated(inflater, client_deflate(prose(600'000))).size(), 600'000U);
  inflater.release();
  EXPECT_TRUE(inflater.message().empty());
}

TEST(Deflater, MakesWhatAnInflaterReads) {
  Inflater inflater;
  for (int window = 9; window <= 15; ++window) {
    for (const int level : {1, 6, 9}) {
      Deflater deflater(window, level);
      for (const std::size_t size : {100U, 256U, 5'000U, 70'000U}) {
        const std::string message = prose(size);
        const auto payload = deflater.deflate(message);
        ASSERT_FALSE(payload.empty());
        ASSERT_LT(payload.size(), size);
        EXPECT_EQ(inflated(inflater, payload, true), message);
      }
    }
  }
}

TEST(Deflater, StaysWithinItsWindow) {
  // A stretch that comes back 3,000 bytes later is out of reach of 2^9 and within that of 2^12.
  const std::string stretch = noise(300);
  const std::string message = stretch + prose(3'000) + stretch;
  Deflater narrow(9, 9);
  Deflater wide(12, 9);

  EXPECT_GT(narrow.deflate(message).size(), wide.deflate(message).size() + 200);
}

TEST(Deflater, CompressesEachMessageByItself) {
  Deflater deflater(15, 6);
  const std::string first(deflater.deflate(prose(2'000)));

  EXPECT_EQ(deflater.deflate(prose(2'000)), first);
}

TEST(Deflater, DeclinesWhatWouldBeNoSmaller) {
  Deflater deflater(15, 6);

  EXPECT_TRUE(deflater.deflate("").empty());
  EXPECT_TRUE(deflater.deflate("a").empty());
  EXPECT_TRUE(deflater.deflate(noise(10'000)).empty());
  EXPECT_FALSE(deflater.deflate(prose(10'000)).empty());
}

TEST(MostDeflated, LeavesRoomForAnyCompressorAndDoesNotOverflow) {
  for (const std::size_t size : {0U, 1U, 1'000U, 100'000U})
    EXPECT_LE(client_deflate(noise(size), 9, 0).size(), most_deflated(size));
  EXPECT_EQ(most_deflated(SIZE_MAX), SIZE_MAX);
  EXPECT_EQ(most_deflated(SIZE_MAX - 10), SIZE_MAX);
}

}  // namespace
}  // namespace togglecast::wire::websocket
