// A start on a store that has less than this node has served.
#include <algorithm>
#include <fstream>

#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

namespace fs = std::filesystem;

class RegressedStore : public testing::ApplicationTest {
 protected:
  RegressedStore() {
    options_.log.marker = (data() / "togglecast.marker").string();
    open();
    create_platform(R"({"key":"web","name":"Web"})");
    application_.reset();
    fs::copy_file(data() / "togglecast.db", folder_.path() / "older.db");
    open();
    update_platform(1, R"({"name":"Lost"})");
    application_.reset();
  }
  fs::path data() const { return folder_.path() / "data"; }
  // The same file with the older content, and no trace that a file was copied (decision 0034 would see it).
  void put_older_content_back() const {
    std::ifstream from(folder_.path() / "older.db", std::ios::binary);
    std::ofstream to(data() / "togglecast.db", std::ios::binary | std::ios::trunc);
    to << from.rdbuf();
    for (const auto& file : fs::directory_iterator(data()))
      if (file.path().filename().string().starts_with("togglecast.life-")) fs::remove(file);
  }
  bool has_line(std::string_view part) {
    const auto lines = log_lines();
    return std::any_of(lines.begin(), lines.end(),
                       [part](const std::string& line) { return line.find(part) != std::string::npos; });
  }
};

TEST_F(RegressedStore, BeginsANewEpochAndKeepsTheLostChange) {
  put_older_content_back();

  open();

  EXPECT_EQ(current()->revision(), 1);
  EXPECT_GT(current()->head().epoch, 1'000'000'000);
  EXPECT_TRUE(has_line("CHANGES WERE LOST"));
  EXPECT_TRUE(has_line("revisions 2 to 2"));
  std::ifstream kept(data() / "togglecast.lost-production-1.2-1.2.jsonl");
  std::string line;
  ASSERT_TRUE(std::getline(kept, line));
  EXPECT_NE(line.find("\"name\":\"Lost\""), std::string::npos) << line;
  EXPECT_EQ(current("system")->head().epoch, 1) << "nothing of it was lost";
  const auto epoch = current()->head().epoch;
  reopen();
  EXPECT_EQ(current()->head().epoch, epoch) << "once";
}

TEST_F(RegressedStore, ACopyHasItsNewEpochAlready) {
  fs::copy_file(folder_.path() / "older.db", data() / "togglecast.db", fs::copy_options::overwrite_existing);

  open();

  EXPECT_GT(current()->head().epoch, 1);
  EXPECT_TRUE(has_line("CHANGES WERE LOST"));
  EXPECT_FALSE(has_line("the server begins a new epoch, and clients discard"));
  EXPECT_EQ(current()->revision(), 1);
}

TEST_F(RegressedStore, NothingHappensWithoutALoss) {
  open();

  EXPECT_EQ(current()->revision(), 2);
  EXPECT_EQ(current()->head().epoch, 1);
  EXPECT_FALSE(has_line("LOST"));
}

}  // namespace
}  // namespace togglecast::service
