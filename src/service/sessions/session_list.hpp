// The sessions of admins, for people: which there are, how to end them, and how those that are over leave the
// store.
//
//   sessions.list(who, admin, [](Result<std::vector<ShownSession>> all) { … });
//   sessions.end(who, session, options, done);
//   sessions.end_all(who, admin, keep, options, done);
//
// Admins see and end their own; owners of the installation those of everybody. A session that has ended loses
// its connections and its tokens on every node, when that node hears of the change.
//
// Thread rule: any thread. `done` is called exactly once, on any thread or within the call, and must return
// quickly. Errors: `forbidden`; `not_found`; those of the committer.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "changes/store_reader.hpp"
#include "domain/entities/token.hpp"
#include "service/accounts/last_use.hpp"
#include "service/accounts/principal.hpp"
#include "service/accounts/session_service.hpp"

namespace togglecast::service {

struct ShownSession {
  std::shared_ptr<const domain::TokenRecord> record;
  UnixMillis used_at{};     ///< the last use, right within ten seconds
  UnixMillis expires_at{};  ///< it ends then, or earlier if nobody uses it
  bool current = false;     ///< the caller's own
};

class SessionList {
 public:
  using Listed = std::function<void(Result<std::vector<ShownSession>> sessions)>;

  /// All references must outlive it.
  SessionList(changes::Committer& committer, const changes::ReadModel& model, changes::StoreReader& reader,
              const LastUse& last_use, const Clock& clock, const SessionOptions& options)
      : committer_(committer),
        model_(model),
        reader_(reader),
        last_use_(last_use),
        clock_(clock),
        options_(options) {}

  /// Those of `admin` that live, the newest first; 0: of the caller.
  void list(const Principal& who, domain::Id admin, Listed done) const;
  void end(const Principal& who, domain::Id session, const WriteOptions& options, changes::Done done);
  /// Those of `admin`, or of the caller for 0. `keep_current`: but the one of this request.
  void end_all(const Principal& who, domain::Id admin, bool keep_current, const WriteOptions& options,
               changes::Done done);

  /// Removes the records of sessions that are over, those that nobody has used for too long included; at most
  /// once an hour. On the committer's thread.
  void prune_due();

 private:
  // `forbidden` unless the caller may see, or end, the sessions of `admin`.
  [[nodiscard]] Result<domain::Id> whose(const Principal& who, domain::Id admin, auth::Action others) const;
  void prune();
  [[nodiscard]] bool lives(const domain::TokenRecord& session, UnixMillis used_at, UnixMillis now) const;

  changes::Committer& committer_;
  const changes::ReadModel& model_;
  changes::StoreReader& reader_;
  const LastUse& last_use_;
  const Clock& clock_;
  const SessionOptions options_;
  std::optional<TimePoint> pruned_at_;
};

}  // namespace togglecast::service
