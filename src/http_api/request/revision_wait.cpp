#include "http_api/request/revision_wait.hpp"

#include <algorithm>
#include <utility>

namespace togglecast::http_api {

class RevisionWait::Waiter final : public net::TimerNode {
 public:
  Waiter(RevisionWait& list, std::size_t shard, std::string environment, domain::Revision revision, Done done)
      : list_(list),
        shard_(shard),
        environment_(std::move(environment)),
        revision_(revision),
        done_(std::move(done)) {}
  ~Waiter() override = default;

 private:
  friend class RevisionWait;
  void on_timer(TimePoint) override { list_.end(*this, false); }

  RevisionWait& list_;
  std::size_t shard_;
  std::string environment_;
  domain::Revision revision_;
  Done done_;
};

RevisionWait::RevisionWait(net::ShardPool& shards, changes::ChangeFeed& feed, const changes::ReadModel& model)
    : shards_(shards), model_(model), by_shard_(shards.size()) {
  subscription_ = feed.subscribe([this](const changes::CommitPtr& commit) {
    if (waiting_.load() == 0) return;
    shards_.post_to_all([this, environment = commit->row.environment, revision = commit->after->revision()](
                            net::Shard& shard) { arrived(shard, environment, revision); });
  });
}

RevisionWait::~RevisionWait() = default;

bool RevisionWait::is_here(const std::string& environment, domain::Revision revision) const {
  const auto current = model_.current(environment);
  return current != nullptr && current->revision() >= revision;
}

void RevisionWait::wait(net::Shard& shard, const std::string& environment, domain::Revision revision,
                        Milliseconds longest, Done done) {
  if (is_here(environment, revision)) return done(true);
  // Count first, then check again. A commit between both checks either shows in the second or calls
  // `arrived`.
  ++waiting_;
  if (is_here(environment, revision)) {
    --waiting_;
    return done(true);
  }
  auto& mine = by_shard_[shard.index()];
  mine.push_back(std::make_unique<Waiter>(*this, shard.index(), environment, revision, std::move(done)));
  shard.arm(*mine.back(), longest);
}

void RevisionWait::arrived(const net::Shard& shard, const std::string& environment,
                           domain::Revision revision) {
  std::vector<const Waiter*> served;
  for (const auto& waiter : by_shard_[shard.index()])
    if (waiter->environment_ == environment && waiter->revision_ <= revision) served.push_back(waiter.get());
  for (const Waiter* waiter : served) end(*waiter, true);
}

void RevisionWait::end(const Waiter& waiter, bool arrived) {
  auto& mine = by_shard_[waiter.shard_];
  const auto found =
      std::find_if(mine.begin(), mine.end(), [&](const auto& one) { return one.get() == &waiter; });
  const std::unique_ptr<Waiter> ended = std::move(*found);
  mine.erase(found);
  --waiting_;
  ended->done_(arrived);
}

}  // namespace togglecast::http_api
