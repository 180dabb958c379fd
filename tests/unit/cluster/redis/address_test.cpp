#include "cluster/redis/address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace togglecast::cluster::redis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(RedisAddress, HasAHostAPortAndADatabase) {
  const auto address = parse_address("redis://cache.example:6380/3");

  ASSERT_TRUE(address) << address.error().message;
  EXPECT_THAT(address->endpoints, ElementsAre(Endpoint{"cache.example", 6380, ""}));
  EXPECT_EQ(address->database, 3U);
  EXPECT_FALSE(address->tls);
  EXPECT_TRUE(address->password.empty());
  EXPECT_EQ(describe(*address), "redis://cache.example:6380/3");
}

TEST(RedisAddress, HasTheUsualPorts) {
  EXPECT_EQ(parse_address("redis://a")->endpoints.front().port, 6379);
  EXPECT_EQ(parse_address("rediss://a/0")->endpoints.front().port, 6379);
  EXPECT_EQ(parse_address("redis-sentinel://a/main")->endpoints.front().port, 26379);
}

TEST(RedisAddress, HasAUserAndAPasswordThatItNeverTells) {
  const auto address = parse_address("rediss://togglecast:s%40cr%2Fet%25@[::1]:7000/1");

  ASSERT_TRUE(address) << address.error().message;
  EXPECT_TRUE(address->tls);
  EXPECT_EQ(address->username, "togglecast");
  EXPECT_EQ(address->password.reveal(), "s@cr/et%");
  EXPECT_EQ(describe(*address), "rediss://[::1]:7000/1");
}

TEST(RedisAddress, TakesAPasswordWithSlashesAndAtSigns) {
  const auto address = parse_address("redis://:a/b@c@host:1/2");

  ASSERT_TRUE(address) << address.error().message;
  EXPECT_EQ(address->username, "");
  EXPECT_EQ(address->password.reveal(), "a/b@c");
  EXPECT_EQ(address->endpoints.front().host, "host");
  EXPECT_EQ(address->database, 2U);
}

TEST(RedisAddress, NamesSentinelsAndAService) {
  const auto address = parse_address("redis-sentinel://:pw@one:1,two,[::1]:3/main/4");

  ASSERT_TRUE(address) << address.error().message;
  EXPECT_THAT(address->endpoints,
              ElementsAre(Endpoint{"one", 1, ""}, Endpoint{"two", 26379, ""}, Endpoint{"::1", 3, ""}));
  EXPECT_EQ(address->service, "main");
  EXPECT_EQ(address->database, 4U);
  EXPECT_EQ(describe(*address), "redis-sentinel://one:1,two:26379,[::1]:3/main/4");
}

TEST(RedisAddress, NamesASocket) {
  const auto address = parse_address("unix://user:pw@/run/redis.sock?db=2");

  ASSERT_TRUE(address) << address.error().message;
  EXPECT_EQ(address->endpoints.front().path, "/run/redis.sock");
  EXPECT_EQ(address->database, 2U);
  EXPECT_EQ(address->username, "user");
  EXPECT_EQ(describe(*address), "unix:///run/redis.sock");
}

TEST(RedisAddress, RefusesWhatItCannotReadWithoutRepeatingThePassword) {
  for (const char* url : {"",
                          "secret",
                          "http://:secret@a",
                          "redis://",
                          "redis://:secret@",
                          "redis://:secret@a:0",
                          "redis://:secret@a:b",
                          "redis://:secret@a:70000",
                          "redis://:secret@a/x",
                          "redis://:secret@a/1/2",
                          "redis://:secret%4@a",
                          "redis://:secret%zz@a",
                          "redis://user@a",
                          "redis://:secret@::1",
                          "redis://:secret@[::1",
                          "redis://:secret@a?db=1",
                          "redis-sentinel://:secret@a",
                          "redis-sentinel://:secret@a,/main",
                          "redis-sentinel://:secret@a/main/x",
                          "unix://",
                          "unix://secret",
                          "unix://host/path",
                          "unix:///path?x=secret",
                          "redis://:secret@a,b:1"}) {
    const auto address = parse_address(url);

    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().code, Errc::invalid_argument) << url;
    EXPECT_THAT(address.error().message, HasSubstr("the URL of Redis ")) << url;
    EXPECT_THAT(address.error().message, Not(HasSubstr("secret"))) << url;
  }
}

}  // namespace
}  // namespace togglecast::cluster::redis
