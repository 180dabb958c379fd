#include "service/listing/listing.hpp"

#include <gtest/gtest.h>

#include <set>

namespace togglecast::service {
namespace {

using domain::Platform;
using domain::SnapshotPtr;

struct Spec {
  domain::Id id;
  std::string key;
  std::string name;
  bool enabled = true;
  std::int64_t updated_at = 0;
};

SnapshotPtr state_of(const std::vector<Spec>& specs, const std::string& environment = "production") {
  std::vector<domain::StoredEntity> entities;
  for (const Spec& spec : specs) {
    Platform platform;
    platform.id = spec.id;
    platform.revision = 1;
    platform.key = spec.key;
    platform.name = spec.name;
    platform.description = "about " + spec.key;
    platform.enabled = spec.enabled;
    platform.updated_at = {spec.updated_at};
    entities.push_back({Platform::kKind, spec.id, to_json(platform)});
  }
  domain::Head head;
  head.revision = 1;
  return domain::assemble(environment, head, std::move(entities)).value();
}

Page<Platform> page(const SnapshotPtr& state, const PageQuery& query) {
  auto found = page_of<Platform>(state, query);
  EXPECT_TRUE(found.has_value()) << found.error().message;
  return std::move(*found);
}

std::string keys_of(const Page<Platform>& page) {
  std::string keys;
  for (const auto& item : page.items) keys += (keys.empty() ? "" : " ") + item->key;
  return keys;
}

const std::vector<Spec> kFour{{1, "web", "Shop", true, 30},
                              {2, "ios", "an app", true, 10},
                              {3, "tv", "Zebra", false, 20},
                              {4, "car", "An app", true, 20}};

TEST(Listing, IsByIdUnlessAskedOtherwise) {
  const auto all = page(state_of(kFour), {});

  EXPECT_EQ(keys_of(all), "web ios tv car");
  EXPECT_EQ(all.total, 4U);
  EXPECT_EQ(all.next_cursor, "");
}

TEST(Listing, SortsByEachFieldInBothDirections) {
  const auto sorted = [state = state_of(kFour)](std::string_view by) {
    return keys_of(page(state, {.sort = Sort::parse(by).value()}));
  };

  EXPECT_EQ(sorted("-id"), "car tv ios web");
  EXPECT_EQ(sorted("key"), "car ios tv web");
  EXPECT_EQ(sorted("name"), "ios car web tv") << "case does not count, then the id";
  EXPECT_EQ(sorted("-name"), "tv web car ios");
  EXPECT_EQ(sorted("updated_at"), "ios tv car web");
  EXPECT_EQ(sorted("-updated_at"), "web car tv ios");
  EXPECT_FALSE(Sort::parse("colour").has_value());
  EXPECT_FALSE(Sort::parse("").has_value());
  EXPECT_FALSE(Sort::parse("--id").has_value());
}

TEST(Listing, SearchesKeyNameAndDescription) {
  const auto found = [state = state_of(kFour)](std::string_view text) {
    return keys_of(page(state, {.search = std::string(text)}));
  };

  EXPECT_EQ(found("AN APP"), "ios car");
  EXPECT_EQ(found("eb"), "web tv");
  EXPECT_EQ(found("ABOUT TV"), "tv");
  EXPECT_EQ(found("nothing"), "");
}

TEST(Listing, FiltersCountInTheTotal) {
  const auto on = page(state_of(kFour), {.filters = {{"enabled", "true"}}, .limit = 2});

  EXPECT_EQ(keys_of(on), "web ios");
  EXPECT_EQ(on.total, 3U);
  const auto wrong = page_of<Platform>(state_of(kFour), {.filters = {{"enabled", "yes"}}});
  EXPECT_EQ(wrong.error().message, "the parameter enabled must be true or false");
}

TEST(Listing, PagesTogetherAreTheWholeList) {
  const auto state = state_of(kFour);
  for (const char* by : {"id", "-id", "key", "-name", "name", "updated_at", "-updated_at", "created_at"}) {
    for (std::size_t limit = 1; limit <= 5; ++limit) {
      PageQuery query{.sort = Sort::parse(by).value()};
      const std::string whole = keys_of(page(state, query));
      query.limit = limit;
      std::string pieces;
      do {
        const auto piece = page(state, query);
        EXPECT_EQ(piece.total, 4U);
        pieces += (pieces.empty() ? "" : " ") + keys_of(piece);
        query.cursor = piece.next_cursor;
      } while (!query.cursor.empty());
      EXPECT_EQ(pieces, whole) << by << ' ' << limit;
    }
  }
}

TEST(Listing, APageThatIsCutGoesOnWhereItEnds) {
  const auto state = state_of(kFour);
  for (const char* by : {"id", "-name", "updated_at"}) {
    PageQuery query{.sort = Sort::parse(by).value()};
    const std::string whole = keys_of(page(state, query));
    std::string pieces;
    do {
      auto piece = page(state, query);
      piece.cut(0);  // one is left all the same
      EXPECT_EQ(piece.items.size(), 1U);
      pieces += (pieces.empty() ? "" : " ") + keys_of(piece);
      query.cursor = piece.next_cursor;
    } while (!query.cursor.empty());
    EXPECT_EQ(pieces, whole) << by;
  }
}

TEST(Listing, PagesStayRightWhileOthersWrite) {
  PageQuery query{.sort = Sort::parse("key").value(), .limit = 2};
  const auto first = page(state_of(kFour), query);
  ASSERT_EQ(keys_of(first), "car ios");
  query.cursor = first.next_cursor;

  // The last of the page is gone, one came in front of it and one behind it.
  const auto later = state_of(
      {{1, "web", "Shop"}, {3, "tv", "Zebra"}, {4, "car", "An app"}, {5, "app", "A"}, {6, "jet", "J"}});
  const auto second = page(later, query);

  EXPECT_EQ(keys_of(second), "jet tv");
  EXPECT_EQ(second.total, 5U);
}

TEST(Listing, ACursorIsGoodOnlyForTheListItCameFrom) {
  const auto state = state_of(kFour);
  const PageQuery query{.sort = Sort::parse("name").value(), .limit = 1};
  const std::string cursor = page(state, query).next_cursor;
  const auto refused = [](const SnapshotPtr& of, PageQuery with, std::string with_cursor) {
    with.cursor = std::move(with_cursor);
    const auto answer = page_of<Platform>(of, with);
    return !answer && answer.error().code == Errc::invalid_argument &&
           answer.error().message.starts_with("the parameter cursor ");
  };

  EXPECT_FALSE(refused(state, query, cursor));
  EXPECT_TRUE(refused(state, {.sort = Sort::parse("-name").value()}, cursor));
  EXPECT_TRUE(refused(state, {.search = "a", .sort = query.sort}, cursor));
  EXPECT_TRUE(refused(state, {.filters = {{"enabled", "true"}}, .sort = query.sort}, cursor));
  EXPECT_TRUE(refused(state_of(kFour, "staging"), query, cursor));
  EXPECT_TRUE(refused(state, query, "x"));
  EXPECT_TRUE(refused(state, query, "%%%"));
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    std::string damaged = cursor;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(refused(state, query, damaged)) << i;
  }
}

}  // namespace
}  // namespace togglecast::service
