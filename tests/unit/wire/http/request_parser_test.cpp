#include "wire/http/request_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/wire/allocation_meter.hpp"

namespace togglecast::wire::http {
namespace {

using State = RequestParser::State;
using testing::HasSubstr;

constexpr ParserLimits kLimits{
    .header_bytes = 512, .body_bytes = 20, .target_bytes = 100, .header_fields = 50, .query_parameters = 20};

// `POST /path?a=1 [Host=x] "body" keep-alive`, or `400 reason`.
std::string describe(const Request& request) {
  std::string out = request.method_text + " " + request.path;
  for (const auto& [name, value] : request.query.parameters()) out += " ?" + name + "=" + value;
  for (const auto& [name, value] : request.headers.fields())
    out.append(" [").append(name).append("=").append(value).append("]");
  if (!request.body.empty()) out += " \"" + request.body + "\"";
  if (request.upgrade) out += " upgrade";
  if (!request.keep_alive) out += " close";
  return out;
}

struct Outcome {
  std::vector<std::string> seen;
  std::string rest;  // what the parser left in the input
};

// Feeds the pieces as a connection would: what is left over comes before the next piece.
Outcome parse(const std::vector<std::string>& pieces, ParserLimits limits = kLimits) {
  RequestParser parser(limits);
  Outcome outcome;
  for (const auto& piece : pieces) {
    outcome.rest += piece;
    std::string_view input = outcome.rest;
    State state = State::need_more;
    while ((state = parser.feed(input)) == State::complete) outcome.seen.push_back(describe(parser.take()));
    if (state == State::refused) {
      outcome.seen.push_back(std::to_string(parser.refusal().status) + " " + parser.refusal().message);
      break;
    }
    EXPECT_TRUE(input.empty());
    outcome.rest = input;
  }
  return outcome;
}

std::vector<std::string> bytes_of(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

struct Case {
  std::string text;
  std::vector<std::string> expected;
};

void expect_however_cut(const Case& test) {
  EXPECT_EQ(parse({test.text}).seen, test.expected) << test.text;
  EXPECT_EQ(parse(bytes_of(test.text)).seen, test.expected) << "byte by byte: " << test.text;
  for (std::size_t at = 1; at < test.text.size(); ++at) {
    ASSERT_EQ(parse({test.text.substr(0, at), test.text.substr(at)}).seen, test.expected)
        << "cut at " << at << ": " << test.text;
  }
}

TEST(RequestParser, ReadsRequests) {
  const std::vector<Case> cases = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", {"GET / [Host=a]"}},
      {"GET /socket.io/?EIO=4&t=a%20b HTTP/1.1\r\nHost:a:3000\r\nX-Test: \t v w \t\r\nEmpty:\r\n\r\n",
       {"GET /socket.io/ ?EIO=4 ?t=a b [Host=a:3000] [X-Test=v w] [Empty=]"}},
      {"GET /a%2Fb?c?d HTTP/1.1\r\nHost: a\r\n\r\n", {"GET /a%2Fb ?c?d= [Host=a]"}},
      {"GET /%C3%A9 HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\r\n\r\n", {"GET /%C3%A9 [Host=a] [X=\xc3\xa9]"}},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", {"GET / [Host=a] [Connection=close] close"}},
      {"GET / HTTP/1.0\r\n\r\n", {"GET / close"}},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", {"GET / [Connection=keep-alive] close"}},
      {"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", {"BREW /pot [Host=a]"}},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", {"OPTIONS * [Host=a]"}},
      {"GET http://b:80/p?q=1 HTTP/1.1\r\nHost: a\r\n\r\n", {"GET /p ?q=1 [Host=b:80]"}},
      {"GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n", {"GET / [Host=b]"}},
      {"GET http://b?q HTTP/1.0\r\n\r\n", {"GET / ?q= [Host=b] close"}},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
       {"POST / [Host=a] [Content-Length=5] \"hello\""}},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", {"POST / [Host=a] [Content-Length=0]"}},
      {"POST / HTTP/1.1\r\nHost: a\r\n\r\n", {"POST / [Host=a]"}},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n3;x=\"y\"\r\n "
       "or\r\n0\r\n\r\n",
       {"POST / [Host=a] [Transfer-Encoding=CHUNKED] \"hello or\""}},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       {"POST / [Host=a] [Transfer-Encoding=chunked]"}},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n000A\r\n0123456789\r\n0;e\r\nX: "
       "y\r\nHost: "
       "z\r\n\r\n",
       {"POST / [Host=a] [Transfer-Encoding=chunked] \"0123456789\""}},
      {"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
       {"GET /ws [Host=a] [Connection=keep-alive, Upgrade] [Upgrade=websocket] upgrade"}},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
       {"GET / [Host=a] [Connection=Upgrade, HTTP2-Settings] [Upgrade=h2c]"}},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: TLS/1.2, websocket\r\n\r\n",
       {"GET / [Host=a] [Connection=Upgrade] [Upgrade=TLS/1.2, websocket] upgrade"}},
      {"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", {"GET /ws [Host=a] [Upgrade=websocket]"}},
      {"GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
       {"GET / [Connection=Upgrade] [Upgrade=websocket] close"}},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
       {"GET / [Host=a]", "GET /2 [Host=a]"}},
      {"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiPOST /2 HTTP/1.1\r\nHost: "
       "a\r\nTransfer-Encoding: "
       "chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
       {"POST /1 [Host=a] [Content-Length=2] \"hi\"", "POST /2 [Host=a] [Transfer-Encoding=chunked] \"x\"",
        "GET /3 [Host=a]"}},
  };
  for (const auto& test : cases) expect_however_cut(test);
}

TEST(RequestParser, RefusesWhatIsMalformed) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  const std::vector<Case> cases = {
      {"\x16\x03\x01", {"400 TLS instead of plain HTTP at byte 0"}},
      {" GET / HTTP/1.1\r\n", {"400 no HTTP method at byte 0"}},
      {"\nGET / HTTP/1.1\r\n", {"400 no HTTP method at byte 0"}},
      {"\rGET / HTTP/1.1\r\n", {"400 no HTTP method at byte 0"}},
      {"GET / HTTP/1.1\nHost: a\n\n", {"400 line feed without carriage return at byte 14"}},
      {start + "X: a\nY: b\r\n\r\n", {"400 line feed without carriage return at byte 29"}},
      {start + "X: a\r\n\tfolded\r\n\r\n", {"400 folded header line at byte 31"}},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", {"400 folded header line at byte 16"}},
      {start + "X : a\r\n\r\n", {"400 malformed header name in the line at byte 25"}},
      {start + "X\t: a\r\n\r\n", {"400 malformed header name in the line at byte 25"}},
      {start + ": a\r\n\r\n", {"400 malformed header name in the line at byte 25"}},
      {start + "X(y): a\r\n\r\n", {"400 malformed header name in the line at byte 25"}},
      {start + "X\xc3: a\r\n\r\n", {"400 malformed header name in the line at byte 25"}},
      {start + "no colon\r\n\r\n", {"400 malformed header name in the line at byte 25"}},
      {start + "X: a\x01\r\n\r\n", {"400 malformed header value in the line at byte 25 in X"}},
      {start + "X: a\x7f\r\n\r\n", {"400 malformed header value in the line at byte 25 in X"}},
      {start + std::string("X: a\0b\r\n\r\n", 10),
       {"400 malformed header value in the line at byte 25 in X"}},
      {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", {"400 malformed method"}},
      {"GET\r\n\r\n", {"400 malformed method"}},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", {"400 malformed request target"}},
      {"GET /\r\n\r\n", {"400 malformed request target"}},
      {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", {"400 malformed HTTP version"}},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", {"400 malformed HTTP version"}},
      {"GET / http/1.1\r\nHost: a\r\n\r\n", {"400 malformed HTTP version"}},
      {"GET / HTTP/11\r\nHost: a\r\n\r\n", {"400 malformed HTTP version"}},
      {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", {"505 HTTP version other than 1.0 and 1.1"}},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", {"505 HTTP version other than 1.0 and 1.1"}},
      {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", {"505 HTTP version other than 1.0 and 1.1"}},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {"505 HTTP version other than 1.0 and 1.1"}},
      {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", {"400 the target * is for OPTIONS alone"}},
      {"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n",
       {"400 request target with a raw byte that must be percent-encoded, at byte 1"}},
      {"GET /a?b=\xc2\x9b HTTP/1.1\r\nHost: a\r\n\r\n",
       {"400 request target with a raw byte that must be percent-encoded, at byte 5"}},
      {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", {"400 request target is neither a path nor an http URL"}},
      {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", {"400 request target is neither a path nor an http URL"}},
      {"GET http:///p HTTP/1.1\r\nHost: a\r\n\r\n", {"400 request target without a valid host"}},
      {"GET http://u@b/p HTTP/1.1\r\nHost: a\r\n\r\n", {"400 request target without a valid host"}},
      {"GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", {"400 request target with a fragment"}},
      {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", {"501 CONNECT is not served here"}},
      {"GET / HTTP/1.1\r\n\r\n", {"400 no Host header"}},
      {start + "Host: a\r\n\r\n", {"400 more than one Host"}},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", {"400 invalid Host"}},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", {"400 invalid Host"}},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", {"400 more than one Host"}},

      {post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", {"400 more than one Content-Length"}},
      {post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", {"400 more than one Content-Length"}},
      {post + "Content-Length: 5, 5\r\n\r\nhello", {"400 more than one Content-Length"}},
      {post + "Content-Length: 5, 6\r\n\r\nhello", {"400 more than one Content-Length"}},
      {post + "Content-Length: -1\r\n\r\n",
       {"400 Content-Length is not a number, or stands with Transfer-Encoding"}},
      {post + "Content-Length: +1\r\n\r\n",
       {"400 Content-Length is not a number, or stands with Transfer-Encoding"}},
      {post + "Content-Length: 0x1\r\n\r\n",
       {"400 Content-Length is not a number, or stands with Transfer-Encoding"}},
      {post + "Content-Length: 1 2\r\n\r\n",
       {"400 Content-Length is not a number, or stands with Transfer-Encoding"}},
      {post + "Content-Length:\r\n\r\n",
       {"400 Content-Length is not a number, or stands with Transfer-Encoding"}},
      {post + "Content-Length: 99999999999999999999\r\n\r\n",
       {"400 Content-Length is not a number, or stands with Transfer-Encoding"}},
      {post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
       {"400 Content-Length is not a number, or stands with Transfer-Encoding"}},
      {post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
       {"400 Transfer-Encoding given twice, or with Content-Length"}},
      {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
       {"400 Transfer-Encoding given twice, or with Content-Length"}},
      {post + "Transfer-Encoding: gzip\r\n\r\n", {"501 Transfer-Encoding other than chunked"}},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n", {"501 Transfer-Encoding other than chunked"}},
      {post + "Transfer-Encoding: chunked, gzip\r\n\r\n", {"501 Transfer-Encoding other than chunked"}},
      {post + "Transfer-Encoding: identity\r\n\r\n", {"501 Transfer-Encoding other than chunked"}},
      {post + "Transfer-Encoding: xchunked\r\n\r\n", {"501 Transfer-Encoding other than chunked"}},
      {post + "Transfer-Encoding:\r\n\r\n", {"501 Transfer-Encoding other than chunked"}},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
       {"400 Transfer-Encoding in an HTTP/1.0 request"}},

      {chunked + "x\r\n", {"400 malformed chunk"}},
      {chunked + "-1\r\n", {"400 malformed chunk"}},
      {chunked + "\r\n", {"400 malformed chunk"}},
      {chunked + "fffffffffffffffff\r\n", {"400 malformed chunk"}},
      {chunked + "1\r\nxyz\r\n", {"400 malformed chunk"}},
      {chunked + "1 x\r\n", {"400 malformed chunk extension"}},
      {chunked + "1;\x01\r\n", {"400 malformed chunk extension"}},
      {chunked + "1\nx\r\n", {"400 malformed chunk extension"}},
      {chunked + "1\r\nx\n0\r\n", {"400 malformed chunk"}},
      {chunked + "0\r\nbad trailer\r\n\r\n", {"400 malformed chunked body"}},
      {chunked + "0\r\n\n\r\n\r\n", {"400 malformed chunked body"}},
      {chunked + "0\r\nX: y\n\r\n\r\n", {"400 malformed chunked body"}},
      {chunked + "0\r\nContent-Length: 3\r\n\r\n", {"400 malformed chunked body"}},
      {chunked + "0\r\nTransfer-Encoding: chunked\r\n\r\n", {"400 malformed chunked body"}},
  };
  for (const auto& test : cases) expect_however_cut(test);
}

TEST(RequestParser, HoldsTheHeaderLimitToTheByte) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string end = "\r\n\r\n";
  const std::string fits = head + std::string(512 - head.size() - end.size(), 'x') + end;
  const std::string too_long = head + std::string(513 - head.size() - end.size(), 'x') + end;

  ASSERT_EQ(fits.size(), 512U);
  EXPECT_THAT(parse({fits}).seen[0], HasSubstr("GET /"));
  EXPECT_THAT(parse(bytes_of(fits)).seen[0], HasSubstr("GET /"));
  expect_however_cut({too_long, {"431 headers longer than 512 bytes"}});
  expect_however_cut({head + std::string(5000, 'x'), {"431 headers longer than 512 bytes"}});
}

TEST(RequestParser, HoldsTheTargetLimit) {
  const std::string path = "/" + std::string(99, 'p');

  expect_however_cut({"GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n", {"GET " + path + " [Host=a]"}});
  expect_however_cut(
      {"GET " + path + "q HTTP/1.1\r\nHost: a\r\n\r\n", {"414 request target longer than 100 bytes"}});
  expect_however_cut({"GET /" + std::string(600, 'p'), {"414 request line longer than 512 bytes"}});
}

// A field of four bytes costs sixteen times as much once it is read.
TEST(RequestParser, HoldsTheLimitsOfCounts) {
  const auto with_fields = [](int count) {
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 1; i < count; ++i) text += "a:\r\n";
    return text + "\r\n";
  };
  const auto with_parameters = [](int count) {
    std::string text = "GET /?a";
    for (int i = 1; i < count; ++i) text += "&a";
    return text + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };

  EXPECT_THAT(parse({with_fields(50)}).seen[0], HasSubstr("GET / [Host=a]"));
  expect_however_cut({with_fields(51), {"431 more than 50 header fields"}});
  EXPECT_THAT(parse({with_parameters(20)}).seen[0], HasSubstr("GET / ?a= ?a="));
  expect_however_cut({with_parameters(21), {"414 more than 20 query parameters"}});
}

TEST(RequestParser, HoldsTheBodyLimit) {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  const std::vector<std::string> refused = {"413 body longer than 20 bytes"};
  const std::string twenty(20, 'b');

  EXPECT_THAT(parse({post + "Content-Length: 20\r\n\r\n" + twenty}).seen[0], HasSubstr(twenty));
  EXPECT_THAT(parse({chunked + "a\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"}).seen[0],
              HasSubstr("01234567890123"));
  expect_however_cut({post + "Content-Length: 21\r\n\r\n", refused});
  expect_however_cut({post + "Content-Length: 18446744073709551615\r\n\r\n", refused});
  expect_however_cut({chunked + "15\r\n", refused});
  expect_however_cut({chunked + "ffffffffffffffff\r\n", refused});
  expect_however_cut({chunked + "a\r\n0123456789\r\nb\r\n", refused});
}

TEST(RequestParser, AsksForTheBodyLimitOfEachRequest) {
  RequestParser parser(kLimits);
  std::vector<std::string> asked;
  parser.on_headers([&asked](const Request& request) {
    asked.push_back(describe(request));
    return request.path == "/big" ? std::size_t{1000} : std::size_t{3};
  });
  const std::string text = "POST /big?a=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n" +
                           std::string(500, 'b') +
                           "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
  std::string_view input = text;

  ASSERT_EQ(parser.feed(input), State::complete);
  EXPECT_EQ(parser.take().body.size(), 500U);
  ASSERT_EQ(parser.feed(input), State::refused);

  EXPECT_EQ(parser.refusal().status, 413U);
  EXPECT_EQ(parser.partial().path, "/small");
  EXPECT_THAT(asked, testing::ElementsAre("POST /big ?a=1 [Host=a] [Content-Length=500]",
                                          "POST /small [Host=a] [Content-Length=4]"));
}

TEST(RequestParser, BoundsChunkExtensionsAndTrailers) {
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string message = "400 chunk header or trailers longer than 4096 bytes";

  EXPECT_EQ(parse({chunked + "1;x=" + std::string(5000, 'e')}).seen, std::vector<std::string>{message});
  EXPECT_EQ(parse(bytes_of(chunked + "1;x=" + std::string(5000, 'e'))).seen,
            std::vector<std::string>{message});
  std::string trailers = chunked + "0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "X: y\r\n";
  EXPECT_EQ(parse({trailers}).seen, std::vector<std::string>{message});
  EXPECT_EQ(parse(bytes_of(trailers)).seen, std::vector<std::string>{message});
}

TEST(RequestParser, LeavesTheBytesOfTheNextProtocol) {
  const std::string request =
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  const std::string frames("\x81\x85\0\0\0\0hello\r\n\r\n", 15);
  for (std::size_t at = 0; at < request.size(); ++at) {
    RequestParser parser(kLimits);
    std::string_view input = std::string_view(request).substr(0, at);
    ASSERT_EQ(parser.feed(input), State::need_more);
    const std::string rest = request.substr(at) + frames;
    input = rest;
    ASSERT_EQ(parser.feed(input), State::complete);
    ASSERT_EQ(input, frames);
    ASSERT_EQ(parser.feed(input), State::complete);  // until it is taken
    ASSERT_EQ(input, frames);
    ASSERT_TRUE(parser.take().upgrade);
  }
}

TEST(RequestParser, TellsWhereItIs) {
  RequestParser parser(kLimits);
  const auto feed = [&parser](std::string_view text) { return parser.feed(text); };

  EXPECT_TRUE(parser.idle());
  EXPECT_EQ(feed("\r\n"), State::need_more);
  EXPECT_TRUE(parser.idle());
  EXPECT_EQ(feed("P"), State::need_more);
  EXPECT_FALSE(parser.idle());
  EXPECT_FALSE(parser.in_body());
  EXPECT_EQ(feed("UT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"),
            State::need_more);
  EXPECT_TRUE(parser.in_body());
  EXPECT_TRUE(parser.expects_continue());
  EXPECT_EQ(parser.partial().method, Method::put);
  EXPECT_EQ(feed("a"), State::need_more);
  EXPECT_TRUE(parser.in_body());
  EXPECT_EQ(feed("b"), State::complete);
  EXPECT_FALSE(parser.in_body());
  EXPECT_EQ(parser.take().body, "ab");
  EXPECT_TRUE(parser.idle());
  EXPECT_EQ(feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"), State::need_more);
  EXPECT_TRUE(parser.in_body());
  EXPECT_FALSE(parser.expects_continue());
}

TEST(RequestParser, StaysRefused) {
  RequestParser parser(kLimits);
  std::string_view bad = "GET / HTTP/3.0\r\n\r\n";
  ASSERT_EQ(parser.feed(bad), State::refused);
  std::string_view good = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

  EXPECT_EQ(parser.feed(good), State::refused);
  EXPECT_EQ(parser.refusal().status, 505U);
}

TEST(RequestParser, AllocatesByWhatArrivedAndNotByWhatWasAnnounced) {
  RequestParser parser({.header_bytes = 16'384, .body_bytes = 100'000'000});
  std::string_view input = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\nabc";
  const test::AllocationMeter meter;

  EXPECT_EQ(parser.feed(input), State::need_more);

  EXPECT_LE(meter.largest(), 4096U);
}

TEST(RequestParser, IsLinearForBytesThatComeOneByOne) {
  // Quadratic work would be 16384² / 2 looks at a byte; each is looked at a handful of times. The time is not
  // measured: at quadratic cost this test alone would be felt.
  RequestParser parser({.header_bytes = 16'384, .body_bytes = 100'000});
  std::string text =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX: " + std::string(16'000, 'x') +
      "\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) text += "1;e=f\r\nx\r\n";
  text += "0\r\n\r\n";
  State state = State::need_more;

  for (const char& byte : text) {
    std::string_view input(&byte, 1);
    state = parser.feed(input);
    ASSERT_NE(state, State::refused) << parser.refusal().message;
  }

  ASSERT_EQ(state, State::complete);
  EXPECT_EQ(parser.take().body.size(), 20'000U);
}

}  // namespace
}  // namespace togglecast::wire::http
