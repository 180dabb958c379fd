#include "cluster/redis/resp.hpp"

#include <gtest/gtest.h>

namespace togglecast::cluster::redis {
namespace {

constexpr std::string_view kNested =
    "*4\r\n*2\r\n$1\r\na\r\n:1\r\n$-1\r\n-ERR no\r\n*2\r\n*1\r\n*0\r\n+OK\r\n";

void expect_nested(const Reply& reply) {
  ASSERT_EQ(reply.type, Reply::Type::array);
  ASSERT_EQ(reply.items.size(), 4U);
  EXPECT_EQ(reply.items[0].items[0].text, "a");
  EXPECT_EQ(reply.items[0].items[1].integer, 1);
  EXPECT_EQ(reply.items[1].type, Reply::Type::null);
  EXPECT_EQ(reply.items[2].type, Reply::Type::error);
  EXPECT_EQ(reply.items[2].text, "ERR no");
  EXPECT_EQ(reply.items[3].items[0].items[0].type, Reply::Type::array);
  EXPECT_EQ(reply.items[3].items[1].text, "OK");
}

TEST(Resp, EncodesWordsOfAnyBytes) {
  using namespace std::string_literals;
  EXPECT_EQ(encode({"SET", "a\r\n\0"s, ""}), "*3\r\n$3\r\nSET\r\n$4\r\na\r\n\0\r\n$0\r\n\r\n"s);
}

TEST(Resp, ReadsRepliesInAnyPieces) {
  for (std::size_t cut = 0; cut <= kNested.size(); ++cut) {
    ReplyReader reader;

    reader.feed(kNested.substr(0, cut));
    auto reply = reader.next();
    ASSERT_TRUE(reply);
    if (!*reply) {
      reader.feed(kNested.substr(cut));
      reply = reader.next();
    }

    ASSERT_TRUE(reply && *reply) << cut;
    expect_nested(**reply);
    EXPECT_FALSE(*reader.next());
  }
}

TEST(Resp, ReadsManyRepliesOfOnePiece) {
  ReplyReader reader;

  reader.feed(std::string(kNested) + std::string(kNested) + ":7\r\n");

  expect_nested(**reader.next());
  expect_nested(**reader.next());
  EXPECT_EQ((**reader.next()).integer, 7);
}

TEST(Resp, RefusesBytesOfAnotherProtocol) {
  ReplyReader reader;

  reader.feed("HTTP/1.1 400 Bad Request\r\n\r\n");
  const auto reply = reader.next();

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Errc::parse_error);
}

TEST(Resp, RefusesRepliesBeyondItsLimits) {
  ReplyReader values({.bytes = 1'000, .values = 3});
  values.feed("*2147483647\r\n:1\r\n:2\r\n:3\r\n");
  const auto many = values.next();
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code, Errc::payload_too_large);

  ReplyReader bytes({.bytes = 100, .values = 3});
  bytes.feed("$1000000000\r\n" + std::string(100, 'x'));
  const auto large = bytes.next();
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::payload_too_large);
}

TEST(Resp, CountsEachReplyByItself) {
  ReplyReader reader({.bytes = 40, .values = 3});

  for (int round = 0; round < 10; ++round) {
    reader.feed("*2\r\n$10\r\n0123456789\r\n:1\r\n");
    const auto reply = reader.next();
    ASSERT_TRUE(reply && *reply) << round;
  }
}

TEST(Resp, RefusesTooDeepNestingAndBadLengths) {
  for (const char* bytes : {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "*-2\r\n",
                            "$-2\r\n", "$99999999999999999999\r\n", "*99999999999\r\n", ":x\r\n", "\r\n"}) {
    ReplyReader reader;
    reader.feed(bytes);
    EXPECT_FALSE(reader.next()) << bytes;
  }
}

}  // namespace
}  // namespace togglecast::cluster::redis
