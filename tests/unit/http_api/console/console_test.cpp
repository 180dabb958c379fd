#include "http_api/console/console.hpp"

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>

namespace togglecast::http_api {
namespace {

using wire::http::Method;
using wire::http::Request;
using wire::http::Response;

constexpr std::array kFiles{
    ConsoleFile{"/index.html", "<!doctype html>", {}, {}},
    ConsoleFile{"/assets/main-a1b2.js", "console.log('plain')", "zipped", "brotli"},
    ConsoleFile{"/assets/main-a1b2.css", "a{}", {}, {}},
};

Request page_request(std::string path, std::string accept = "text/html,*/*;q=0.8",
                     std::string encodings = {}) {
  Request request;
  request.method = Method::get;
  request.path = std::move(path);
  request.headers.add("Accept", std::move(accept));
  if (!encodings.empty()) request.headers.add("Accept-Encoding", std::move(encodings));
  return request;
}

TEST(Console, KeepsHashedFilesForGoodAndAsksForThePageEachTime) {
  const Console console(kFiles);

  const auto page = console.answer(page_request("/index.html"));
  const auto script = console.answer(page_request("/assets/main-a1b2.js", "*/*"));

  ASSERT_TRUE(page && script);
  EXPECT_EQ(page->headers.value("Cache-Control"), "no-cache");
  EXPECT_EQ(page->headers.value("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(script->headers.value("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(script->headers.value("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(script->body, "console.log('plain')");
}

TEST(Console, AllowsNothingInlineAndNothingFromElsewhere) {
  const Console console(kFiles);

  const auto page = console.answer(page_request("/features/3"));

  ASSERT_TRUE(page);
  const std::string policy(page->headers.value("Content-Security-Policy"));
  EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
  for (const char* part : {"default-src 'none'", "script-src 'self'", "style-src 'self'",
                           "frame-ancestors 'none'", "base-uri 'none'"})
    EXPECT_NE(policy.find(part), std::string::npos) << part;
  EXPECT_EQ(page->headers.value("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page->headers.value("Referrer-Policy"), "no-referrer");
}

TEST(Console, SendsTheSmallestCodingThatTheBrowserTakes) {
  const Console console(kFiles);
  const auto answer = [&](std::string encodings) {
    return *console.answer(page_request("/assets/main-a1b2.js", "*/*", std::move(encodings)));
  };

  EXPECT_EQ(answer("gzip, deflate, br").body, "brotli");
  EXPECT_EQ(answer("gzip, deflate, br").headers.value("Content-Encoding"), "br");
  EXPECT_EQ(answer("gzip").body, "zipped");
  EXPECT_EQ(answer("br;q=0, gzip").headers.value("Content-Encoding"), "gzip");
  EXPECT_EQ(answer("identity").body, "console.log('plain')");
  EXPECT_FALSE(answer("identity").headers.contains("Content-Encoding"));
  EXPECT_EQ(answer("gzip").headers.value("Vary"), "Accept-Encoding");
}

TEST(Console, SaysThatABrowserHasTheFileAlready) {
  const Console console(kFiles);
  Request request = page_request("/assets/main-a1b2.js", "*/*", "br");
  const std::string tag(console.answer(request)->headers.value("ETag"));
  EXPECT_TRUE(tag.ends_with("-br\"")) << tag;

  request.headers.add("If-None-Match", tag);
  const auto again = console.answer(request);

  ASSERT_TRUE(again);
  EXPECT_EQ(again->status, 304U);
  EXPECT_EQ(again->body, "");
  EXPECT_EQ(again->headers.value("ETag"), tag);
  Request other = page_request("/index.html");
  other.headers.add("If-None-Match", tag);
  EXPECT_EQ(console.answer(other)->status, 200U);
}

TEST(Console, OpensEveryPathThatABrowserOpensAsAPage) {
  const Console console(kFiles);
  for (const char* path : {"/", "/features/3", "/clients", "/apiary"}) {
    const auto page = console.answer(page_request(path));
    ASSERT_TRUE(page) << path;
    EXPECT_EQ(page->body, "<!doctype html>") << path;
  }
}

TEST(Console, LeavesPathsOfProgramsAndMissingFilesToOthers) {
  const Console console(kFiles);
  for (const char* path : {"/api", "/api/v1/nothing", "/socket.io", "/socket.io/x", "/ofrep/v1/x", "/flagd",
                           "/metrics", "/healthz", "/assets/main-old.js"})
    EXPECT_FALSE(console.answer(page_request(path))) << path;
  EXPECT_FALSE(console.answer(page_request("/features/3", "*/*"))) << "a program does not ask for a page";
  EXPECT_FALSE(console.answer(page_request("/features/3", "application/json")));
  Request post = page_request("/features/3");
  post.method = Method::post;
  EXPECT_FALSE(console.answer(post));
}

TEST(Console, ServesHeadLikeGet) {
  const Console console(kFiles);
  Request head = page_request("/assets/main-a1b2.css", "*/*");
  head.method = Method::head;

  const auto answer = console.answer(head);

  ASSERT_TRUE(answer) << "the connection leaves the body out";
  EXPECT_EQ(answer->body, "a{}");
}

TEST(Console, IsEmptyWithoutAPage) {
  const Console none{{}};
  const Console assets(std::span<const ConsoleFile>(kFiles).subspan(1));

  EXPECT_TRUE(none.empty());
  EXPECT_TRUE(assets.empty());
  EXPECT_FALSE(none.answer(page_request("/")));
  EXPECT_FALSE(none.answer_index(page_request("/")));
}

}  // namespace
}  // namespace togglecast::http_api
