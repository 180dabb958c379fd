#include "adapters/codec/packed_value.hpp"

#include <gtest/gtest.h>

#include "support/hex.hpp"

namespace togglecast::adapters {
namespace {

using test::from_hex;

TEST(PackedValue, ReadsAllKindsAndKeepsBinaryParts) {
  const auto read = read_msgpack(from_hex("97 01 ff c0 c3 a1 78 c4 02 01 02 81 a1 61 cb 3ff8000000000000"));

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(json::serialize(read->value), R"([1,-1,null,true,"x",{"_placeholder":true,"num":0},{"a":1.5}])");
  ASSERT_EQ(read->attachments.size(), 1U);
  EXPECT_EQ(read->attachments[0].view(), std::string_view("\1\2", 2));
}

TEST(PackedValue, WritesWhatItReads) {
  const json::value value{1, -300, 1e300, "ä", nullptr, {{"k", {{"_placeholder", true}, {"num", 0}}}}};
  const std::vector<SharedBytes> attachments{SharedBytes("bytes")};

  const auto read = read_msgpack(write_msgpack(value, attachments));

  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->value, value);
  ASSERT_EQ(read->attachments.size(), 1U);
  EXPECT_EQ(read->attachments[0].view(), "bytes");
}

TEST(PackedValue, AnObjectLikeAPlaceholderStaysDataWithoutBinaryParts) {
  const json::value value{{"_placeholder", true}, {"num", 0}};

  const auto read = read_msgpack(write_msgpack(value));

  ASSERT_TRUE(read);
  EXPECT_EQ(read->value, value);
  EXPECT_TRUE(read->attachments.empty());
}

TEST(PackedValue, ReadsTheExtensionsOfNodesEncoders) {
  EXPECT_TRUE(read_msgpack(from_hex("d4 00 00"))->value.is_null()) << "undefined";
  EXPECT_EQ(read_msgpack(from_hex("d6 ff 00000001"))->value, json::value("1970-01-01T00:00:01.000Z"));
  EXPECT_EQ(read_msgpack(from_hex("c7 02 00 0102"))->attachments.at(0).view(), std::string_view("\1\2", 2));
  EXPECT_EQ(read_msgpack(from_hex("d4 05 00")).error().code, Errc::parse_error);
  EXPECT_EQ(read_msgpack(from_hex("d7 ff ffffffffffffffff")).error().code, Errc::parse_error);
}

TEST(PackedValue, RepairsText) {
  EXPECT_EQ(read_msgpack(from_hex("a2 61 ff"))->value, json::value("a\xEF\xBF\xBD"));
}

TEST(PackedValue, RefusesWhatIsBroken) {
  for (const char* bytes :
       {"", "93 01", "c1", "01 02", "81 01 02", "dc ffff", "dd ffffffff", "c6 ffffffff 00", "db ffffffff 61"})
    EXPECT_EQ(read_msgpack(from_hex(bytes)).error().code, Errc::parse_error) << bytes;
  EXPECT_EQ(read_packed("{\"a\":").error().code, Errc::parse_error);
}

TEST(PackedValue, BoundsDepthSizeAndCount) {
  const std::string deep(100'000, '\x91');
  EXPECT_EQ(read_msgpack(deep).error().code, Errc::payload_too_large);
  EXPECT_EQ(read_packed("{\"a\":" + std::string(100'000, '[')).error().code, Errc::payload_too_large);

  const std::string many = from_hex("dc 0064") + std::string(100, '\xc0');
  EXPECT_TRUE(read_msgpack(many, {.values = 101}));
  EXPECT_EQ(read_msgpack(many, {.values = 100}).error().code, Errc::payload_too_large);
  EXPECT_EQ(read_msgpack(many, {.bytes = 102}).error().code, Errc::payload_too_large);
}

}  // namespace
}  // namespace togglecast::adapters
