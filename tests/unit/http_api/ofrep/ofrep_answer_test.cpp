// Answers of OFREP, byte for byte those of a plain encoder, on random states.
#include "http_api/ofrep/ofrep_answer.hpp"

#include <gtest/gtest.h>

#include <regex>

#include "unit/domain/state/random_views.hpp"

namespace togglecast::http_api {
namespace {

using domain::evaluation::Decision;
using domain::evaluation::FlagType;

json::object plain(const Decision& decision, const std::string& key) {
  if (const auto code = ofrep_code(decision); !code.empty())
    return {{"key", key}, {"errorCode", code}, {"errorDetails", kFlagFailed}};
  json::object out{{"key", key}};
  const bool closed =
      decision.value == nullptr && decision.denied() && decision.flag->type() == FlagType::boolean;
  if (decision.value != nullptr) out["value"] = *decision.value;
  if (closed) out["value"] = false;
  out["reason"] = closed ? std::string_view("STATIC") : to_string(decision.reason);
  out["variant"] = closed ? "off" : decision.variant == nullptr ? "" : decision.variant->name;
  json::object metadata{{"enabled", decision.enabled}, {"rule", to_string(decision.rule)}};
  if (decision.limit) metadata["limit"] = *decision.limit;
  out["metadata"] = std::move(metadata);
  return out;
}

using OfrepAnswers = domain::testing::RandomViews;

TEST_F(OfrepAnswers, AreWrittenAsAPlainEncoderWritesThem) {
  const std::regex with_point(R"(("value":-?\d+)\.0(?=,))");
  std::size_t without_value = 0, denied = 0, subs = 0, fractions = 0;
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
      // What a plain encoder does not know: the type of the flag.
      const std::string text = flags.take() + "]";
      const std::string plain_numbers = std::regex_replace(text, with_point, "$1");
      fractions += text == plain_numbers ? 0 : 1;
      ASSERT_EQ(plain_numbers, json::serialize(std::move(expected)));
    }
  }
  EXPECT_GT(without_value, 100U);
  EXPECT_GT(denied, 100U);
  EXPECT_GT(subs, 100U);
  EXPECT_GT(fractions, 10U);
}

TEST(OfrepNumbers, HaveAPointWhenTheFlagHasFractions) {
  const auto text_of = [](const json::value& one, const json::value& other) {
    domain::evaluation::FlagDefinition definition;
    definition.type = FlagType::number;
    definition.variants = {{"one", one}, {"other", other}};
    const domain::evaluation::Flag flag("factor", definition, {});
    Decision decision;
    decision.flag = &flag;
    decision.variant = &flag.definition().variants.front();
    decision.value = &decision.variant->value;
    std::string text;
    append_ofrep(text, decision, "factor");
    const std::size_t from = text.find(R"("value":)") + 8;
    return text.substr(from, text.find(',', from) - from);
  };

  EXPECT_EQ(text_of(1, 2), "1");
  EXPECT_EQ(text_of(1, 2.5), "1.0");
  EXPECT_EQ(text_of(2.5, 1), "2.5");
  EXPECT_EQ(text_of(-3.0, 0.5), "-3.0") << "by its value";
  EXPECT_EQ(text_of(3.0, 2.0), "3");
  EXPECT_EQ(text_of(1e300, 0.5), "1e+300") << "a fraction by its notation";
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
