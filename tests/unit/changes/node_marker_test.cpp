// The marker of a node, and a store that comes back with less than the node has served, or with something
// else.
#include "changes/keeping/node_marker.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "changes/keeping/log_keeper.hpp"
#include "unit/changes/changes_fixture.hpp"

namespace togglecast::changes {
namespace {

namespace fs = std::filesystem;

using testing::create;
using testing::OtherProcess;
using testing::platform;

class NodeMarkerTest : public testing::ChangesTest {
 protected:
  std::string marker() const { return (folder_.path() / "togglecast.marker").string(); }
  void set_store_up(int rows) {
    open();
    tail_->start();
    write_rows(rows);
  }
  void write_rows(int count) {
    for (int i = 0; i < count; ++i) {
      const auto written = committer_->perform(creation("r" + std::to_string(next_++)));
      ASSERT_TRUE(written.has_value()) << written.error().message;
    }
  }
  std::unique_ptr<LogKeeper> keeper() {
    LogKeeperOptions options;
    options.marker = marker();
    options.mark = Milliseconds{0};
    options.pause = Milliseconds{0};
    return std::make_unique<LogKeeper>(
        store_->open_reader().value(),
        LogKeeperPorts{.oldest_recent_state = [](const std::string&) { return 0; },
                       .prune = [](const std::string&, domain::Revision) {}},
        clock_, log_, metrics_, options);
  }
  Marks marks() const { return read_marks(marker()).value(); }
  // The store goes back to `revision`, as it does when an older backup is put in its place.
  void go_back_to(domain::Revision revision) { OtherProcess(data()).lose_after(revision); }
  std::string lines() {
    const std::scoped_lock lock(lines_mutex_);
    std::string all;
    for (const auto& line : lines_) all += line + '\n';
    return all;
  }
  std::vector<std::string> lines_of(const fs::path& path) const {
    std::vector<std::string> found;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) found.push_back(line);
    return found;
  }
  fs::path lost_file() const {
    for (const auto& file : fs::directory_iterator(folder_.path()))
      if (file.path().filename().string().starts_with("togglecast.lost-")) return file.path();
    return {};
  }

  int next_ = 1;
};

TEST_F(NodeMarkerTest, SaysHowFarEachLogWent) {
  set_store_up(3);

  keeper()->look();

  const auto found = marks();
  ASSERT_TRUE(found.contains("production"));
  const Mark& mark = found.at("production");
  EXPECT_EQ(mark.head, current()->head());
  ASSERT_EQ(mark.rows.size(), 3U);
  EXPECT_EQ(mark.rows.back().revision, 3);
  EXPECT_EQ(mark.rows.back().digest, current()->head().digest);
  EXPECT_EQ(mark.rows.back().text, domain::row_text(ear_.commits().back()->row)) << "the text of the chain";
  EXPECT_EQ(fs::status(marker()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(NodeMarkerTest, FollowsTheLogAndIsWrittenAtTheStop) {
  set_store_up(1);
  const auto kept = keeper();
  kept->look();
  kept->start();
  write_rows(4);

  kept->stop();

  EXPECT_EQ(marks().at("production").head, current()->head());
  EXPECT_EQ(marks().at("production").rows.size(), 5U);
}

TEST_F(NodeMarkerTest, HoldsTheNewestRowsOfALongLogAlone) {
  set_store_up(static_cast<int>(kMarkedRows) + 20);

  const auto kept = keeper();
  kept->look();
  EXPECT_LE(marks().at("production").rows.size(), kMarkedRows);
  write_rows(static_cast<int>(kMarkedRows) + 5);
  kept->look();

  const auto mark = marks().at("production");
  EXPECT_EQ(mark.rows.back().revision, current()->revision());
  std::size_t bytes = 0;
  for (const auto& row : mark.rows) bytes += row.text.size();
  EXPECT_LE(bytes, kMarkedBytes);
  for (std::size_t i = 1; i < mark.rows.size(); ++i)
    EXPECT_EQ(mark.rows[i].revision, mark.rows[i - 1].revision + 1);
}

TEST_F(NodeMarkerTest, GoesOnWhereAnotherNodeHasRemovedWhatComesAfterIt) {
  set_store_up(3);
  const auto running = keeper();
  running->look();
  write_rows(7);
  OtherProcess(data()).prune("production", 6);
  const auto restarted = keeper();
  ASSERT_TRUE(restarted->compare_with_marker()->empty());

  for (LogKeeper* one : {running.get(), restarted.get()}) {
    one->look();
    const Mark mark = marks().at("production");
    EXPECT_EQ(mark.head, current()->head());
    ASSERT_EQ(mark.rows.size(), 4U) << "those that are kept";
    EXPECT_EQ(mark.rows.front().revision, 7);
    EXPECT_EQ(metrics_.gauge("togglecast_log_oldest_revision", "", {{"environment", "production"}}).value(),
              7);
  }
  EXPECT_EQ(lines().find("could not be looked at"), std::string::npos) << lines();
}

TEST_F(NodeMarkerTest, AStoreThatGoesOnIsNoRegression) {
  set_store_up(3);
  keeper()->look();
  write_rows(2);

  EXPECT_TRUE(keeper()->compare_with_marker()->empty());

  OtherProcess(data()).prune("production", 4);
  EXPECT_TRUE(keeper()->compare_with_marker()->empty()) << "the marked row is no longer kept";
  EXPECT_EQ(lines().find("LOST"), std::string::npos);
}

TEST_F(NodeMarkerTest, AStoreThatWentBackIsNoticedAndTheLostTextsAreKept) {
  set_store_up(5);
  keeper()->look();
  const auto lost = ear_.commits();
  go_back_to(3);

  const auto found = keeper()->compare_with_marker();

  ASSERT_EQ(found->size(), 1U);
  const Regression& regression = found->front();
  EXPECT_EQ(regression.environment, "production");
  EXPECT_EQ(regression.served.revision, 5);
  EXPECT_EQ(regression.found.revision, 3);
  EXPECT_EQ(regression.common, 3);
  EXPECT_EQ(lines_of(lost_file()),
            (std::vector<std::string>{domain::row_text(lost[3]->row), domain::row_text(lost[4]->row)}));
  EXPECT_EQ(lost_file().filename(), "togglecast.lost-production-1.4-1.5.jsonl");
  EXPECT_NE(lines().find("CHANGES WERE LOST"), std::string::npos);
  EXPECT_NE(lines().find("revisions 4 to 5"), std::string::npos) << lines();
  keeper()->look();
  EXPECT_EQ(marks().at("production").head.revision, 3) << "the marker begins again";
}

TEST_F(NodeMarkerTest, OtherChangesUnderTheSameRevisionsAreNoticed) {
  set_store_up(5);
  keeper()->look();
  go_back_to(2);
  OtherProcess other(data());
  for (int id = 11; id <= 16; ++id)
    other.write("production", {create(platform(id, "o" + std::to_string(id)))});

  const auto found = keeper()->compare_with_marker();

  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().found.revision, 8);
  EXPECT_EQ(found->front().common, 2);
  EXPECT_EQ(found->front().rows.size(), 3U);
}

TEST_F(NodeMarkerTest, AnEpochThatIsGoneIsNoticedToo) {
  set_store_up(2);
  domain::Head lost = store_->open_reader().value()->environments()->front().head;
  lost.revision = 9;
  lost.epoch = 6'999'999'999;
  ASSERT_TRUE(store_->raise_epoch("production", lost).value());
  keeper()->look();
  auto database = storage::sqlite::Database::open(data() / "togglecast.db", {}).value();
  ASSERT_TRUE(database.execute("UPDATE environment SET epoch = 1").has_value());

  const auto found = keeper()->compare_with_marker();

  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().served.epoch, 7'000'000'000);
  EXPECT_TRUE(found->front().rows.empty());
  EXPECT_TRUE(lost_file().empty());
  EXPECT_NE(lines().find("an epoch"), std::string::npos);
}

TEST_F(NodeMarkerTest, ARegressionWhileTheServerRunsIsToldOnceAndKeepsTheMarker) {
  set_store_up(5);
  const auto kept = keeper();
  kept->look();
  EXPECT_TRUE(kept->health().has_value());
  go_back_to(3);

  kept->look();
  kept->look();

  ASSERT_FALSE(kept->health().has_value());
  EXPECT_NE(kept->health().error().message.find("a new epoch begins"), std::string::npos);
  EXPECT_EQ(lines_of(lost_file()).size(), 2U);
  const std::string all = lines();
  EXPECT_EQ(all.find("CHANGES WERE LOST"), all.rfind("CHANGES WERE LOST"));
  EXPECT_EQ(marks().at("production").head.revision, 5) << "so that the next start begins a new epoch";
}

TEST_F(NodeMarkerTest, ADamagedMarkerIsToldAndReplaced) {
  set_store_up(2);
  for (const char* text : {"", "no json", "{\"format\":2}\n", "{\"format\":1}\n{\"chain\":\"x\"}\n",
                           "{\"format\":1}\n{\"chain\":\"\",\"row\":{}}\n"}) {
    std::ofstream(marker()) << text;

    EXPECT_TRUE(keeper()->compare_with_marker()->empty()) << text;
    keeper()->look();

    EXPECT_EQ(marks().at("production").head.revision, 2) << text;
  }
  EXPECT_NE(lines().find("the marker of this node cannot be used"), std::string::npos);
}

TEST_F(NodeMarkerTest, TextAndMarksAreTheSame) {
  set_store_up(3);
  keeper()->look();
  const auto once = marks();

  EXPECT_EQ(to_text(parse_marks(to_text(once)).value()), to_text(once));
}

}  // namespace
}  // namespace togglecast::changes
