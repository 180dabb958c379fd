#include "service/accounts/last_use.hpp"

#include <future>

#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using domain::Kind;

class LastUseTest : public testing::ApplicationTest {
 protected:
  LastUseTest() { open(); }
  // The time that everybody who reads the store knows.
  UnixMillis stored(Kind kind, domain::Id id) {
    std::promise<UnixMillis> at;
    EXPECT_TRUE(application_->reader().submit([&](storage::Reader& reader) {
      at.set_value(reader.usage().of("system", {kind, id}).value().used_at);
    }));
    return at.get_future().get();
  }
  LastUse::Known known() {
    std::promise<LastUse::Known> all;
    EXPECT_TRUE(application_->reader().submit(
        [&](storage::Reader& reader) { all.set_value(application_->last_use().read(reader).value()); }));
    return all.get_future().get();
  }
};

TEST_F(LastUseTest, AUseIsKnownAtOnceAndStoredByTheStop) {
  const domain::Id owner = current("system")->find_by_key<domain::AdminUser>("owner")->id;
  clock_.advance(std::chrono::hours{1});
  const UnixMillis now = clock_.wall_now();

  application_->last_use().note(Kind::admin, owner);

  EXPECT_EQ(known().at({Kind::admin, owner}).used_at, now);
  reopen();
  EXPECT_EQ(stored(Kind::admin, owner), now);
  EXPECT_EQ(known().at({Kind::admin, owner}).used_at, now);
}

TEST_F(LastUseTest, UsesAreWrittenTogetherAndNotMoreOftenThanEveryTenSeconds) {
  struct CountingWriter final : storage::UsageWriter {
    Result<void> note(const std::string&, std::span<const storage::Use> uses) override {
      if (fails) return fail(Errc::unavailable, "the disk is full");
      sizes.push_back(uses.size());
      return {};
    }
    Result<storage::Advanced> advance(const std::string&, const storage::UsedEntity&, std::int64_t,
                                      UnixMillis) override {
      return storage::Advanced{};
    }
    std::vector<std::size_t> sizes;
    bool fails = false;
  } writer;
  ManualClock clock;
  observe::Metrics metrics;
  LastUse last_use(clock, metrics);
  for (int i = 0; i < 100; ++i) last_use.note(Kind::token, 1 + i % 3);

  clock.advance(std::chrono::seconds{9});
  last_use.write_due(writer);
  EXPECT_TRUE(writer.sizes.empty());

  clock.advance(std::chrono::seconds{1});
  writer.fails = true;
  last_use.write_due(writer);
  writer.fails = false;
  last_use.write_due(writer);
  EXPECT_TRUE(writer.sizes.empty()) << "the next try comes ten seconds later";

  last_use.note(Kind::token, 9);
  clock.advance(std::chrono::seconds{10});
  last_use.write_due(writer);
  clock.advance(std::chrono::seconds{10});
  last_use.write_due(writer);
  EXPECT_EQ(writer.sizes, std::vector<std::size_t>{4});
}

}  // namespace
}  // namespace togglecast::service
