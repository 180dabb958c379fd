// The text of a view, byte for byte that of its JSON, on random states.
#include "domain/views/view_text.hpp"

#include <gtest/gtest.h>

#include <string>

#include "domain/state/view.hpp"
#include "domain/views/sliced_view.hpp"
#include "unit/domain/state/random_views.hpp"

namespace togglecast::domain {
namespace {

using testing::RandomViews;

TEST_F(RandomViews, AreWrittenAsTheirJsonIs) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    random_.seed(seed);
    const auto state = some_state();
    const auto context = std::make_shared<const json::object>(json::object{{"region", coin() ? "eu" : "us"}});
    for (const Id id : {1, 2}) {
      const auto client = state->find<Client>(id);
      FullView view({state, client, context});
      evaluation::Unhurried turn;

      ASSERT_TRUE(view.run(turn));

      ASSERT_EQ("{" + view.take() + "}", json::serialize(client_view(*state, *client, context.get())));
    }
  }
}

TEST_F(RandomViews, HaveSubFeaturesThatAreWrittenAlike) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    random_.seed(seed);
    const auto state = some_state();
    ClientView view(*state, *state->peek<Client>(1), nullptr);
    for (const Id id : view.visible_features()) {
      for (const auto& sub : view.answer(id).sub_features) {
        json::object expected = to_json(sub);
        expected["id"] = id;
        std::string text;

        append_sub_feature(text, sub, id);

        ASSERT_EQ(text, json::serialize(std::move(expected)));
      }
    }
  }
}

}  // namespace
}  // namespace togglecast::domain
