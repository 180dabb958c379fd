#include "wire/http/media_type.hpp"

#include <gtest/gtest.h>

namespace togglecast::wire::http {
namespace {

TEST(MediaType, HasOneSpelling) {
  EXPECT_EQ(media_type("image/png"), "image/png");
  EXPECT_EQ(media_type(" Image/PNG "), "image/png");
  EXPECT_EQ(media_type("text/html;charset=UTF-8"), "text/html; charset=UTF-8");
  EXPECT_EQ(media_type("text/html ;  Charset=\"utf-8; x\""), "text/html; charset=\"utf-8; x\"");
  EXPECT_EQ(media_type("text/html;"), "text/html") << "an empty parameter does not count";
  EXPECT_EQ(media_type("text/html; ; a=b"), "text/html; a=b");
  EXPECT_EQ(media_type("application/vnd.acme+json"), "application/vnd.acme+json");
  EXPECT_EQ(media_type("a/b; c=\"\\\"\""), "a/b; c=\"\\\"\"");
}

TEST(MediaType, IsNothingElse) {
  for (const std::string_view text : {"",
                                      "png",
                                      "image/",
                                      "/png",
                                      "image/png/x",
                                      "image /png",
                                      "image/ png",
                                      "image/p ng",
                                      "image/png; a",
                                      "image/png; a=",
                                      "image/png; =b",
                                      "image/png; a=\"",
                                      "image/png; a=\"b\\",
                                      "image/png, image/gif",
                                      "image/png; a=b c",
                                      "*",
                                      "image/\xC3\xA9",
                                      "a/b; c=\"\n\"",
                                      "a/b; c=\"\x7F\"",
                                      "image/png\r\nX: y"})
    EXPECT_EQ(media_type(text), std::nullopt) << text;
}

TEST(MediaType, OnlyPixelsMayBeShown) {
  for (const std::string_view shown : {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif",
                                       "IMAGE/PNG", "image/png; a=b", "image/png ;a=b"})
    EXPECT_TRUE(is_raster_image(shown)) << shown;
  for (const std::string_view saved :
       {"image/svg+xml", "image/svg", "text/html", "text/plain", "application/pdf", "image/bmp",
        "image/x-icon", "image/pngx", "ximage/png", "application/octet-stream", "text/html; a=image/png", "",
        "image/*"})
    EXPECT_FALSE(is_raster_image(saved)) << saved;
}

}  // namespace
}  // namespace togglecast::wire::http
