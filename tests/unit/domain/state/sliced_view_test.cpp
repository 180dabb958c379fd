#include "domain/views/sliced_view.hpp"

#include <gtest/gtest.h>

#include "unit/domain/builders.hpp"

namespace togglecast::domain {
namespace {

using namespace testing;

class Impatient final : public evaluation::Turn {
 public:
  [[nodiscard]] bool over() override { return true; }
};

SnapshotPtr large_state() {
  std::vector<Op> ops;
  for (Id id = 1; id <= 20; ++id) {
    auto one = platform(id, "p" + std::to_string(id), id % 2 == 0);
    one.config = {{"text", std::string(10'000, 'x')}};
    ops.push_back(create(one));
  }
  for (Id id = 1; id <= 3; ++id) ops.push_back(create(feature(id, "f" + std::to_string(id))));
  ops.push_back(create(package(1, "pro", R"([{"feature_id":1},{"feature_id":3}])")));
  ops.push_back(create(client_on(7, "acme", 1)));
  ops.push_back(create(client(8, "bare")));
  return step(empty_snapshot(), std::move(ops));
}

std::string expected(const Snapshot& state, Id client) {
  return json::canonical(client_view(state, *state.find<Client>(client), nullptr));
}

TEST(FullViewText, IsThatOfTheView) {
  const auto state = large_state();
  for (const Id client : {7, 8}) {
    FullView view({state, state->find<Client>(client), nullptr});
    evaluation::Unhurried turn;

    EXPECT_TRUE(view.run(turn));

    EXPECT_EQ(json::canonical(parse("{" + view.take() + "}")), expected(*state, client));
  }
}

TEST(FullViewText, IsWrittenInAsManyTurnsAsItTakes) {
  const auto state = large_state();
  FullView view({state, state->find<Client>(7), nullptr});
  Impatient turn;

  int turns = 1;
  while (!view.run(turn)) ++turns;

  EXPECT_GE(turns, 4) << "200 KB in stretches of 32";
  EXPECT_EQ(json::canonical(parse("{" + view.take() + "}")), expected(*state, 7));
}

TEST(AdminDifferences, AreCountedWithoutTheirBodies) {
  const auto one = large_state();
  const auto two = step(*one, {erase(*one->find<Platform>(1)), create(client(9, "new"))});

  EXPECT_EQ(admin_differences(*one, *one, Kinds::all()).size(), 0U);
  EXPECT_EQ(admin_differences(*one, *two, Kinds::all()).size(), 2U);
  EXPECT_EQ(admin_differences(*one, *two, {Kind::client}).size(), 1U);
}

TEST(AdminDifferences, MakeOneBodyAtLeastInATurnAndTellTheSameAsAllAtOnce) {
  const auto one = large_state();
  std::vector<Op> ops{erase(*one->find<Platform>(1)), create(client(9, "new"))};
  for (Id id = 2; id <= 20; ++id) {
    const auto before = one->find<Platform>(id);
    auto after = *before;
    after.enabled = !after.enabled;
    ops.push_back(update(*before, after));
  }
  const auto two = step(*one, std::move(ops));
  AdminDifference difference(one, two, Kinds::all(), Step::live);
  Impatient turn;

  int turns = 1;
  while (!difference.run(turn)) ++turns;
  const auto updates = difference.take();

  EXPECT_EQ(turns, 21);
  const auto at_once = diff_admin_view(*one, *two, Kinds::all(), Step::live);
  ASSERT_EQ(updates.size(), at_once.size());
  for (std::size_t i = 0; i < updates.size(); ++i) {
    EXPECT_EQ(updates[i].type, at_once[i].type);
    EXPECT_EQ(updates[i].id, at_once[i].id);
    EXPECT_EQ(updates[i].data, at_once[i].data);
  }
}

TEST(AdminDifferences, AreTheSameWithoutABodyThatDiffers) {
  const auto one = large_state();
  const auto two = step(*one, {update(*one->find<Platform>(1), *one->find<Platform>(1))});

  EXPECT_FALSE(admin_views_differ(*one, *one, Kinds::all()));
  EXPECT_TRUE(admin_views_differ(*one, *step(*one, {create(client(9, "new"))}), Kinds::all()));
  EXPECT_FALSE(admin_views_differ(*one, *step(*one, {create(client(9, "new"))}), {Kind::platform}));
  EXPECT_EQ(admin_views_differ(*one, *two, Kinds::all()),
            !diff_admin_view(*one, *two, Kinds::all(), Step::merged).empty());
}

}  // namespace
}  // namespace togglecast::domain
