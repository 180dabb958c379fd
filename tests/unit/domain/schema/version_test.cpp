#include "domain/schema/version.hpp"

#include <gtest/gtest.h>

namespace togglecast::domain {
namespace {

std::string read(std::string_view text) {
  const auto named = parse_named_revision(text);
  if (!named) return "nothing";
  return (named->epoch ? "epoch " + std::to_string(*named->epoch) + " " : "") + "revision " +
         std::to_string(named->revision);
}

std::string read_json(std::string_view text) {
  const auto named = named_revision_in(json::parse(text).value());
  if (!named) return named.error().details.front().pointer;
  if (!*named) return "nothing";
  return to_string(Version{(*named)->epoch.value_or(0), (*named)->revision});
}

TEST(Version, HasOneSpelling) {
  EXPECT_EQ(to_string(Version{1, 42}), "1.42");
  EXPECT_EQ(parse_version("1.42"), (Version{1, 42}));
  EXPECT_EQ(parse_version("0.0"), (Version{0, 0}));
  EXPECT_EQ(parse_version("9007199254740991.9007199254740991"), (Version{kMaxId, kMaxId}));
  for (const char* wrong :
       {"", ".", "1", "1.", ".1", "01.1", "1.01", "+1.1", "-1.1", "1.-1", " 1.1", "1.1 ", "1.1.1", "1,1",
        "9007199254740992.1", "1.9007199254740992", "1.99999999999999999999", "a.b"})
    EXPECT_FALSE(parse_version(wrong)) << wrong;
}

TEST(NamedRevision, MayHaveItsEpochInFront) {
  EXPECT_EQ(read("42"), "revision 42");
  EXPECT_EQ(read("0"), "revision 0");
  EXPECT_EQ(read("1.42"), "epoch 1 revision 42");
  for (const char* wrong : {"", "042", "-1", "1.", "1.2.3", "soon", "9007199254740992"})
    EXPECT_EQ(read(wrong), "nothing") << wrong;
}

TEST(NamedRevision, OfAnObjectIsTwoMembers) {
  EXPECT_EQ(read_json(R"({})"), "nothing");
  EXPECT_EQ(read_json(R"({"revision": null, "epoch": null})"), "nothing");
  EXPECT_EQ(read_json(R"({"revision": 42})"), "0.42");
  EXPECT_EQ(read_json(R"({"revision": 42.0, "epoch": 1e0})"), "1.42");
  EXPECT_EQ(read_json(R"({"revision": "42"})"), "/revision");
  EXPECT_EQ(read_json(R"({"revision": -1})"), "/revision");
  EXPECT_EQ(read_json(R"({"revision": 1, "epoch": "1"})"), "/epoch");
  EXPECT_EQ(read_json(R"({"epoch": 1})"), "/epoch");
}

TEST(NamedRevision, IsAConflictInAnotherEpoch) {
  EXPECT_TRUE((NamedRevision{42, 2}.check(2)).has_value());
  EXPECT_TRUE((NamedRevision{42, {}}.check(2)).has_value()) << "no epoch, no check";

  const auto other = NamedRevision{42, 1}.check(2);

  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, Errc::conflict);
  EXPECT_NE(other.error().message.find("revision 42 of epoch 1"), std::string::npos) << other.error().message;
}

TEST(IfMatch, AllowsEachOfItsVersionsAndWithoutAnyEverything) {
  EXPECT_TRUE(IfMatch().allows({1, 42}));
  EXPECT_TRUE(IfMatch({{1, 41}, {1, 42}}).allows({1, 42}));
  EXPECT_FALSE(IfMatch({{1, 41}, {2, 42}}).allows({1, 42}));
}

TEST(EntityBody, CarriesItsEtag) {
  const auto tagged = with_etag(json::parse(R"({"id": 1, "revision": 42})").value(), 3);

  EXPECT_EQ(json::serialize(tagged), R"({"id":1,"revision":42,"etag":"\"3.42\""})");
  EXPECT_EQ(with_etag(nullptr, 3), json::value(nullptr));
  EXPECT_EQ(json::serialize(with_etag(json::object{{"id", 1}}, 3)), R"({"id":1})");
}

}  // namespace
}  // namespace togglecast::domain
