#include <gtest/gtest.h>

#include <string>

#include "http_api/handlers/assets.hpp"

namespace togglecast::http_api {
namespace {

using wire::http::Method;
using wire::http::Request;

service::LoadedAsset asset(std::string type = "image/png") {
  return {std::string(64, 'a'), std::move(type), SharedBytes("0123456789")};
}

Request get(std::string range = {}, Method method = Method::get) {
  Request request;
  request.method = method;
  if (!range.empty()) request.headers.add("Range", std::move(range));
  return request;
}

TEST(AssetResponse, BringsTheBytesOnceForAll) {
  const auto stored = asset();
  const auto response = asset_response(get(), stored).value();

  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.content(), "0123456789");
  EXPECT_TRUE(response.shared.same_as(stored.bytes)) << "the answers to many share one block";
  EXPECT_EQ(response.headers.value("ETag"), '"' + std::string(64, 'a') + '"');
  EXPECT_EQ(response.headers.value("Cache-Control"), "private, max-age=31536000, immutable");
  EXPECT_EQ(response.headers.value("Content-Security-Policy"), "sandbox");
  EXPECT_EQ(response.headers.value("Accept-Ranges"), "bytes");
}

TEST(AssetResponse, OnlyPixelsAreShownInPlace) {
  for (const char* shown : {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
    EXPECT_FALSE(asset_response(get(), asset(shown))->headers.contains("Content-Disposition")) << shown;
  for (const char* saved : {"image/svg+xml", "text/html; charset=utf-8", "application/pdf", "text/plain",
                            "application/octet-stream", "application/xml"}) {
    const auto response = asset_response(get(), asset(saved)).value();
    EXPECT_EQ(response.headers.value("Content-Disposition"), "attachment") << saved;
    EXPECT_EQ(response.headers.value("Content-Type"), saved);
    EXPECT_EQ(response.headers.value("Content-Security-Policy"), "sandbox");
  }
}

TEST(AssetResponse, APartSaysItsPlace) {
  const auto response = asset_response(get("bytes=2-4"), asset()).value();

  EXPECT_EQ(response.status, 206U);
  EXPECT_EQ(response.content(), "234");
  EXPECT_EQ(response.headers.value("Content-Range"), "bytes 2-4/10");
  EXPECT_NE(serialize(response, true, false).find("Content-Length: 3\r\n"), std::string::npos);
  EXPECT_EQ(asset_response(get("bytes=-3"), asset())->content(), "789");
  EXPECT_EQ(asset_response(get("bytes=1-2,4-5"), asset())->status, 200U);
}

TEST(AssetResponse, BehindTheEndIsRefused) {
  const auto refused = asset_response(get("bytes=10-"), asset());

  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("10 bytes"), std::string::npos);
}

TEST(AssetResponse, ARangeCountsInAGetOfTheSameTag) {
  Request request = get("bytes=2-4");
  request.headers.add("If-Range", "\"another\"");
  EXPECT_EQ(asset_response(request, asset())->status, 200U);
  request.headers.set("If-Range", '"' + std::string(64, 'a') + '"');
  EXPECT_EQ(asset_response(request, asset())->status, 206U);
  const auto head = asset_response(get("bytes=2-4", Method::head), asset()).value();
  EXPECT_EQ(head.status, 200U);
  EXPECT_NE(serialize(head, true, true).find("Content-Length: 10\r\n"), std::string::npos);
}

}  // namespace
}  // namespace togglecast::http_api
