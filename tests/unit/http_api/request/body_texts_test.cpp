#include "http_api/request/body_texts.hpp"

#include <gtest/gtest.h>

#include "unit/domain/builders.hpp"

namespace togglecast::http_api {
namespace {

using namespace domain::testing;

std::string expected(const domain::Snapshot& state, const domain::Feature& feature) {
  return json::serialize(domain::with_etag(to_json(feature), state.head().epoch));
}

domain::SnapshotPtr state_of(std::vector<domain::Op> ops, std::int64_t epoch = 1) {
  domain::Head head;
  head.epoch = epoch;
  return domain::apply(domain::Snapshot("production", head), {0, std::move(ops)}, head).value();
}

TEST(BodyTexts, AreTheJsonOfTheEntityWithItsTag) {
  const auto state = state_of({create(feature(1, "dark-mode", R"({"description":"\"quoted\""})"))});
  const auto& entity = *state->peek<domain::Feature>(1);
  BodyTexts texts;

  for (int times = 0; times < 3; ++times) {
    std::string text = "[";
    texts.append(text, *state, entity);
    EXPECT_EQ(text, "[" + expected(*state, entity));
  }
  EXPECT_EQ(texts.bytes(), json::serialize(to_json(entity)).size()) << "kept once";
}

TEST(BodyTexts, TellVersionsAndHistoriesApart) {
  auto entity = feature(1, "dark-mode");
  const auto first = state_of({create(entity)});
  entity.name = "Another";
  const auto other_history = state_of({create(entity)}, 2);
  entity.revision = 2;
  entity.name = "A third";
  const auto later = state_of({create(entity)});
  BodyTexts texts;

  for (const auto& state : {first, other_history, later, first}) {
    std::string text;
    texts.append(text, *state, *state->peek<domain::Feature>(1));
    EXPECT_EQ(text, expected(*state, *state->peek<domain::Feature>(1)));
  }
}

TEST(BodyTexts, ThoseThatNobodyReadMakeRoom) {
  std::vector<domain::Op> ops;
  for (domain::Id id = 1; id <= 100; ++id) ops.push_back(create(feature(id, "f" + std::to_string(id))));
  const auto state = state_of(std::move(ops));
  constexpr std::size_t kMost = 10'000;
  BodyTexts texts(kMost);

  for (int round = 0; round < 2; ++round) {
    for (domain::Id id = 1; id <= 100; ++id) {
      std::string text;
      texts.append(text, *state, *state->peek<domain::Feature>(id));
      ASSERT_EQ(text, expected(*state, *state->peek<domain::Feature>(id)));
      ASSERT_LE(texts.bytes(), kMost + text.size());
    }
  }
}

}  // namespace
}  // namespace togglecast::http_api
