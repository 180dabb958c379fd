#include "domain/state/change.hpp"

#include <gtest/gtest.h>

#include "domain/state/log_row.hpp"
#include "unit/domain/builders.hpp"

namespace togglecast::domain {
namespace {

using namespace testing;

TEST(Change, HasOneTextWhateverTheOrderOfMembers) {
  const Change one{41, {{Kind::platform, 7, nullptr, parse(R"({"b":1,"a":{"d":1.50,"c":"ü"}})")}}};
  const Change two{41, {{Kind::platform, 7, nullptr, parse(R"({"a":{"c":"\u00fc","d":1.5},"b":1.0})")}}};

  EXPECT_EQ(to_text(one),
            R"({"base_revision":41,"format":1,"ops":[{"after":{"a":{"c":"ü","d":1.5},"b":1},"before":null,)"
            R"("entity":"platform","id":7}]})");
  EXPECT_EQ(to_text(one), to_text(two));
}

TEST(Change, ReadsBackItsText) {
  const Change change{3, {create(platform(1, "web")), erase(platform(2, "ios"))}};

  const auto read = parse_change(to_text(change));

  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(to_text(*read), to_text(change));
}

TEST(Change, TextWithLoneSurrogatesSurvives) {
  auto odd = platform(1, "web");
  odd.config = parse(R"({"text":"\ud83d","\udc00":1})").get_object();
  const std::string text = to_text({0, {create(odd)}});

  EXPECT_NE(text.find(R"(\ud83d)"), std::string::npos);
  EXPECT_EQ(to_text(parse_change(text).value()), text);
}

TEST(Change, ANewerFormatAsksForANewerProgram) {
  const auto read = parse_change(R"({"base_revision":1,"format":3,"ops":[]})");

  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, Errc::unavailable);
}

TEST(Change, AnOpThatOnlyNamesAFeatureHasAFormatThatOlderProgramsRefuse) {
  const json::value named = {{"id", 7}, {"key", "sale"}, {"name", "Sale"}};
  const Change change{4, {{Kind::feature, 7, named, named}}};

  const std::string text = to_text(change);

  EXPECT_NE(text.find(R"("format":2)"), std::string::npos);
  const auto read = parse_change(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(is_time_boundary(read->ops.at(0)));
  EXPECT_EQ(to_text(*read), text);
  EXPECT_EQ(to_text({4, {create(platform(1, "web"))}}).find(R"("format":2)"), std::string::npos);
}

TEST(Change, DamagedTextIsRefused) {
  for (const char* text :
       {"", "{}", "[]", R"({"format":1})", R"({"base_revision":1,"format":1,"ops":[{}]})",
        R"({"base_revision":1,"format":1,"ops":[{"id":1,"before":null,"after":null}]})",
        R"({"base_revision":1,"format":1,"ops":[{"entity":"platform","id":0,"before":null,"after":null}]})",
        R"({"base_revision":1,"format":1,"ops":[{"entity":"platform","id":1,"after":null}]})"})
    EXPECT_EQ(parse_change(text).error().code, Errc::internal) << text;
}

TEST(Change, AKindOfALaterVersionIsNoDamage) {
  const auto read = parse_change(
      R"({"base_revision":1,"format":1,"ops":[{"entity":"toaster","id":1,"before":null,"after":null}]})");

  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, Errc::unavailable);
  EXPECT_NE(read.error().message.find("'toaster'"), std::string::npos) << read.error().message;
}

TEST(Change, InvertedTwiceIsItselfOneStepOn) {
  const Change change{3, {create(platform(1, "web")), erase(platform(2, "ios"))}};

  Change twice = invert(invert(change));
  twice.base_revision = 3;

  EXPECT_EQ(to_text(twice), to_text(change));
  EXPECT_EQ(invert(change).base_revision, 4);
  EXPECT_EQ(invert(change).ops.front().id, 2);
}

class Chain : public ::testing::Test {
 protected:
  LogRow row_after(const Head& head, std::vector<Op> ops) {
    return make_row("production", head, {1'700'000'001'000}, {{"kind", "admin"}, {"id", 1}},
                    {head.revision, std::move(ops)})
        .value();
  }
  Head genesis_{.epoch = 1, .revision = 0, .digest = sha256("genesis"), .as_of = {1'700'000'000'000}};
};

TEST_F(Chain, IsTheSameForTheSameRows) {
  const LogRow row = row_after(genesis_, {create(platform(1, "web"))});

  EXPECT_EQ(row.head.digest, row_after(genesis_, {create(platform(1, "web"))}).head.digest);
  EXPECT_TRUE(check_follows(genesis_, row).has_value());
}

TEST_F(Chain, BreaksWhenAnythingInARowIsChanged) {
  const LogRow row = row_after(genesis_, {create(platform(1, "web"))});
  const auto breaks = [&](auto edit) {
    LogRow edited = row;
    edit(edited);
    return !check_follows(genesis_, edited).has_value();
  };

  EXPECT_TRUE(breaks([](LogRow& r) { r.environment = "staging"; }));
  EXPECT_TRUE(breaks([](LogRow& r) { r.head.epoch = 2; }));
  EXPECT_TRUE(breaks([](LogRow& r) { r.head.as_of.value += 1; }));
  EXPECT_TRUE(breaks([](LogRow& r) { r.actor_text = R"({"id":2,"kind":"admin"})"; }));
  EXPECT_TRUE(breaks([](LogRow& r) { r.change_text.back() = ' '; }));
  EXPECT_TRUE(breaks([](LogRow& r) { r.head.digest[31] ^= 1; }));
  EXPECT_TRUE(breaks([](LogRow& r) { r.head.revision = 2; }));
}

TEST_F(Chain, TimeNeverGoesBack) {
  Head late = genesis_;
  late.as_of = {1'900'000'000'000};

  const LogRow row = row_after(late, {});

  EXPECT_EQ(row.head.as_of, late.as_of);
}

TEST_F(Chain, TheOffsetCarriesItsFirst64Bits) {
  Head head = genesis_;
  head.revision = 42;
  head.digest = {};
  head.digest[0] = 0x9f;
  head.digest[7] = 0x01;

  EXPECT_EQ(to_string(offset_of(head)), "1.42.9f00000000000001");
}

}  // namespace
}  // namespace togglecast::domain
