// Where a connection comes from, in 24 bytes.
#include "realtime/session/connection_origin.hpp"

#include <gtest/gtest.h>

#include <string>

namespace togglecast::realtime {
namespace {

std::string kept(std::string_view address) {
  ConnectionOrigin origin;
  origin.set_address(address);
  return origin.address_text();
}

TEST(ConnectionOrigin, KeepsAddressesOfBothKinds) {
  EXPECT_EQ(kept("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(kept("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(kept("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(kept("fe80::1%eth0"), "fe80::1");
  EXPECT_EQ(kept("::1"), "::1");
}

TEST(ConnectionOrigin, WhatIsNoAddressIsNotKnown) {
  for (const char* text : {"", "unknown", "1.2.3", "192.0.2.7:80", "2001:db8::1::2"})
    EXPECT_EQ(kept(text), "") << text;
  EXPECT_EQ(kept(std::string(1'000, '1')), "");
}

TEST(ConnectionOrigin, KeepsTheSecondOfTheBegin) {
  ConnectionOrigin origin;
  origin.set_since({1'700'000'000'999});
  EXPECT_EQ(origin.began().value, 1'700'000'000'000);
  origin.set_since({-5});
  EXPECT_EQ(origin.began().value, 0);
}

TEST(SdkNames, KeepEachNameOnceAndNotTooMany) {
  SdkNames names;
  const auto first = names.number_of("app/1");
  EXPECT_EQ(names.number_of("app/1"), first);
  EXPECT_EQ(names.name_of(first), "app/1");
  EXPECT_EQ(names.number_of(""), 0);
  EXPECT_EQ(names.name_of(0), "");
  for (std::size_t i = 0; i < 2 * SdkNames::kMost; ++i) (void)names.number_of("app/2." + std::to_string(i));
  EXPECT_EQ(names.number_of("late/1"), 0);
  EXPECT_EQ(names.name_of(first), "app/1");
  EXPECT_EQ(names.name_of(60'000), "");
}

TEST(Sdk, IsAShortLineOfAscii) {
  const auto read = [](std::string_view auth) { return sdk_in(json::parse(auth).value()); };
  EXPECT_EQ(read("{}").value(), "");
  EXPECT_EQ(read(R"({"sdk":null})").value(), "");
  EXPECT_EQ(read(R"({"sdk":"shop app/1.2"})").value(), "shop app/1.2");
  for (const char* auth : {R"({"sdk":7})", R"({"sdk":""})", R"({"sdk":"a\nb"})", R"({"sdk":"café"})"})
    EXPECT_EQ(read(auth).error().details.at(0).pointer, "/sdk") << auth;
  EXPECT_FALSE(read(R"({"sdk":")" + std::string(65, 'x') + "\"}").has_value());
}

}  // namespace
}  // namespace togglecast::realtime
