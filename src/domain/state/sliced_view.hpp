// A client's view, and the difference between two, evaluated in turns: many rules that each take long hold a
// thread no longer than its turn. The states stay as they are meanwhile, whatever is committed.
//
//   FullView view(state, client, context);
//   while (!view.run(turn)) …   // another turn
//   use(view.take());
//
// Thread rule: one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
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

/// See `client_view`.
class FullView {
 public:
  explicit FullView(Viewpoint viewpoint);

  [[nodiscard]] const Viewpoint& viewpoint() const noexcept { return viewpoint_; }
  /// Goes on; true when it is complete.
  [[nodiscard]] bool run(evaluation::Turn& turn);
  /// Once, when it is complete.
  [[nodiscard]] json::object take();

 private:
  Viewpoint viewpoint_;
  ClientView view_;
  std::vector<Id> visible_;
  json::array features_;  // of the first of them
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

}  // namespace togglecast::domain
