#include "domain/schema/ids.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "domain/entities/admin.hpp"
#include "domain/state/offset.hpp"

namespace togglecast::domain {
namespace {

TEST(Ids, AreReadFromDecimalDigitsOnly) {
  EXPECT_EQ(parse_id("1"), 1);
  EXPECT_EQ(parse_id("9007199254740991"), kMaxId);
  for (const char* bad :
       {"", "0", "01", "-1", "+1", "1 ", " 1", "1.0", "x", "9007199254740992", "99999999999999999999"})
    EXPECT_EQ(parse_id(bad), 0) << bad;
}

TEST(Keys, AreWhatFlagsAreCalledElsewhere) {
  for (const char* good : {"a", "0", "web", "web-2", "a.b_c-d", "2fa", "newCheckout", "_internal",
                           "team:flag", "a|b", "v~2", "A"})
    EXPECT_TRUE(is_key(good)) << good;
  EXPECT_TRUE(is_key(std::string(100, 'a')));
  for (const char* bad : {"", "-a", ".a", ":a", "~a", "a b", "a/b", "ä", "a\n", "a@b"})
    EXPECT_FALSE(is_key(bad)) << bad;
  EXPECT_FALSE(is_key(std::string(101, 'a')));
}

TEST(Keys, ThatDifferInCaseStandTogetherInOrder) {
  std::vector<std::string> keys{"b", "A_", "a-b", "aB", "Ab", "a", "AB", "B", "ab", "A"};

  std::sort(keys.begin(), keys.end(), KeyOrder{});

  EXPECT_EQ(keys, (std::vector<std::string>{"A", "a", "a-b", "AB", "Ab", "aB", "ab", "A_", "B", "b"}));
  EXPECT_EQ(first_in_case("aB"), "AB");
  EXPECT_TRUE(same_but_for_case("new-Checkout", "New-checkout"));
  EXPECT_FALSE(same_but_for_case("a", "ab"));
  EXPECT_FALSE(same_but_for_case("a[", "a{"));
}

TEST(Keys, AreInTheOrderOfTheirUpperCaseThenOfThemselves) {
  std::mt19937 random(20261201);
  const auto made = [&](const std::string& head) {
    std::string key = head;
    for (auto rest = random() % 20; rest > 0; --rest) key += "abAB1_-~"[random() % 8];
    return key;
  };
  for (int i = 0; i < 20'000; ++i) {
    const std::string head(random() % 18, 'a');
    const std::string a = made(head);
    std::string b = random() % 4 == 0 ? a : made(head);
    if (!b.empty() && random() % 2 == 0) b.back() ^= 'a' ^ 'A';  // another case, or another character

    const auto plain = [](const std::string& key) { return std::pair(first_in_case(key), key); };
    ASSERT_EQ(KeyOrder{}(a, b), plain(a) < plain(b)) << a << " and " << b;
  }
}

TEST(Integers, CountByTheirValue) {
  EXPECT_EQ(integer_in(json::parse("25").value()), 25);
  EXPECT_EQ(integer_in(json::parse("25.0").value()), 25);
  EXPECT_EQ(integer_in(json::parse("1e2").value()), 100);
  EXPECT_EQ(integer_in(json::parse("-0.0").value()), 0);
  EXPECT_EQ(integer_in(json::parse("9007199254740991").value()), kMaxId);
  for (const char* bad : {"25.5", "1e300", "9007199254740992", "\"25\"", "true", "null", "[25]"})
    EXPECT_EQ(integer_in(json::parse(bad).value()), std::nullopt) << bad;
}

TEST(Usernames, MayBeEmailAddresses) {
  EXPECT_TRUE(is_username("owner"));
  EXPECT_TRUE(is_username("jo.doe+x@example.com"));
  for (const char* bad : {"", "@a", "Owner", "a b", "a\t"}) EXPECT_FALSE(is_username(bad)) << bad;
}

TEST(Offset, ReadsExactlyWhatItWrites) {
  const Offset offset{1, 42, 0x0f3a0c11d2b4e687};

  EXPECT_EQ(to_string(offset), "1.42.0f3a0c11d2b4e687");
  EXPECT_EQ(parse_offset("1.42.0f3a0c11d2b4e687"), offset);
  EXPECT_EQ(parse_offset(to_string(Offset{})), Offset{});
  const Offset largest{kMaxId, kMaxId, ~std::uint64_t{0}};
  EXPECT_EQ(parse_offset(to_string(largest)), largest);
}

TEST(Offset, OfOneSessionHasATagThatOtherReadersPassOver) {
  const Offset offset{1, 42, 0x0f3a0c11d2b4e687};
  const std::string text = to_string(offset, "Zm9v-_09");

  EXPECT_EQ(text, "1.42.0f3a0c11d2b4e687.Zm9v-_09");
  EXPECT_EQ(parse_offset(text), offset);
  const auto read = parse_tagged_offset(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->offset, offset);
  EXPECT_EQ(read->tag, "Zm9v-_09");
  EXPECT_EQ(parse_tagged_offset(to_string(offset))->tag, "");
}

TEST(Offset, TakesNothingElse) {
  for (const char* bad : {"",
                          ".",
                          "1",
                          "1.42",
                          "1.42.",
                          "1.42.0f3a0c11d2b4e68",
                          "1.42.0f3a0c11d2b4e6877",
                          "1.42.0F3A0C11D2B4E687",
                          "01.42.0f3a0c11d2b4e687",
                          "1.042.0f3a0c11d2b4e687",
                          "-1.42.0f3a0c11d2b4e687",
                          "1.42.0f3a0c11d2b4e687.",
                          "1..0f3a0c11d2b4e687",
                          "1.9007199254740992.0f3a0c11d2b4e687",
                          "1.99999999999999999999.0f3a0c11d2b4e687",
                          "1.42.0f3a0c11d2b4e68g",
                          " 1.42.0f3a0c11d2b4e687",
                          "platform_update",
                          "1.42.0f3a0c11d2b4e687.Zm9vYmF",
                          "1.42.0f3a0c11d2b4e687.Zm9vYmFyYQ",
                          "1.42.0f3a0c11d2b4e687.Zm9vYm+y",
                          "1.42.0f3a0c11d2b4e687 Zm9vYmFy"})
    EXPECT_EQ(parse_offset(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace togglecast::domain
