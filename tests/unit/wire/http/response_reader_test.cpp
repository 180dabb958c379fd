#include "wire/http/response_reader.hpp"

#include <gtest/gtest.h>

namespace togglecast::wire::http {
namespace {

TEST(ResponseReader, ReadsAStatusHeadersAndABody) {
  const auto read = read_response("HTTP/1.1 201 Created\r\nContent-Length: 2\r\nLocation: /x\r\n\r\n{}");

  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->status, 201U);
  EXPECT_EQ(read->headers.value("location"), "/x");
  EXPECT_EQ(read->body, "{}");
}

TEST(ResponseReader, ReadsChunksAndABodyThatTheEndOfTheConnectionEnds) {
  const auto chunked =
      read_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  const auto open = read_response("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde");

  ASSERT_TRUE(chunked.has_value() && open.has_value());
  EXPECT_EQ(chunked->body, "abcde");
  EXPECT_EQ(open->body, "abcde");
}

TEST(ResponseReader, RefusesWhatIsCutOrNoResponse) {
  for (const char* text :
       {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "hello\r\n\r\n"}) {
    const auto read = read_response(text);
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().code, Errc::parse_error) << text;
  }
}

}  // namespace
}  // namespace togglecast::wire::http
