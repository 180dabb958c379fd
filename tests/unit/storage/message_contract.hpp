// What every store must keep to with messages that want an acknowledgement; part of the suite of
// store_contract.hpp.
#pragma once

#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

inline constexpr UnixMillis kSent{1'700'000'000'000};
inline UnixMillis after(std::int64_t milliseconds) { return {kSent.value + milliseconds}; }

inline NewMessage message(const std::string& id, const std::string& environment = "production") {
  NewMessage made;
  made.row.environment = environment;
  made.row.id = id;
  made.row.event = "announcement";
  made.row.audience = R"("all")";
  made.row.payload = R"({"title":"t"})";
  made.row.ack = "client";
  made.row.retry = 10'000;
  made.row.sender = R"({"id":1})";
  made.row.addressed = 3;
  made.row.at = kSent;
  made.row.expires_at = after(1'000);
  return made;
}
inline NewMessage to_one(const std::string& id) {
  NewMessage made = message(id);
  made.one_receiver = true;
  return made;
}
inline NewMessage keyed(const std::string& id, const std::string& key, const std::string& request = "a") {
  NewMessage made = message(id);
  made.idempotency = IdempotencyKey{"admin 1", key, sha256(request)};
  return made;
}

class MessageContract : public StoreContract {
 protected:
  std::int64_t add(const NewMessage& what) {
    const auto added = store_->messages().add(what, {});
    EXPECT_TRUE(added.has_value()) << added.error().message;
    return added ? added->row.number : 0;
  }
  void record(std::vector<MessageReceipt> receipts) {
    const auto done = store_->messages().record(receipts);
    EXPECT_TRUE(done.has_value()) << done.error().message;
  }
  MessageChanges changes(std::int64_t since, UnixMillis now = kSent) {
    return store_->open_reader().value()->messages().changes_after(since, now).value();
  }
  std::vector<std::string> page(std::int64_t before = 0, const std::string& environment = "production") {
    std::vector<std::string> ids;
    const auto rows = store_->open_reader().value()->messages().page(environment, before, 10).value();
    for (const auto& row : rows) ids.push_back(row.id);
    return ids;
  }
  std::vector<MessageReceipt> receipts(std::int64_t number, std::int64_t above = -100) {
    return store_->open_reader().value()->messages().receipts(number, above, 10).value();
  }
  std::optional<MessageRow> find(const std::string& id) {
    return store_->open_reader().value()->messages().find("production", id).value();
  }

  using Ids = std::vector<std::string>;
};

TEST_P(MessageContract, AMessageIsThereAfterOpeningAgainAsItWasAdded) {
  const auto number = add(message("m1"));
  EXPECT_GT(number, 0);

  reopen();

  const auto all = changes(0);
  ASSERT_EQ(all.messages.size(), 1U);
  const MessageRow& row = all.messages[0];
  EXPECT_EQ(row.number, number);
  EXPECT_EQ(row.environment, "production");
  EXPECT_EQ(row.id, "m1");
  EXPECT_EQ(row.event, "announcement");
  EXPECT_EQ(row.audience, R"("all")");
  EXPECT_EQ(row.payload, R"({"title":"t"})");
  EXPECT_EQ(row.ack, "client");
  EXPECT_EQ(row.retry, 10'000);
  EXPECT_EQ(row.sender, R"({"id":1})");
  EXPECT_EQ(row.addressed, 3);
  EXPECT_EQ(row.at, kSent);
  EXPECT_EQ(row.expires_at, after(1'000));
  EXPECT_TRUE(row.alive(after(999)));
  EXPECT_FALSE(row.alive(after(1'000)));
}

TEST_P(MessageContract, MessagesTakeNoRevision) {
  add(message("m1"));
  record({{1, 7, "", kSent, kSent}});

  EXPECT_EQ(load("production", 0).snapshot->revision(), 0);
}

TEST_P(MessageContract, TheSequenceTellsWhatIsNew) {
  const auto first = add(message("m1"));
  const auto second = add(message("m2"));
  EXPECT_LT(first, second);

  const auto all = changes(0);
  EXPECT_EQ(all.messages.size(), 2U);
  EXPECT_EQ(changes(first).messages.size(), 1U);
  EXPECT_TRUE(changes(all.last).messages.empty());

  record({{first, 7, "", kSent, {}}});
  EXPECT_TRUE(changes(all.last).acknowledged.empty()) << "a delivery is nobody's business";
  record({{first, 7, "", kSent, after(5)}, {second, -1, "", kSent, after(6)}});
  const auto news = changes(all.last);
  EXPECT_TRUE(news.messages.empty());
  ASSERT_EQ(news.acknowledged.size(), 2U);
  EXPECT_EQ(news.acknowledged[0].receiver + news.acknowledged[1].receiver, 6);
  EXPECT_TRUE(changes(news.last).acknowledged.empty());
  EXPECT_EQ(changes(0).acknowledged.size(), 2U);
}

TEST_P(MessageContract, AFirstLookFindsOnlyWhatIsAlive) {
  add(message("m1"));
  auto longer = message("m2");
  longer.row.expires_at = after(5'000);
  const auto number = add(longer);
  record({{number, 7, "", kSent, kSent}});

  EXPECT_EQ(changes(0, after(1'000)).messages.size(), 1U);
  EXPECT_EQ(changes(0, after(1'000)).acknowledged.size(), 1U);
  EXPECT_TRUE(changes(0, after(5'000)).messages.empty());
  EXPECT_TRUE(changes(0, after(5'000)).acknowledged.empty());
}

TEST_P(MessageContract, AnAcknowledgementStaysAndTheFirstOneCounts) {
  const auto number = add(message("m1"));
  record({{number, 7, "", after(1), {}}});
  record({{number, 7, "", after(2), after(3)}});
  record({{number, 7, "", after(4), after(5)}});
  record({{number, 7, "", after(6), {}}});

  reopen();

  const auto found = receipts(number);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].delivered_at, after(1));
  EXPECT_EQ(found[0].acknowledged_at, after(3));
}

TEST_P(MessageContract, ReceiptsComeByReceiverThenByConnection) {
  const auto number = add(message("m1"));
  record({{number, 7, "b", kSent, kSent},
          {number, 7, "a", kSent, kSent},
          {number, -2, "", kSent, {}},
          {number, 9, "", kSent, {}},
          {number + 1, 9, "", kSent, {}}});

  const auto all = receipts(number);
  ASSERT_EQ(all.size(), 4U) << "none of a message that is not there";
  EXPECT_EQ(all[0].receiver, -2);
  EXPECT_EQ(all[1].connection, "a");
  EXPECT_EQ(all[2].connection, "b");
  EXPECT_EQ(receipts(number, 7).size(), 1U);
}

TEST_P(MessageContract, TheAcknowledgementOfItsOneReceiverSettlesAMessage) {
  const auto number = add(to_one("m1"));
  auto by_each = to_one("m2");
  by_each.row.ack = "connection";
  const auto other = add(by_each);
  const auto last = changes(0).last;

  record({{number, 7, "", kSent, after(3)}, {other, 7, "", kSent, after(3)}});

  EXPECT_EQ(find("m1")->settled_at, after(3));
  EXPECT_EQ(find("m2")->settled_at, UnixMillis{}) << "another connection of its may come";
  ASSERT_EQ(changes(last).messages.size(), 1U);
  EXPECT_FALSE(changes(last).messages[0].alive(kSent));
}

TEST_P(MessageContract, AWithdrawnMessageIsOverForAllWhoFollow) {
  add(message("m1"));
  const auto last = changes(0).last;

  EXPECT_EQ(store_->messages().withdraw("production", "m1", after(2))->withdrawn_at, after(2));
  EXPECT_EQ(store_->messages().withdraw("production", "m1", after(9))->withdrawn_at, after(2));
  EXPECT_EQ(store_->messages().withdraw("production", "m2", after(2)).error().code, Errc::not_found);

  ASSERT_EQ(changes(last).messages.size(), 1U);
  EXPECT_EQ(changes(last).messages[0].withdrawn_at, after(2));
  EXPECT_TRUE(changes(0).messages.empty());
}

TEST_P(MessageContract, UnderOneKeyAMessageIsAddedOnce) {
  const auto number = add(keyed("m1", "k"));

  reopen();

  const auto again = store_->messages().add(keyed("m2", "k"), {}).value();
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.row.id, "m1");
  EXPECT_EQ(again.row.number, number);
  EXPECT_EQ(store_->messages().add(keyed("m2", "k", "b"), {}).error().code, Errc::conflict);
  EXPECT_FALSE(store_->messages().add(keyed("m2", "k2"), {})->replayed);
  auto later = keyed("m3", "k");
  later.row.at = after(10);
  later.keys_since = after(1);
  EXPECT_FALSE(store_->messages().add(later, {})->replayed) << "the key is free again";
  EXPECT_FALSE(store_->messages().add(message("m4"), {})->replayed) << "without a key";
}

TEST_P(MessageContract, MessagesThatAreAliveHaveBounds) {
  const auto code = [&](const NewMessage& what, const MessageLimits& limits) {
    const auto added = store_->messages().add(what, limits);
    return added ? std::string("added") : std::string(to_string(added.error().code));
  };
  EXPECT_EQ(code(to_one("m1"), {.count = 1}), "added");
  EXPECT_EQ(code(message("m2"), {.count = 1}), "conflict");
  EXPECT_EQ(code(message("m2"), {.count = 5, .bytes = 30}), "conflict");
  record({{changes(0).messages.at(0).number, 7, "", kSent, kSent}});
  EXPECT_EQ(code(message("m2"), {.count = 1, .bytes = 30}), "added") << "a settled one takes no place";
  auto late = message("m3");
  late.row.at = after(1'000);
  EXPECT_EQ(code(late, {.count = 1, .bytes = 30}), "added") << "nor does one that has expired";
}

TEST_P(MessageContract, EnvironmentsKeepTheirMessagesApart) {
  ASSERT_TRUE(store_->create_environment("staging", sha256("x"), kSent).has_value());
  add(message("m1"));
  add(message("m2", "staging"));

  EXPECT_EQ(page(), Ids{"m1"});
  EXPECT_EQ(page(0, "staging"), Ids{"m2"});
  EXPECT_EQ(store_->messages().withdraw("staging", "m1", kSent).error().code, Errc::not_found);
  EXPECT_EQ(store_->messages().add(message("m3", "none"), {}).error().code, Errc::not_found);
}

TEST_P(MessageContract, PagesComeNewestFirst) {
  add(message("m1"));
  const auto second = add(message("m2"));
  add(message("m3"));

  EXPECT_EQ(page(), (Ids{"m3", "m2", "m1"}));
  EXPECT_EQ(page(second), Ids{"m1"});
}

TEST_P(MessageContract, WhatIsOverIsForgottenByAgeInSmallPieces) {
  const auto number = add(message("m1"));
  for (std::int64_t i = 1; i <= 5; ++i) record({{number, i, "", kSent, kSent}});
  auto longer = message("m2");
  longer.row.expires_at = after(9'000);
  add(longer);

  EXPECT_FALSE(store_->messages().forget(after(999), after(999), 100, 3, {}).value());
  EXPECT_EQ(page().size(), 2U) << "not old enough";
  EXPECT_TRUE(store_->messages().forget(after(1'000), after(1'000), 100, 3, {}).value());
  EXPECT_EQ(receipts(number).size(), 2U);
  EXPECT_EQ(page().size(), 2U);
  while (store_->messages().forget(after(1'000), after(1'000), 100, 3, {}).value()) {
  }
  EXPECT_EQ(page(), Ids{"m2"});
  EXPECT_TRUE(receipts(number).empty());
}

TEST_P(MessageContract, WhatIsOverIsForgottenByCountTheOldestFirst) {
  for (const char* id : {"m1", "m2", "m3"}) add(message(id));
  auto longer = message("m4");
  longer.row.expires_at = after(9'000);
  add(longer);

  while (store_->messages().forget(kSent, after(1'000), 1, 100, {}).value()) {
  }

  EXPECT_EQ(page(), (Ids{"m4", "m3"}));
}

}  // namespace togglecast::storage::testing
