// Moving a whole state between two stores of a kind, as `togglecast migrate-store` does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/moving.hpp"
#include "unit/storage/transfer_contract.hpp"

namespace togglecast::storage::testing {

class MovingContract : public TransferContract {
 protected:
  Result<MovedState> move(const MoveOptions& options = {.origin = "here"}) {
    return move_state(*store_, *other_, options);
  }
};

TEST_P(MovingContract, AllOfItArrivesAndIsChecked) {
  fill();
  const auto before = everything_of(store_->transfer());
  std::vector<std::string> checked;
  MoveOptions options{.origin = "here", .bounds = {.rows = 2}};
  options.on_check = [&](const std::string& environment) { checked.push_back(environment); };

  const auto moved = move(options);

  ASSERT_TRUE(moved.has_value()) << moved.error().message;
  EXPECT_EQ(everything_of(other_->transfer()), before);
  EXPECT_EQ(everything_of(store_->transfer()), before) << "the source stays as it is";
  EXPECT_EQ(checked, (std::vector<std::string>{"production", "staging"}));
  EXPECT_EQ(other_->transfer().unfinished().value(), "");
  ASSERT_EQ(moved->environments.size(), 2U);
  EXPECT_EQ(moved->environments[0].head, load("production", 1).snapshot->head());
}

TEST_P(MovingContract, AServerThatUsesTheSourceIsNoticed) {
  fill();
  ASSERT_EQ(store_->leases().acquire("upkeep", "a server", std::chrono::hours{1})->holder, "a server");

  const auto refused = move();

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_NE(refused.error().message.find("a server"), std::string::npos);
  EXPECT_EQ(other_->open_reader().value()->environments()->size(), 0U);
  EXPECT_EQ(store_->leases().acquire("upkeep", "a server", Milliseconds{0})->holder, "a server");
}

TEST_P(MovingContract, ASourceThatChangesMeanwhileIsNoticed) {
  fill();
  MoveOptions options{.origin = "here"};
  options.on_check = [&](const std::string& environment) {
    if (environment == "staging") write({create(platform(9, "p9"))});
  };

  const auto refused = move(options);

  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_NE(other_->transfer().unfinished().value(), "") << "no server takes it";
  EXPECT_TRUE(move().has_value()) << "and the next try begins again";
}

TEST_P(MovingContract, AnInterruptedMoveBeginsAgain) {
  fill();
  MoveOptions interrupted{.origin = "here", .bounds = {.rows = 1}};
  int parts = 0;
  interrupted.on_copied = [&](const std::string&, std::int64_t) {
    if (++parts == 20) throw std::runtime_error("killed");
  };
  EXPECT_THROW(std::ignore = move(interrupted), std::runtime_error);
  other_.reset();
  other_ = other_medium_->open();

  ASSERT_TRUE(move().has_value());

  EXPECT_EQ(everything_of(other_->transfer()), everything_of(store_->transfer()));
}

TEST_P(MovingContract, ATargetWithAStateAndASourceWithoutOneAreRefused) {
  fill();
  ASSERT_TRUE(other_->create_environment("production", sha256("theirs"), {1}).has_value());
  EXPECT_EQ(move().error().code, Errc::conflict);
  EXPECT_EQ(other_->open_reader().value()->environments()->front().head.digest, sha256("theirs"));

  const auto empty_medium = GetParam()();
  const auto empty = empty_medium->open();
  EXPECT_EQ(move_state(*empty, *other_, {.origin = "nothing"}).error().code, Errc::not_found);
}

TEST_P(MovingContract, AnUnfinishedTargetIsNoSource) {
  fill();
  ASSERT_TRUE(other_->transfer().begin_import("here").has_value());

  EXPECT_EQ(move_state(*other_, *store_, {.origin = "there"}).error().code, Errc::conflict);
}

}  // namespace togglecast::storage::testing
