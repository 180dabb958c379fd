#include "observe/log_queue.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "observe/log.hpp"

namespace togglecast::observe {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kGenerous{60'000};

// As long as it lives, stderr is a pipe that nobody reads until `read_on`.
class StuckStderr {
 public:
  StuckStderr() : was_(::dup(STDERR_FILENO)) {
    EXPECT_EQ(::pipe2(pipe_.data(), O_CLOEXEC), 0);
    EXPECT_GT(::fcntl(pipe_[1], F_SETPIPE_SZ, 4'096), 0);
    ::dup2(pipe_[1], STDERR_FILENO);
    ::close(pipe_[1]);
  }
  StuckStderr(const StuckStderr&) = delete;
  StuckStderr& operator=(const StuckStderr&) = delete;
  ~StuckStderr() {
    ::dup2(was_, STDERR_FILENO);
    ::close(was_);
    ::close(pipe_[0]);
  }

  std::string read_on(std::string_view until) const {
    std::string text;
    std::array<char, 4'096> some{};
    while (text.find(until) == std::string::npos) {
      const ssize_t length = ::read(pipe_[0], some.data(), some.size());
      if (length <= 0) break;
      text.append(some.data(), static_cast<std::size_t>(length));
    }
    return text;
  }

 private:
  int was_;
  std::array<int, 2> pipe_{};
};

TEST(LogQueue, AReaderThatHasStoppedHoldsNobodyUpAndIsToldWhatItMissed) {
  const StuckStderr reader;
  Log log({.format = LogFormat::json});
  const std::string much(200, 'x');

  for (int i = 0; i < 20'000; ++i) log.info("line", {{"number", i}, {"much", much}});

  EXPECT_GT(log.left_out(), 0U);
  EXPECT_LT(log.left_out(), 20'000U);
  EXPECT_FALSE(log.drain(milliseconds{0}));
  const std::string gap = R"("level":"warn","message":"lines of the log were left out because its reader )"
                          R"(had stopped","count":)" +
                          std::to_string(log.left_out()) + "}\n";
  const std::string text = reader.read_on(gap);
  EXPECT_NE(text.find(R"("number":0,)"), std::string::npos);
  EXPECT_EQ(text.find(R"("number":19999,)"), std::string::npos);
  EXPECT_TRUE(text.ends_with(gap));
}

TEST(LogQueue, TheEndDoesNotWaitForAReaderThatHasStopped) {
  auto go_on = std::make_shared<std::promise<void>>();
  auto printed = std::make_shared<std::promise<void>>();
  auto queue = std::make_unique<LogQueue>(
      [go_on, printed](const LogQueue::Line&) {
        go_on->get_future().wait();
        printed->set_value();
      },
      [](std::uint64_t) {
        return LogQueue::Line{Level::warn, "gap"};
      });
  queue->push({Level::info, "line"});

  queue.reset();

  go_on->set_value();
  EXPECT_EQ(printed->get_future().wait_for(kGenerous), std::future_status::ready);
}

TEST(LogQueue, ALaterLineComesThoughNobodyPushesAnother) {
  auto printed = std::make_shared<std::promise<std::string>>();
  LogQueue queue([printed](const LogQueue::Line& line) { printed->set_value(line.text); },
                 [](std::uint64_t) {
                   return LogQueue::Line{Level::warn, "gap"};
                 });

  queue.push_later(milliseconds{1}, [] { return LogQueue::Line{Level::warn, "summary"}; });

  auto line = printed->get_future();
  ASSERT_EQ(line.wait_for(kGenerous), std::future_status::ready);
  EXPECT_EQ(line.get(), "summary");
}

TEST(LogQueue, PrintsAllThatWasPushedInOrderBeforeItEnds) {
  auto lines = std::make_shared<std::vector<std::string>>();
  {
    LogQueue queue([lines](const LogQueue::Line& line) { lines->push_back(line.text); },
                   [](std::uint64_t) {
                     return LogQueue::Line{Level::warn, "gap"};
                   });
    for (int i = 0; i < 1'000; ++i) queue.push({Level::info, std::to_string(i)});
    EXPECT_TRUE(queue.drain(kGenerous));
    EXPECT_EQ(queue.left_out(), 0U);
  }
  ASSERT_EQ(lines->size(), 1'000U);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(lines->at(static_cast<std::size_t>(i)), std::to_string(i));
}

TEST(LogQueue, PrintsALineThatIsLargerThanWhatMayWaitAndGoesOn) {
  auto lines = std::make_shared<std::vector<std::string>>();
  LogQueue queue([lines](const LogQueue::Line& line) { lines->push_back(line.text); },
                 [](std::uint64_t) {
                   return LogQueue::Line{Level::warn, "gap"};
                 },
                 1'000);
  const std::string large(2'000, 'x');

  queue.push({Level::info, large});
  ASSERT_TRUE(queue.drain(kGenerous));
  queue.push({Level::info, "after"});
  ASSERT_TRUE(queue.drain(kGenerous));

  EXPECT_EQ(queue.left_out(), 0U);
  EXPECT_EQ(*lines, (std::vector<std::string>{large, "after"}));
}

}  // namespace
}  // namespace togglecast::observe
