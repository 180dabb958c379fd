// Answers of OFREP, byte for byte those of a plain encoder, on random states.
#include "http_api/ofrep/ofrep_answer.hpp"

#include <gtest/gtest.h>

#include "unit/domain/state/random_views.hpp"

namespace togglecast::http_api {
namespace {

using domain::evaluation::Decision;
using domain::evaluation::FlagType;

json::object plain(const Decision& decision, const std::string& key) {
  if (const auto code = ofrep_code(decision); !code.empty())
    return {{"key", key}, {"errorCode", code}, {"errorDetails", kFlagFailed}};
  json::object out{{"key", key}};
  if (decision.value != nullptr) {
    out["value"] = *decision.value;
  } else if (decision.denied() && decision.flag->type() == FlagType::boolean) {
    out["value"] = false;
  }
  out["reason"] = to_string(decision.reason);
  if (decision.variant != nullptr) out["variant"] = decision.variant->name;
  json::object metadata{{"enabled", decision.enabled}, {"rule", to_string(decision.rule)}};
  if (decision.limit) metadata["limit"] = *decision.limit;
  out["metadata"] = std::move(metadata);
  return out;
}

using OfrepAnswers = domain::testing::RandomViews;

TEST_F(OfrepAnswers, AreWrittenAsAPlainEncoderWritesThem) {
  std::size_t without_value = 0, denied = 0, subs = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    random_.seed(seed);
    const auto state = some_state();
    const auto context = std::make_shared<const json::object>(json::object{{"region", coin() ? "eu" : "us"}});
    for (const domain::Id id : {1, 2}) {
      const auto client = state->find<domain::Client>(id);
      domain::ClientView view(*state, *client, context.get());
      json::array expected;
      for (const domain::Id of : view.visible_features()) {
        const auto answer = view.answer(of);
        expected.push_back(plain(answer.decision, answer.feature->key));
        for (const Decision& sub : answer.sub_features)
          expected.push_back(plain(sub, answer.feature->key + '/' + sub.flag->key()));
        subs += answer.sub_features.size();
      }
      OfrepFlags flags({state, client, context}, "[");
      domain::evaluation::Unhurried turn;

      ASSERT_TRUE(flags.run(turn));

      for (const json::value& one : expected) {
        without_value += one.as_object().contains("value") ? 0 : 1;
        denied += json::string_or_empty(one, "reason") == "DISABLED" ? 1 : 0;
      }
      ASSERT_EQ(flags.take() + "]", json::serialize(std::move(expected)));
    }
  }
  EXPECT_GT(without_value, 100U);
  EXPECT_GT(denied, 100U);
  EXPECT_GT(subs, 100U);
}

TEST(OfrepFailures, NameAnErrorAndQuoteNoRule) {
  Decision failed;
  failed.error = domain::evaluation::ErrorCode::general;
  failed.message = "the rule \"quoted\"";
  std::string text;

  append_ofrep(text, failed, "checkout");

  EXPECT_EQ(text, json::serialize(plain(failed, "checkout")));
  EXPECT_EQ(text.find("quoted"), std::string::npos);
}

}  // namespace
}  // namespace togglecast::http_api
