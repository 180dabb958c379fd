#include "domain/flagd/flagd_file.hpp"

#include <gtest/gtest.h>

#include "domain/evaluation/flag_file.hpp"
#include "domain/state/client_view.hpp"
#include "unit/domain/flagd/random_catalogue.hpp"

namespace togglecast::domain::flagd {
namespace {

using namespace testing;
using evaluation::Decision;
using evaluation::FlagFile;
using evaluation::FlagType;
using evaluation::Resolution;

// Segments that stand in a rule make it deep.
json::value read_file(const Snapshot& state, const Client& client) {
  return json::parse(flagd_file(state, client), {.depth = 200}).value();
}
json::value file_of(const SnapshotPtr& state, Id client) {
  return read_file(*state, *state->find<Client>(client));
}
json::value flag_of(const SnapshotPtr& state, const std::string& name, Id client = 7) {
  const json::value file = file_of(state, client);
  const json::value* found = json::find(file.at("flags"), name);
  return found == nullptr ? json::value(nullptr) : *found;
}

// One feature of a client with attributes, alone in its package.
SnapshotPtr shop(std::string_view body, std::vector<Op> others = {}) {
  Client acme = client_on(7, "acme", 1);
  acme.attributes = parse(R"({"tier":"gold","version":"v1.2"})").as_object();
  others.push_back(create(feature(1, "f", body)));
  others.push_back(create(package(1, "pro", R"([{"feature_id":1,"limit":25}])")));
  others.push_back(create(acme));
  return step(empty_snapshot(), std::move(others));
}

TEST(FlagdFile, FoldsTheClientIntoRules) {
  const auto state = shop(R"({"targeting":{"if":[
      {"and":[{"==":[{"var":"client.tier"},"gold"]},{"var":"beta"}]},"on",
      {"==":[{"var":"client.tier"},"free"]},"off",
      {"sem_ver":[{"var":"version"},"<",{"var":"client.version"}]},"off",null]}})");

  EXPECT_EQ(flag_of(state, "f"),
            parse(R"({"variants":{"on":true,"off":false},"state":"ENABLED","defaultVariant":"on",
      "targeting":{"if":[{"var":"beta"},"on",{"sem_ver":[{"var":"version"},"<","1.2.0"]},"off",null]},
      "metadata":{"limit":25}})"));
}

TEST(FlagdFile, ARuleThatReadsTheClientAloneIsAConstant) {
  const auto state = shop(R"({"targeting":{"if":[{"==":[{"var":"client.tier"},"gold"]},"off","on"]}})");

  const auto flag = flag_of(state, "f");

  EXPECT_EQ(flag.at("defaultVariant"), "off");
  EXPECT_EQ(flag.at("targeting"), json::value(json::object{}));
}

TEST(FlagdFile, PercentagesAreOfTheFlagAndTheUserOrElseTheClient) {
  const auto state = shop(R"({"targeting":{"fractional":[["on",50],["off",50]]}})");

  EXPECT_EQ(flag_of(state, "f").at("targeting"), parse(R"({"fractional":[
      {"cat":["f",{"if":[{"var":"targetingKey"},{"cat":[{"var":"targetingKey"}]},"acme"]}]},["on",50],["off",50]]})"));
}

TEST(FlagdFile, DenialsAreConstants) {
  const auto denied = [](std::string_view body) {
    const auto state =
        step(empty_snapshot(), {create(feature(1, "f", body)), create(package(1, "pro")), create([] {
                                  Client acme = client_on(7, "acme", 1);
                                  evaluation::Override removed;
                                  removed.feature = 1;
                                  removed.removed = true;
                                  acme.overrides = {removed};
                                  return acme;
                                }())});
    return flag_of(state, "f");
  };

  EXPECT_EQ(denied("{}"), parse(R"({"state":"ENABLED","variants":{"off":false},"defaultVariant":"off",
                                    "metadata":{"rule":"override"}})"))
      << "the default of the code opens nothing";
  EXPECT_EQ(denied(R"({"variants":{"a":"x"},"defaultVariant":"a"})").at("state"), "DISABLED");
}

TEST(FlagdFile, SegmentsStandWhereTheyAreUsed) {
  const auto state = shop(R"({"targeting":{"if":[{"$ref":"beta"},"on","off"]}})",
                          {create(segment(1, "beta", R"({"in":[{"var":"client.tier"},{"var":"tiers"}]})"))});

  EXPECT_EQ(flag_of(state, "f").at("targeting"),
            parse(R"({"if":[{"in":["gold",{"var":"tiers"}]},"on","off"]})"));
}

TEST(FlagdFile, NamesTheFlagsThatItLeavesOut) {
  const auto state = shop(R"({"bucketing":"v1","targeting":{"fractional":[["on",50],["off",50]]}})");

  const auto file = file_of(state, 7);

  EXPECT_EQ(file.at("flags"), json::value(json::object{}));
  EXPECT_EQ(
      file.at("metadata"),
      parse(R"({"flagSetId":"production/acme","leftOut":"f: its percentages are of the generation v1"})"));
}

// As null, which is how JSON writes it, such a number opens what compares with it.
TEST(FlagdFile, LeavesOutWhatWorksOutANumberThatIsNotFinite) {
  for (const std::string rule :
       {R"({"+":["a"]})", R"({"<":[{"/":[1,{"var":"client.none"}]},{"var":"n"}]})",
        R"({"in":[{"var":"n"},[{"-":["a"]}]]})", R"({"in":[{"var":"n"},{"merge":[[{"/":[1,0]}]]}]})"}) {
    const auto file = file_of(shop(R"({"targeting":)" + rule + "}"), 7);

    EXPECT_EQ(file.at("flags"), json::value(json::object{})) << rule;
    EXPECT_EQ(json::string_or_empty(file.at("metadata"), "leftOut"),
              "f: its rule works out a number that is not finite")
        << rule;
  }
}

TEST(FlagdFile, IsTheSameWhenNothingOfTheClientChanged) {
  const auto one = shop("{}");
  const auto two = step(*one, {create(client(8, "other"))});

  EXPECT_EQ(flagd_file(*one, *one->find<Client>(7)), flagd_file(*two, *two->find<Client>(7)));
}

// --- random catalogues: flagd's answers are ours

Resolution by_file(const FlagFile& file, const std::string& name, const json::object& context,
                   UnixMillis now) {
  const auto* flag = file.find(name);
  if (flag == nullptr)
    return {nullptr, evaluation::Reason::error, evaluation::ErrorCode::general, "left out", 0};
  evaluation::Root root;
  root.context = &context;
  root.timestamp = now.value / 1'000;
  return flag->evaluate(root);
}

void expect_same(const Decision& ours, const Resolution& theirs, const std::string& name) {
  if (ours.error != evaluation::ErrorCode::none) {
    EXPECT_NE(theirs.error, evaluation::ErrorCode::none) << name;
    return;
  }
  ASSERT_EQ(theirs.error, evaluation::ErrorCode::none) << name << ": " << theirs.message;
  json::value value = ours.value == nullptr ? json::value(nullptr) : *ours.value;
  if (ours.denied() && ours.flag->type() == FlagType::boolean) value = false;
  EXPECT_EQ(theirs.value() == nullptr ? json::value(nullptr) : *theirs.value(), value) << name;
}

TEST(FlagdFile, GivesTheAnswersOfThisServerForRandomCatalogues) {
  std::size_t flags = 0;
  std::size_t left_out = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    RandomCatalogue catalogue(seed);
    const auto state = catalogue.state();
    const auto client = state->find<Client>(RandomCatalogue::kClient);
    const json::value document = read_file(*state, *client);
    const auto file = evaluation::read_flag_file(document, evaluation::Strictness::as_schema);
    ASSERT_TRUE(file) << seed << ": " << (file ? "" : file.error().message + json::serialize(document));
    if (json::find(document.at("metadata"), "leftOut") != nullptr) ++left_out;
    for (int round = 0; round < 20; ++round) {
      const json::object context = catalogue.context();
      ClientView view(*state, *client, &context);
      for (const Id id : view.visible_features()) {
        SCOPED_TRACE(std::to_string(seed) + ' ' + json::serialize(context));
        const auto answer = view.answer(id);
        const std::string& key = answer.feature->key;
        expect_same(answer.decision, by_file(*file, key, context, state->as_of()), key);
        for (const auto& sub : answer.sub_features) {
          const std::string name = key + '/' + sub.flag->key();
          expect_same(sub, by_file(*file, name, context, state->as_of()), name);
        }
        ++flags;
      }
    }
  }
  EXPECT_GT(flags, 20'000U);
  EXPECT_LT(left_out, 100U) << "an override of another type";
}

}  // namespace
}  // namespace togglecast::domain::flagd
