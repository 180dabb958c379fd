#include "realtime/feature_answers.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "unit/delivery/delivery_fixture.hpp"

namespace togglecast::realtime {
namespace {

using namespace domain::testing;

using Context = std::shared_ptr<const json::object>;

class FeatureAnswersTest : public delivery::testing::DeliveryTest {
 protected:
  FeatureAnswersTest() { begin_with({create(feature(1, "dark-mode")), create(client(1, "acme"))}); }

  std::string found(domain::Id client, const Context& context, std::string_view name) {
    const std::string* text = answers_.find({*newest_, client, context, name});
    return text == nullptr ? "" : *text;
  }
  void keep(domain::Id client, const Context& context, std::string_view name, const std::string& text) {
    answers_.keep({*newest_, client, context, name}, text);
  }

  FeatureAnswers answers_;
  const Context none_;
  const Context berlin_ = std::make_shared<const json::object>(json::object{{"city", "Berlin"}});
};

TEST_F(FeatureAnswersTest, AreOfOneClientOneContextAndOneFeature) {
  keep(1, none_, "dark-mode", "on");
  keep(1, berlin_, "dark-mode", "off");

  EXPECT_EQ(found(1, none_, "dark-mode"), "on");
  EXPECT_EQ(found(1, berlin_, "dark-mode"), "off");
  EXPECT_EQ(found(2, none_, "dark-mode"), "");
  EXPECT_EQ(found(1, none_, "dark"), "");
  EXPECT_EQ(found(1, std::make_shared<const json::object>(*berlin_), "dark-mode"), "");
}

TEST_F(FeatureAnswersTest, AreOfOneState) {
  keep(1, none_, "dark-mode", "on");
  change({create(feature(2, "other"))});
  EXPECT_EQ(found(1, none_, "dark-mode"), "") << "another revision";

  keep(1, none_, "dark-mode", "off");
  EXPECT_EQ(found(1, none_, "dark-mode"), "off");
}

TEST_F(FeatureAnswersTest, WhatIsAskedForAgainStaysBesideWhatComesOnce) {
  keep(1, none_, "dark-mode", "on");
  const auto come_once = [this] {
    for (std::size_t i = 0; i < 20 * FeatureAnswers::kMost; ++i)
      keep(static_cast<domain::Id>(i + 2), none_, "dark-mode", "stranger");
  };
  EXPECT_EQ(found(1, none_, "dark-mode"), "on");
  keep(1 + static_cast<domain::Id>(FeatureAnswers::kMost), none_, "dark-mode", "stranger");
  EXPECT_EQ(found(1, none_, "dark-mode"), "on");
  come_once();
  EXPECT_EQ(found(1, none_, "dark-mode"), "") << "it makes room when nobody asks";
}

TEST_F(FeatureAnswersTest, LargeOnesAreNotKept) {
  keep(1, none_, "dark-mode", std::string(FeatureAnswers::kLargest, 'x'));
  EXPECT_NE(found(1, none_, "dark-mode"), "");
  keep(1, none_, "other", std::string(FeatureAnswers::kLargest + 1, 'x'));
  EXPECT_EQ(found(1, none_, "other"), "");
}

}  // namespace
}  // namespace togglecast::realtime
