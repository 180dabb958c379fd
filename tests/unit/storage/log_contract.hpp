// The part of the contract of every store that is about reading the log: pages, searches, bounds.
#pragma once

#include <string>
#include <vector>

#include "unit/storage/store_contract.hpp"

namespace togglecast::storage::testing {

TEST_P(StoreContract, PagesThroughTheLogNewestFirst) {
  for (int i = 1; i <= 4; ++i)
    write({create(platform(i, "p" + std::to_string(i))), create(platform(i + 10, "q" + std::to_string(i)))});
  write({create(client(1, "acme"))});
  write({update(platform(2, "p2"), platform(2, "p2", false))});
  auto reader = store_->open_reader().value();
  const auto revisions = [&](const LogQuery& query) {
    std::vector<domain::Revision> found;
    const auto page = reader->log_page("production", query).value();
    for (const auto& row : page.rows) found.push_back(row.head.revision);
    return found;
  };

  EXPECT_EQ(revisions({.limit = 2, .kind = {}, .id = {}}), (std::vector<domain::Revision>{6, 5}));
  EXPECT_EQ(revisions({.before = 5, .limit = 2, .kind = {}, .id = {}}),
            (std::vector<domain::Revision>{4, 3}));
  EXPECT_EQ(revisions({.limit = 2, .kind = domain::Kind::platform, .id = {}}),
            (std::vector<domain::Revision>{6, 4}));
  EXPECT_EQ(revisions({.limit = 9, .kind = domain::Kind::platform, .id = 2}),
            (std::vector<domain::Revision>{6, 2}));
  EXPECT_EQ(revisions({.before = 6, .limit = 9, .kind = domain::Kind::platform, .id = 2}),
            (std::vector<domain::Revision>{2}));
}

TEST_P(StoreContract, SaysWhetherThereIsAnotherPage) {
  for (int i = 1; i <= 4; ++i) write({create(platform(i, "p" + std::to_string(i)))});
  auto reader = store_->open_reader().value();

  EXPECT_EQ(reader->log_page("production", {.limit = 3}).value().next, 2);
  EXPECT_EQ(reader->log_page("production", {.limit = 4}).value().next, 0);
  EXPECT_EQ(reader->log_page("production", {.before = 2, .limit = 3}).value().next, 0);
}

TEST_P(StoreContract, APageEndsWhenItHasReadEnoughBytes) {
  for (int i = 1; i <= 4; ++i) write({create(platform(i, "p" + std::to_string(i)))});
  auto reader = store_->open_reader().value();
  LogQuery query;
  query.bytes = 1;

  const auto page = reader->log_page("production", query).value();

  EXPECT_EQ(page.rows.size(), 1U);
  EXPECT_EQ(page.next, 4);
  query.before = page.next;
  EXPECT_EQ(reader->log_page("production", query).value().rows.front().head.revision, 3);
}

TEST_P(StoreContract, FindsChangesByWhatTheyDidAndToWhat) {
  write({create(platform(1, "web")), create(client(1, "acme"))});
  auto renamed = platform(1, "web");
  renamed.name = "Shop Front";
  write({update(platform(1, "web"), renamed)});
  write({update(client(1, "acme"), client(1, "acme", false))});
  auto off = renamed;
  off.enabled = false;
  write({update(renamed, off)});
  write({erase(client(1, "acme", false))});
  using domain::Kind;
  using domain::UpdateType;

  EXPECT_EQ(found({.type = UpdateType::create}), (Revisions{1}));
  EXPECT_EQ(found({.type = UpdateType::toggle}), (Revisions{4, 3}));
  EXPECT_EQ(found({.kind = Kind::platform, .type = UpdateType::toggle}), (Revisions{4}));
  EXPECT_EQ(found({.kind = Kind::client, .id = 1, .type = UpdateType::erase}), (Revisions{5}));
  EXPECT_EQ(found({.type = UpdateType::update}), (Revisions{2}));
  EXPECT_EQ(found({.text = "shop fr"}), (Revisions{4, 2}));
  EXPECT_EQ(found({.text = "PLATFORM WEB"}), (Revisions{2, 1})) << "its name before counts as well";
  EXPECT_EQ(found({.text = "acme"}), (Revisions{5, 3, 1}));
  EXPECT_EQ(found({.kinds = {Kind::platform}, .text = "acme"}), (Revisions{}));
  EXPECT_EQ(found({.kinds = {Kind::platform}}), (Revisions{4, 2, 1}));
}

TEST_P(StoreContract, FindsChangesByWhoMadeThemAndWhen) {
  const auto write_as = [&](const std::string& name, const std::string& source, int id) {
    auto transaction = store_->begin("production").value();
    const auto& head = transaction->head();
    const auto row = domain::make_row("production", head, {1'700'000'000'000 + id * 1'000},
                                      {{"name", name}, {"source", source}},
                                      {head.revision, {create(platform(id, "p" + std::to_string(id)))}})
                         .value();
    ASSERT_TRUE(commit(*transaction, row).has_value());
  };
  write_as("olga", "rest", 1);
  write_as("ed", "rest", 2);
  write_as("olga", "socket", 3);
  write_as("togglecast", "timer", 4);
  auto reader = store_->open_reader().value();
  const auto second = [](int number) { return UnixMillis{1'700'000'000'000 + number * 1'000}; };

  EXPECT_EQ(found({.actor = "olga"}), (Revisions{3, 1}));
  EXPECT_EQ(found({.actor = "olga", .source = "rest"}), (Revisions{1}));
  EXPECT_EQ(found({.source = "timer"}), (Revisions{4}));
  EXPECT_EQ(found({.text = "olg"}), (Revisions{3, 1}));
  EXPECT_EQ(found({.since = second(2)}), (Revisions{4, 3, 2}));
  EXPECT_EQ(found({.until = second(2)}), (Revisions{1}));
  EXPECT_EQ(found({.since = second(2), .until = second(4)}), (Revisions{3, 2}));
  EXPECT_EQ(found({.since = second(9)}), (Revisions{}));
  EXPECT_EQ(reader->revision_at("production", second(3)).value(), 3);
  EXPECT_EQ(reader->revision_at("production", {second(3).value + 1}).value(), 3);
  EXPECT_EQ(reader->revision_at("production", second(0)).value(), 0);
}

TEST_P(StoreContract, ASearchLooksAtABoundedPartOfTheLogAtATime) {
  write({create(client(1, "acme"))});
  for (int i = 1; i <= 20; ++i) write({create(platform(i, "p" + std::to_string(i)))});
  auto reader = store_->open_reader().value();
  std::vector<domain::Revision> found;
  std::size_t calls = 0;

  LogQuery query{.text = "acme", .scan = 5};
  do {
    const auto page = reader->log_page("production", query).value();
    for (const auto& row : page.rows) found.push_back(row.head.revision);
    query.before = page.next;
    ++calls;
  } while (query.before != 0);

  EXPECT_EQ(found, (std::vector<domain::Revision>{1}));
  EXPECT_EQ(calls, 5U);
}

TEST_P(StoreContract, ChangesWithoutOpsAreInTheLogAndNotAmongWhatIsFound) {
  write({create(platform(1, "web"))});
  write({});
  auto reader = store_->open_reader().value();

  EXPECT_EQ(reader->log_page("production", {}).value().rows.size(), 1U);
  const auto rows = reader->rows_before("production", 3, 10).value();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].head.revision, 2);
  EXPECT_EQ(reader->rows_before("production", 2, 10).value().size(), 1U);
  EXPECT_EQ(reader->rows_before("production", 3, 1).value().size(), 1U);
}

TEST_P(StoreContract, KnowsWhichRevisionTouchedAnEntityLast) {
  write({create(platform(1, "web"))});
  write({update(platform(1, "web"), platform(1, "web", false))});
  write({erase(platform(1, "web", false))});

  auto transaction = store_->begin("production").value();

  EXPECT_EQ(transaction->last_touched(domain::Kind::platform, 1, 3).value(), 3);
  EXPECT_EQ(transaction->last_touched(domain::Kind::platform, 1, 2).value(), 2);
  EXPECT_EQ(transaction->last_touched(domain::Kind::platform, 2, 3).value(), 0);
}

TEST_P(StoreContract, AReaderSeesNoUncommittedRow) {
  write({create(platform(1, "web"))});
  auto reader = store_->open_reader().value();

  auto transaction = store_->begin("production").value();

  EXPECT_EQ(reader->log_page("production", {}).value().rows.size(), 1U);
}

TEST_P(StoreContract, TheWholeChainVerifies) {
  for (int i = 1; i <= 5; ++i) write({create(platform(i, "p" + std::to_string(i)))});

  const auto loaded = load("production", 1'000);
  EXPECT_EQ(loaded.recent.size(), 5U);
  EXPECT_EQ(loaded.before.revision, 0);
}

}  // namespace togglecast::storage::testing
