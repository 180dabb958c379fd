#include "names/name_lookup.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>

#include "support/eventually.hpp"

namespace togglecast::names {
namespace {

TEST(NameLookup, FindsTheAddressesOfAName) {
  const auto found = look_up("localhost", std::chrono::minutes{1});

  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_TRUE(std::any_of(found->begin(), found->end(),
                          [](const std::string& one) { return one == "127.0.0.1" || one == "::1"; }));
  EXPECT_EQ(look_up("192.0.2.7", std::chrono::minutes{1}).value(), Addresses{"192.0.2.7"});
}

TEST(NameLookup, SaysWhichNameHasNone) {
  const auto found = look_up(
      "nobody.invalid", std::chrono::minutes{1},
      [](const std::string& host) -> Result<Addresses> { return fail(Errc::unavailable, "no " + host); });

  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().message, "no nobody.invalid");
}

// No name server answers. The caller goes on, and so do others, until too many hang.
TEST(NameLookup, WaitsForNobodyAndBoundsThoseThatHang) {
  const auto release = std::make_shared<std::promise<void>>();
  const auto released = release->get_future().share();
  const auto ended = std::make_shared<std::atomic<int>>(0);
  const NameResolver hangs = [released, ended](const std::string&) -> Result<Addresses> {
    released.wait();
    ++*ended;
    return Addresses{"192.0.2.7"};
  };

  for (int i = 0; i < kMostLookups; ++i) {
    const auto late = look_up("slow.example", Milliseconds{1}, hangs);
    ASSERT_FALSE(late.has_value());
    EXPECT_NE(late.error().message.find("no name server answers in time"), std::string::npos);
  }
  const auto refused = look_up("slow.example", std::chrono::minutes{1}, hangs);
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("have no answer yet"), std::string::npos);

  release->set_value();
  EXPECT_TRUE(test::eventually([&] { return *ended == kMostLookups; }));
  EXPECT_TRUE(
      test::eventually([&] { return look_up("slow.example", std::chrono::minutes{1}, hangs).has_value(); }));
}

}  // namespace
}  // namespace togglecast::names
