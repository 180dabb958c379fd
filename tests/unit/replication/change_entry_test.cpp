#include "replication/change_entry.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/json.hpp"
#include "unit/domain/builders.hpp"

namespace togglecast::replication {
namespace {

using domain::testing::create;
using domain::testing::platform;

domain::LogRow row_of(std::vector<domain::Op> ops) {
  const domain::Head previous{
      .epoch = 3, .revision = 41, .digest = sha256("before"), .as_of = {1'700'000'000'000}};
  return domain::make_row("production", previous, {1'700'000'000'500}, {{"name", "ada"}},
                          {41, std::move(ops)})
      .value();
}
const domain::Head kPrevious{
    .epoch = 3, .revision = 41, .digest = sha256("before"), .as_of = {1'700'000'000'000}};

std::map<std::string, std::string> fields_of(const domain::LogRow& row) {
  const auto flat = entry_fields(row, kPrevious);
  std::map<std::string, std::string> fields;
  for (std::size_t i = 0; i + 1 < flat.size(); i += 2) fields[flat[i]] = flat[i + 1];
  return fields;
}

TEST(ChangeEntry, HasTheChangeAndASummary) {
  const auto row = row_of({create(platform(7, "web"))});
  const auto fields = fields_of(row);

  EXPECT_EQ(to_string(id_of(row.head)), "3-42");
  EXPECT_EQ(fields.at("v"), "1");
  EXPECT_EQ(fields.at("offset"), domain::to_string(domain::offset_of(row.head)));
  EXPECT_EQ(fields.at("previous"), domain::to_string(domain::offset_of(kPrevious)));
  EXPECT_EQ(fields.at("at"), "2023-11-14T22:13:20.500Z");
  EXPECT_EQ(fields.at("actor"), R"({"name":"ada"})");
  EXPECT_EQ(fields.at("summary"), R"([{"entity":"platform","id":7,"key":"web","type":"create"}])");
  EXPECT_EQ(fields.at("change"), row.change_text);
  EXPECT_FALSE(fields.contains("omitted"));
}

TEST(ChangeEntry, LeavesOutAChangeThatIsTooLong) {
  auto row = row_of({create(platform(7, "web"))});
  row.change_text.assign(kLongestChange + 1, 'x');
  const auto fields = fields_of(row);

  EXPECT_EQ(fields.at("omitted"), std::to_string(kLongestChange + 1));
  EXPECT_FALSE(fields.contains("change"));
}

TEST(ChangeEntry, ReadsIdsOfChangesAlone) {
  EXPECT_EQ(parse_entry_id("3-42"), (EntryId{3, 42}));
  EXPECT_EQ(parse_entry_id("0-0"), (EntryId{0, 0}));
  for (const char* text : {"", "3", "3-", "-1", "3-x", "3-4-5", "18446744073709551615-1", "-3-4"})
    EXPECT_FALSE(parse_entry_id(text)) << text;
  EXPECT_LT((EntryId{1, 100}), (EntryId{2, 1}));
}

}  // namespace
}  // namespace togglecast::replication
