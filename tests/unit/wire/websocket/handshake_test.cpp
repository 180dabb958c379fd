#include "wire/websocket/handshake.hpp"

#include <gtest/gtest.h>

namespace togglecast::wire::websocket {
namespace {

TEST(WebSocketHandshake, AnswersTheKeyOfTheSpecification) {
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(accept_key("x3JJHMbDL1EzLkh9GBhXDw=="), "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
}

TEST(WebSocketHandshake, WantsAKeyOfSixteenBytes) {
  EXPECT_TRUE(is_valid_key("dGhlIHNhbXBsZSBub25jZQ=="));
  EXPECT_TRUE(is_valid_key("AAAAAAAAAAAAAAAAAAAAAB=="));  // unused bits set: the reference accepts it as well
  EXPECT_FALSE(is_valid_key(""));
  EXPECT_FALSE(is_valid_key("dGhlIHNhbXBsZSBub25jZQ="));
  EXPECT_FALSE(is_valid_key("dGhlIHNhbXBsZSBub25jZQ"));
  EXPECT_FALSE(is_valid_key("dGhlIHNhbXBsZSBub25jZTEy"));
  EXPECT_FALSE(is_valid_key("dGhlIHNhbXBsZSBub25j===="));
  EXPECT_FALSE(is_valid_key("dGhlIHNhb=BsZSBub25jZQ=="));
  EXPECT_FALSE(is_valid_key("dGhlIHNhb-BsZSBub25jZQ=="));
  EXPECT_FALSE(is_valid_key("dGhlIHNhb BsZSBub25jZQ=="));
  EXPECT_FALSE(is_valid_key("short=="));
}

}  // namespace
}  // namespace togglecast::wire::websocket
