#include "delivery/view_evaluation.hpp"

#include <utility>

namespace togglecast::delivery {

ViewEvaluation::ViewEvaluation(Subscriber& subscriber, Superseded superseded)
    : subscriber_(&subscriber), superseded_(std::move(superseded)) {
  auto* before = std::exchange(subscriber.evaluation_, this);
  if (before == nullptr) return;
  before->subscriber_ = nullptr;
  if (before->superseded_) before->superseded_();
}

ViewEvaluation::~ViewEvaluation() {
  if (subscriber_ != nullptr) subscriber_->evaluation_ = nullptr;
}

void ViewEvaluation::abandon(Subscriber& subscriber) noexcept {
  if (auto* evaluation = std::exchange(subscriber.evaluation_, nullptr)) evaluation->subscriber_ = nullptr;
}

bool ViewEvaluation::run(Turn& turn) {
  if (subscriber_ == nullptr || subscriber_->gone()) return true;
  if (!evaluate(*subscriber_, turn)) {
    paused_ = true;
    return false;
  }
  Subscriber& subscriber = *std::exchange(subscriber_, nullptr);
  subscriber.evaluation_ = nullptr;
  if (paused_) subscriber.look_again_later();  // for what waited meanwhile
  finish(subscriber);
  return true;
}

}  // namespace togglecast::delivery
