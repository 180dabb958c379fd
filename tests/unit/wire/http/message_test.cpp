#include "wire/http/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace togglecast::wire::http {
namespace {

TEST(HttpQuery, DecodesParametersInOrder) {
  const Query query("EIO=4&transport=polling&a=1&a=%32&b+c=%C3%A9+x&flag&&=empty&z=");

  EXPECT_EQ(query.value("EIO"), "4");
  EXPECT_EQ(query.value("a"), "2");
  EXPECT_EQ(query.value("b c"), "\xc3\xa9 x");
  EXPECT_TRUE(query.contains("flag"));
  EXPECT_EQ(query.value("flag"), "");
  EXPECT_EQ(query.value(""), "empty");
  EXPECT_TRUE(query.contains("z"));
  EXPECT_FALSE(query.contains("eio"));
  EXPECT_EQ(query.parameters().size(), 8U);
  EXPECT_TRUE(Query("").parameters().empty());
}

TEST(HttpQuery, KeepsBrokenEscapes) {
  const Query query("a=100%&b=%zz&c=%4&d=%41%");

  EXPECT_EQ(query.value("a"), "100%");
  EXPECT_EQ(query.value("b"), "%zz");
  EXPECT_EQ(query.value("c"), "%4");
  EXPECT_EQ(query.value("d"), "A%");
}

TEST(HttpPercentDecode, RefusesBrokenEscapes) {
  std::string out;

  EXPECT_TRUE(percent_decode("a%20b+c%2f", out));
  EXPECT_EQ(out, "a b+c/");
  for (const auto* text : {"%", "%4", "a%4g", "%%41", "%-1"}) EXPECT_FALSE(percent_decode(text, out)) << text;
}

TEST(HttpResponse, HasLengthAndBody) {
  Response response;
  response.headers.add("Content-Type", "text/plain");
  response.body = "hello";

  EXPECT_EQ(serialize(response, true, false),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(serialize(response, true, true),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n");
}

TEST(HttpResponse, SaysThatItCloses) {
  Response response;
  response.status = 400;
  EXPECT_EQ(serialize(response, false, false),
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

  response.close = true;
  EXPECT_EQ(serialize(response, true, false),
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST(HttpResponse, HasNoBodyWhereNoneMayBe) {
  for (const unsigned status : {101U, 204U, 304U}) {
    Response response;
    response.status = status;
    response.body = "ignored";
    const std::string text = serialize(response, true, false);
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("Content-Length"))) << status;
    EXPECT_THAT(text, testing::EndsWith("\r\n\r\n")) << status;
  }
}

TEST(HttpResponse, CannotBeSplitByHeaderValues) {
  Response response;
  response.headers.add("Location", "/a\r\nSet-Cookie: x=1\n\ny");

  EXPECT_EQ(serialize(response, true, false),
            "HTTP/1.1 200 OK\r\nLocation: /a  Set-Cookie: x=1  y\r\nContent-Length: 0\r\n\r\n");
}

TEST(HttpResponse, KnowsReasonPhrases) {
  EXPECT_EQ(reason_phrase(101), "Switching Protocols");
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(429), "Too Many Requests");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(reason_phrase(505), "HTTP Version Not Supported");
  EXPECT_EQ(reason_phrase(299), "Unknown");
}

}  // namespace
}  // namespace togglecast::wire::http
