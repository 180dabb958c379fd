// Evaluations of what one client's subscriber is about to be told. A subscriber has at most one: a newer one
// takes the place of the one before. It ends with its subscriber. Thread rule: the shard's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "delivery/evaluation_queue.hpp"
#include "delivery/subscriber.hpp"
#include "domain/state/sliced_view.hpp"

namespace togglecast::delivery {

class ViewEvaluation : public Evaluation {
 public:
  ~ViewEvaluation() override;

  using Superseded = std::function<void()>;

  /// The subscriber ends: its evaluation, if any, does nothing more.
  static void abandon(Subscriber& subscriber) noexcept;

  [[nodiscard]] bool run(Turn& turn) final;

 protected:
  /// `superseded`, if any, is called when a newer evaluation takes its place.
  ViewEvaluation(Subscriber& subscriber, Superseded superseded);

 private:
  /// Goes on; true when `finish` may be called.
  [[nodiscard]] virtual bool evaluate(Turn& turn) = 0;
  /// The subscriber is still there. It may end, or begin another evaluation.
  virtual void finish(Subscriber& subscriber) = 0;

  Subscriber* subscriber_;  // null: abandoned
  Superseded superseded_;
  bool paused_ = false;
};

/// The whole view, as the text of its members: see `domain::FullView`.
class FullEvaluation final : public ViewEvaluation {
 public:
  using Done = std::function<void(Subscriber&, const domain::Viewpoint&, std::string view)>;
  FullEvaluation(Subscriber& subscriber, domain::Viewpoint viewpoint, Done done, Superseded superseded = {})
      : ViewEvaluation(subscriber, std::move(superseded)),
        view_(std::move(viewpoint)),
        done_(std::move(done)) {}

 private:
  bool evaluate(Turn& turn) override { return view_.run(turn); }
  void finish(Subscriber& subscriber) override { done_(subscriber, view_.viewpoint(), view_.take()); }

  domain::FullView view_;
  Done done_;
};

/// The difference of two views.
class DifferenceEvaluation final : public ViewEvaluation {
 public:
  using Done = std::function<void(Subscriber&, const domain::ViewDifference&,
                                  std::vector<domain::ViewUpdate> updates)>;
  DifferenceEvaluation(Subscriber& subscriber, domain::Viewpoint from, domain::Viewpoint to,
                       domain::Step step, Done done, Superseded superseded = {})
      : ViewEvaluation(subscriber, std::move(superseded)),
        difference_(std::move(from), std::move(to), step),
        done_(std::move(done)) {}

 private:
  bool evaluate(Turn& turn) override { return difference_.run(turn); }
  void finish(Subscriber& subscriber) override { done_(subscriber, difference_, difference_.take()); }

  domain::ViewDifference difference_;
  Done done_;
};

}  // namespace togglecast::delivery
