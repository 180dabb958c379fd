#include "wire/http/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

namespace togglecast::wire::http {
namespace {

std::string gunzip(std::string_view bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1'000'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(Gzip, IsReadBackAsItWas) {
  for (const std::string& body : {std::string(), std::string("x"), std::string(200'000, 'y')})
    EXPECT_EQ(gunzip(gzip(body, 5)), body);
  EXPECT_LT(gzip(std::string(200'000, 'y'), 5).size(), 1'000U);
}

TEST(AcceptsGzip, WhenItIsNamedOrEverythingIs) {
  EXPECT_TRUE(accepts_gzip("gzip"));
  EXPECT_TRUE(accepts_gzip("br, deflate ,GZIP;q=0.8"));
  EXPECT_TRUE(accepts_gzip("x-gzip"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_TRUE(accepts_gzip("*;q=0.001"));
  EXPECT_TRUE(accepts_gzip("gzip ; Q=1.000, identity;q=0.5"));
  EXPECT_TRUE(accepts_gzip("identity, gzip"));
}

TEST(AcceptsGzip, NotWhenItIsAbsentExcludedOrLessWanted) {
  EXPECT_FALSE(accepts_gzip(""));
  EXPECT_FALSE(accepts_gzip("br, deflate, identity"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0.000, *"));
  EXPECT_FALSE(accepts_gzip("*;q=0"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0.5, identity"));
}

TEST(AcceptsGzip, WhatCannotBeReadIsNoWish) {
  for (const char* odd :
       {"gzip;q=", "gzip;q=2", "gzip;q=x", "gzip;q=0.1234", "gzip;level=9", "gz ip", ";", ",,"})
    EXPECT_FALSE(accepts_gzip(odd)) << odd;
}

}  // namespace
}  // namespace togglecast::wire::http
