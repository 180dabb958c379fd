#include "changes/instrumented_reader.hpp"

#include <gtest/gtest.h>

#include <exception>

namespace togglecast::changes {
namespace {

class FailingReader final : public storage::Reader {
 public:
  explicit FailingReader(Error error) : error_(std::move(error)) {}
  Result<std::int64_t> version() override { return failed(); }
  Result<std::vector<storage::Environment>> environments() override { return failed(); }
  Result<storage::StoredState> state(const std::string&, std::size_t) override { return failed(); }
  Result<std::vector<domain::LogRow>> rows_after(const std::string&, domain::Revision, std::size_t) override {
    return failed();
  }
  Result<storage::LogPage> log_page(const std::string&, const storage::LogQuery&) override {
    return failed();
  }
  Result<std::vector<domain::LogRow>> rows_before(const std::string&, domain::Revision,
                                                  std::size_t) override {
    return failed();
  }
  Result<domain::Head> head_before(const std::string&, domain::Revision) override { return failed(); }
  Result<storage::KeptLog> kept_log(const std::string&, UnixMillis) override { return failed(); }
  Result<domain::Head> follow_chain(const std::string&, const domain::Head&, std::size_t) override {
    return failed();
  }
  Result<domain::Revision> revision_at(const std::string&, UnixMillis) override { return failed(); }
  Result<std::optional<Secret>> secret(const std::string&, domain::Kind, domain::Id) override {
    return failed();
  }
  Result<std::optional<storage::StoredAsset>> asset(const std::string&, const std::string&) override {
    return failed();
  }
  Result<storage::AssetUsage> asset_usage(const std::string&) override { return failed(); }
  storage::MessageReader& messages() noexcept override { std::terminate(); }
  storage::UsageReader& usage() noexcept override { std::terminate(); }
  storage::FetchedReader& fetched() noexcept override { std::terminate(); }

 private:
  tl::unexpected<Error> failed() const { return tl::unexpected(error_); }

  Error error_;
};

class InstrumentedReaderTest : public ::testing::Test {
 protected:
  InstrumentedReader failing_with(Errc code, std::string message) {
    return InstrumentedReader(std::make_unique<FailingReader>(Error{code, std::move(message), {}}), log_,
                              metrics_);
  }
  bool counted(int failures) const {
    return metrics_.exposition().find("togglecast_store_read_failures_total " + std::to_string(failures)) !=
           std::string::npos;
  }

  ManualClock clock_;
  std::vector<std::string> lines_;
  observe::Log log_{{}, [this](std::string_view line) { lines_.emplace_back(line); }, clock_};
  observe::Metrics metrics_;
};

TEST_F(InstrumentedReaderTest, DamageIsLoggedAndCountedAndNotToldToTheCaller) {
  auto reader = failing_with(Errc::internal, "the database /data/x is damaged; restore it");

  const auto page = reader.log_page("production", {});
  const auto rows = reader.rows_before("production", 5, 10);

  ASSERT_FALSE(page.has_value() || rows.has_value());
  EXPECT_EQ(page.error().code, Errc::internal);
  EXPECT_EQ(page.error().message.find("/data/x"), std::string::npos) << page.error().message;
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_NE(lines_[0].find("the database /data/x is damaged; restore it"), std::string::npos) << lines_[0];
  EXPECT_TRUE(counted(2));
}

TEST_F(InstrumentedReaderTest, WhatCannotBeReadNowIsToldAsItIs) {
  auto reader = failing_with(Errc::unavailable, "check the disk");

  EXPECT_EQ(reader.revision_at("production", {}).error().message, "check the disk");
  EXPECT_EQ(lines_.size(), 1U);
  EXPECT_TRUE(counted(1));
}

TEST_F(InstrumentedReaderTest, WhatIsNotThereIsNoFailure) {
  auto reader = failing_with(Errc::not_found, "there is no environment 'x'");

  EXPECT_EQ(reader.secret("x", domain::Kind::admin, 1).error().code, Errc::not_found);
  EXPECT_TRUE(lines_.empty());
  EXPECT_TRUE(counted(0));
}

}  // namespace
}  // namespace togglecast::changes
