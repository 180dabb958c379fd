#include "changes/worker_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>

namespace togglecast::changes {
namespace {

TEST(WorkerPool, FinishesWhatItAccepted) {
  std::atomic<int> done{0};
  {
    WorkerPool pool({.threads = 2, .queue = 100});
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(pool.submit([&] { ++done; }));
  }

  EXPECT_EQ(done, 100);
}

TEST(WorkerPool, ATaskThatThrowsEndsAloneAndIsTold) {
  std::string told;
  std::promise<void> next;
  WorkerPool pool({.threads = 1, .on_failure = [&told](std::string_view what) { told = what; }});

  EXPECT_TRUE(pool.submit([] { throw std::runtime_error("no memory"); }));
  EXPECT_TRUE(pool.submit([&next] { next.set_value(); }));

  next.get_future().wait();
  EXPECT_EQ(told, "no memory");
}

TEST(WorkerPool, AFullQueueRefuses) {
  WorkerPool pool({.threads = 1, .queue = 2});
  std::promise<void> started;
  std::promise<void> release;
  EXPECT_TRUE(pool.submit([&, released = release.get_future().share()] {
    started.set_value();
    released.wait();
  }));
  started.get_future().wait();

  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_FALSE(pool.submit([] {}));
  release.set_value();
  pool.stop();

  EXPECT_FALSE(pool.submit([] {}));
}

}  // namespace
}  // namespace togglecast::changes
