#include "http_api/request/kept_responses.hpp"

#include <gtest/gtest.h>

#include <string>

namespace togglecast::http_api {
namespace {

constexpr bool kPlain = false, kGzip = true;

KeptResponse response(const std::string& etag, const std::string& plain, const std::string& gzip = {}) {
  return {etag, SharedBytes(plain), gzip.empty() ? SharedBytes() : SharedBytes(gzip)};
}

TEST(KeptResponses, AreKeptFromTheirSecondUseForOneTag) {
  observe::Metrics metrics;
  KeptResponses responses(metrics);

  responses.keep("a list", response("1.7", "body"));
  EXPECT_EQ(responses.find("a list", "1.7", kPlain), nullptr) << "asked for once";
  responses.keep("a list", response("1.7", "body"));

  const auto kept = responses.find("a list", "1.7", kPlain);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(kept->plain.view(), "body");
  EXPECT_EQ(responses.find("a list", "1.8", kPlain), nullptr) << "of another state";
  EXPECT_EQ(responses.find("another list", "1.7", kPlain), nullptr);
  EXPECT_EQ(metrics.counter("togglecast_http_kept_hits_total", "").value(), 1U);
  EXPECT_EQ(metrics.counter("togglecast_http_kept_misses_total", "").value(), 3U);
}

TEST(KeptResponses, ACodingIsAddedToTheOther) {
  observe::Metrics metrics;
  KeptResponses responses(metrics);
  const std::string large(kLeastCompressed, 'x');
  for (int i = 0; i < 2; ++i) responses.keep("a list", response("1.7", large));
  EXPECT_EQ(responses.find("a list", "1.7", kGzip), nullptr);

  responses.keep("a list", response("1.7", large, "smaller"));
  responses.keep("a list", response("1.7", large));

  EXPECT_EQ(responses.find("a list", "1.7", kGzip)->gzip.view(), "smaller");
  responses.keep("a list", response("1.8", large));
  EXPECT_EQ(responses.find("a list", "1.8", kGzip), nullptr) << "that was the old one's";
  EXPECT_EQ(responses.find("a list", "1.8", kPlain)->plain.view(), large);
}

TEST(KeptResponses, WhatIsTooSmallToCompressIsGoodForAll) {
  observe::Metrics metrics;
  KeptResponses responses(metrics);
  for (int i = 0; i < 2; ++i) responses.keep("a list", response("1.7", "body"));

  EXPECT_NE(responses.find("a list", "1.7", kGzip), nullptr);
}

TEST(KeptResponses, TakeABoundedAmountOfMemory) {
  observe::Metrics metrics;
  KeptResponses responses(metrics);
  const std::string large(KeptResponses::kLargest, 'x');
  for (int i = 0; i < 2; ++i) responses.keep("too large", response("1.7", large + "x"));
  EXPECT_EQ(responses.find("too large", "1.7", kPlain), nullptr);

  constexpr int kMany = 40;
  for (int n = 0; n < kMany; ++n)
    for (int i = 0; i < 2; ++i) responses.keep("list " + std::to_string(n), response("1.7", large));

  std::size_t bytes = 0;
  for (int n = 0; n < kMany; ++n) {
    const auto kept = responses.find("list " + std::to_string(n), "1.7", kPlain);
    if (kept != nullptr) bytes += kept->plain.size();
  }
  EXPECT_GT(bytes, 0U);
  EXPECT_LE(bytes, KeptResponses::kMostBytes);
}

}  // namespace
}  // namespace togglecast::http_api
