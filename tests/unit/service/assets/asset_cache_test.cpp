#include "service/assets/asset_cache.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace togglecast::service {
namespace {

class AssetCacheTest : public ::testing::Test {
 protected:
  // Keeps the read open until `arrive`.
  AssetCache::Load later() {
    return [this](std::function<void(Result<SharedBytes>)> done) { reads_.push_back(std::move(done)); };
  }
  void arrive(const Result<SharedBytes>& bytes) {
    const auto read = std::move(reads_.front());
    reads_.erase(reads_.begin());
    read(bytes);
  }
  void get(const std::string& key) {
    cache_.get(key, later(), [this, key](const Result<SharedBytes>& bytes) {
      said_.push_back(key + ' ' +
                      (bytes ? std::string(bytes->view()) : std::string(to_string(bytes.error().code))));
    });
  }
  using Said = std::vector<std::string>;

  observe::Metrics metrics_;
  AssetCache cache_{10, metrics_};
  Said said_;
  std::vector<std::function<void(Result<SharedBytes>)>> reads_;  // goes first, and says so
};

TEST_F(AssetCacheTest, ManyThatAskAtOnceCostOneRead) {
  for (int i = 0; i < 3; ++i) get("a");
  EXPECT_EQ(reads_.size(), 1U);
  EXPECT_TRUE(said_.empty());

  arrive(SharedBytes("bytes"));
  get("a");

  EXPECT_EQ(said_, (Said{"a bytes", "a bytes", "a bytes", "a bytes"}));
  EXPECT_TRUE(reads_.empty());
}

TEST_F(AssetCacheTest, TheOnesUsedLastStay) {
  for (const char* key : {"a", "b"}) {
    get(key);
    arrive(SharedBytes("12345"));
  }
  get("a");
  get("c");
  arrive(SharedBytes("1"));

  EXPECT_EQ(cache_.bytes(), 6U);
  get("a");
  get("c");
  EXPECT_TRUE(reads_.empty());
  get("b");
  EXPECT_EQ(reads_.size(), 1U) << "it was used longest ago";
}

TEST_F(AssetCacheTest, OneThatIsTooLargeIsReadEachTime) {
  get("a");
  arrive(SharedBytes("more than ten bytes"));
  get("a");

  EXPECT_EQ(reads_.size(), 1U);
  EXPECT_EQ(cache_.bytes(), 0U);
}

TEST_F(AssetCacheTest, AFailureIsToldToAllAndNotKept) {
  get("a");
  get("a");
  arrive(fail(Errc::unavailable, "the disk does not answer"));
  get("a");
  arrive(SharedBytes("bytes"));

  EXPECT_EQ(said_, (Said{"a unavailable", "a unavailable", "a bytes"}));
}

TEST_F(AssetCacheTest, AReadThatIsDroppedHasFailed) {
  get("a");
  reads_.clear();
  cache_.get(
      "b", [](const auto&) {},
      [this](const Result<SharedBytes>& bytes) { said_.emplace_back(to_string(bytes.error().code)); });
  get("a");
  arrive(SharedBytes("bytes"));

  EXPECT_EQ(said_, (Said{"a unavailable", "unavailable", "a bytes"}));
}

}  // namespace
}  // namespace togglecast::service
