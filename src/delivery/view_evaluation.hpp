// Evaluations of what one subscriber is about to be told. A subscriber has at most one: a newer one takes the
// place of the one before. It ends with its subscriber. Thread rule: the shard's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "delivery/batch.hpp"
#include "delivery/evaluation_queue.hpp"
#include "delivery/subscriber.hpp"
#include "domain/views/sliced_view.hpp"

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
  [[nodiscard]] virtual bool evaluate(Subscriber& subscriber, Turn& turn) = 0;
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
  bool evaluate(Subscriber&, Turn& turn) override { return view_.run(turn); }
  void finish(Subscriber& subscriber) override { done_(subscriber, view_.viewpoint(), view_.take()); }

  domain::FullView view_;
  Done done_;
};

/// A batch for one subscriber alone, encoded as it takes it.
class OwnEncoding {
 public:
  /// `batch` has its updates, which may be none.
  void begin(Batch batch) { batch_.emplace(std::move(batch)); }
  [[nodiscard]] bool begun() const noexcept { return batch_.has_value(); }
  [[nodiscard]] bool run(const Subscriber& subscriber, Turn& turn) {
    if (batch_->updates.empty()) return true;
    if (encoding_ == nullptr) {
      batch_->tag = subscriber.offset_tag();
      encoding_ = subscriber.encoder().begin(*batch_);
    }
    return encoding_->run(turn);
  }
  /// Once, when it is complete. Null: there was nothing to encode.
  [[nodiscard]] std::unique_ptr<const EncodedBatch> take() {
    return encoding_ == nullptr ? nullptr : encoding_->take();
  }

 private:
  std::optional<Batch> batch_;
  std::unique_ptr<Encoding> encoding_;
};

/// A batch that is known.
class BatchEvaluation final : public ViewEvaluation {
 public:
  using Done = std::function<void(Subscriber&, const EncodedBatch*)>;
  BatchEvaluation(Subscriber& subscriber, Batch batch, Done done)
      : ViewEvaluation(subscriber, {}), done_(std::move(done)) {
    encoding_.begin(std::move(batch));
  }

 private:
  bool evaluate(Subscriber& subscriber, Turn& turn) override { return encoding_.run(subscriber, turn); }
  void finish(Subscriber& subscriber) override { done_(subscriber, encoding_.take().get()); }

  OwnEncoding encoding_;
  Done done_;
};

/// The difference of two views: a `domain::ViewDifference` or a `domain::AdminDifference`.
template <typename Difference>
class DifferenceEvaluation final : public ViewEvaluation {
 public:
  using Done = std::function<void(Subscriber&, const Difference&, std::vector<domain::ViewUpdate> updates)>;
  /// `between` are the arguments of the difference.
  template <typename... Between>
  DifferenceEvaluation(Subscriber& subscriber, Done done, Superseded superseded, Between&&... between)
      : ViewEvaluation(subscriber, std::move(superseded)),
        difference_(std::forward<Between>(between)...),
        done_(std::move(done)) {}

 private:
  bool evaluate(Subscriber&, Turn& turn) override { return difference_.run(turn); }
  void finish(Subscriber& subscriber) override { done_(subscriber, difference_, difference_.take()); }

  Difference difference_;
  Done done_;
};

/// The same as a batch that leads to the second view, encoded.
template <typename Difference>
class CatchUpEvaluation final : public ViewEvaluation {
 public:
  /// Null: the views do not differ.
  using Done = std::function<void(Subscriber&, const Difference&, const EncodedBatch*)>;
  template <typename... Between>
  CatchUpEvaluation(Subscriber& subscriber, Done done, Between&&... between)
      : ViewEvaluation(subscriber, {}),
        difference_(std::forward<Between>(between)..., domain::Step::merged),
        done_(std::move(done)) {}

 private:
  static const domain::SnapshotPtr& end_of(const domain::ViewDifference& difference) noexcept {
    return difference.to().state;
  }
  static const domain::SnapshotPtr& end_of(const domain::AdminDifference& difference) noexcept {
    return difference.to();
  }
  bool evaluate(Subscriber& subscriber, Turn& turn) override {
    if (!encoding_.begun()) {
      if (!difference_.run(turn)) return false;
      encoding_.begin(Batch{difference_.take(), end_of(difference_), nullptr, true});
    }
    return encoding_.run(subscriber, turn);
  }
  void finish(Subscriber& subscriber) override { done_(subscriber, difference_, encoding_.take().get()); }

  Difference difference_;
  OwnEncoding encoding_;
  Done done_;
};

}  // namespace togglecast::delivery
