#include "observe/metrics.hpp"

#include <gtest/gtest.h>

namespace togglecast::observe {
namespace {

const std::vector<double> kBounds{0.01, 0.1, 1};

TEST(QuantileOf, IsWithinTheBucketWhereItFalls) {
  EXPECT_DOUBLE_EQ(quantile_of(kBounds, {10, 0, 0, 0}, 0.5), 0.005);
  EXPECT_DOUBLE_EQ(quantile_of(kBounds, {50, 50, 0, 0}, 0.5), 0.01);
  EXPECT_DOUBLE_EQ(quantile_of(kBounds, {50, 50, 0, 0}, 0.75), 0.055);
}

TEST(QuantileOf, AboveTheLastBoundIsThatBound) {
  EXPECT_DOUBLE_EQ(quantile_of(kBounds, {1, 0, 0, 99}, 0.5), 1);
}

TEST(QuantileOf, OfNothingIsZero) { EXPECT_DOUBLE_EQ(quantile_of(kBounds, {0, 0, 0, 0}, 0.99), 0); }

}  // namespace
}  // namespace togglecast::observe
