// A client's view, and the difference between two views, evaluated in turns: many rules that each take long,
// or many entities, hold a thread no longer than its turn. The states stay as they are meanwhile, whatever is
// committed.
//
//   FullView view(state, client, context);
//   while (!view.run(turn)) …   // another turn
//   use(view.take());
//
// Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "domain/evaluation/turn.hpp"
#include "domain/state/client_view.hpp"
#include "domain/state/view.hpp"

namespace togglecast::domain {

/// One viewer: all three live as long as the evaluation.
struct Viewpoint {
  SnapshotPtr state;
  std::shared_ptr<const Client> client;
  std::shared_ptr<const json::object> context;  ///< may be absent
};

/// See `client_view`. Its text is written in turns too: a view may have many megabytes.
class FullView {
 public:
  explicit FullView(Viewpoint viewpoint);

  [[nodiscard]] const Viewpoint& viewpoint() const noexcept { return viewpoint_; }
  /// Goes on; true when it is complete.
  [[nodiscard]] bool run(evaluation::Turn& turn);
  /// Once, when it is complete: the members of the view as JSON text, `"client":{…},"package":{…},…`.
  [[nodiscard]] std::string take();

 private:
  /// Whether the turn is over. Looks at the time after a stretch of text.
  [[nodiscard]] bool pauses(evaluation::Turn& turn);

  Viewpoint viewpoint_;
  ClientView view_;
  std::vector<Id> features_, platforms_;  // visible ones
  std::size_t next_feature_ = 0, next_platform_ = 0;
  bool at_platforms_ = false;
  std::string text_;
  std::size_t looked_at_ = 0;  // its size at the last look
};

/// See `diff_client_view`. Features whose answers cannot differ are not evaluated.
class ViewDifference {
 public:
  ViewDifference(Viewpoint from, Viewpoint to, Step step);

  [[nodiscard]] const Viewpoint& from() const noexcept { return from_; }
  [[nodiscard]] const Viewpoint& to() const noexcept { return to_; }
  /// Answers that it evaluates.
  [[nodiscard]] std::size_t size() const noexcept { return 2 * features_.size(); }
  /// Goes on; true when it is complete.
  [[nodiscard]] bool run(evaluation::Turn& turn);
  /// Once, when it is complete.
  [[nodiscard]] std::vector<ViewUpdate> take();

 private:
  Viewpoint from_, to_;
  ClientView was_, is_;
  Step step_;
  std::vector<Id> features_;  // that either sees and that may differ
  std::size_t next_ = 0;
  bool was_known_ = false;  // of the next feature, as it was
  json::value before_;
  std::vector<ViewUpdate> updates_;
};

/// See `diff_admin_view`. What differs is known at once, without a look at the bodies; they are made in
/// turns.
class AdminDifference {
 public:
  AdminDifference(SnapshotPtr from, SnapshotPtr to, Kinds readable, Step step);

  [[nodiscard]] const SnapshotPtr& from() const noexcept { return from_; }
  [[nodiscard]] const SnapshotPtr& to() const noexcept { return to_; }
  /// Goes on; true when it is complete.
  [[nodiscard]] bool run(evaluation::Turn& turn);
  /// Once, when it is complete.
  [[nodiscard]] std::vector<ViewUpdate> take();

 private:
  SnapshotPtr from_, to_;
  Step step_;
  std::vector<EntityName> entities_;
  std::size_t next_ = 0;
  std::vector<ViewUpdate> updates_;
};

}  // namespace togglecast::domain
