#include "domain/evaluation/requirements.hpp"

#include <algorithm>
#include <unordered_map>

#include "domain/evaluation/decision.hpp"

namespace togglecast::domain::evaluation {
namespace {

class Search {
 public:
  explicit Search(const RequiredOf& required_of) : required_of_(required_of) {}

  // Follows the chain below `feature`; its length is remembered. False when there is a problem.
  bool visit(Id feature) {
    if (const auto known = length_below_.find(feature); known != length_below_.end()) {
      return chain_.size() + known->second <= kMaxRequirementDepth || too_long(feature);
    }
    const auto begun = std::find(chain_.begin(), chain_.end(), feature);
    if (begun != chain_.end()) {
      problem_ = RequirementProblem{{begun, chain_.end()}, true};
      problem_->chain.push_back(feature);
      return false;
    }
    chain_.push_back(feature);
    if (chain_.size() > kMaxRequirementDepth + 1) {
      problem_ = RequirementProblem{chain_, false};
      return false;
    }
    std::size_t below = 0;
    for (const Id required : required_of_(feature)) {
      if (!visit(required)) return false;
      below = std::max(below, length_below_[required] + 1);
    }
    length_below_[feature] = below;
    chain_.pop_back();
    return true;
  }

  [[nodiscard]] std::optional<RequirementProblem> problem() const { return problem_; }

 private:
  // The chain so far fits, but not with what is known to follow.
  bool too_long(Id feature) {
    for (Id next = feature;;) {
      chain_.push_back(next);
      const auto required = required_of_(next);
      if (required.empty()) break;
      next = *std::max_element(required.begin(), required.end(),
                               [&](Id a, Id b) { return length_below_[a] < length_below_[b]; });
    }
    problem_ = RequirementProblem{chain_, false};
    return false;
  }

  const RequiredOf& required_of_;
  std::vector<Id> chain_;
  std::unordered_map<Id, std::size_t> length_below_;
  std::optional<RequirementProblem> problem_;
};

}  // namespace

std::string RequirementProblem::text() const {
  std::string out;
  for (const Id feature : chain) {
    if (!out.empty()) out += " requires ";
    out += std::to_string(feature);
  }
  return out;
}

std::optional<RequirementProblem> find_requirement_problem(std::span<const Id> features,
                                                           const RequiredOf& required_of) {
  Search search(required_of);
  for (const Id feature : features) {
    if (!search.visit(feature)) return search.problem();
  }
  return std::nullopt;
}

}  // namespace togglecast::domain::evaluation
