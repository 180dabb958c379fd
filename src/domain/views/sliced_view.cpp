#include "domain/views/sliced_view.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "domain/views/view_text.hpp"

namespace togglecast::domain {
namespace {

// Finds the features whose answers are the same for two viewers: nothing that decides them differs.
class Unchanged {
 public:
  Unchanged(const Viewpoint& from, const Viewpoint& to)
      : from_(*from.state),
        to_(*to.state),
        client_(*from.client),
        same_viewer_(from.client == to.client && from.context == to.context && same_package(from, to)) {}

  [[nodiscard]] bool holds(Id feature) {
    return same_viewer_ && from_.peek<Feature>(feature) == to_.peek<Feature>(feature) &&
           decides_same(feature);
  }

 private:
  static bool same_package(const Viewpoint& from, const Viewpoint& to) {
    const auto package = from.client->package_id;
    return !package || from.state->peek<Package>(*package) == to.state->peek<Package>(*package);
  }

  bool decides_same(Id feature) {
    const auto [known, is_new] =
        known_.try_emplace(feature, false);  // a circle, which no write lets in: false
    if (!is_new) return known->second;
    const bool same = same_inputs(feature);
    known_[feature] = same;
    return same;
  }

  bool same_inputs(Id feature) {
    const auto* rules = from_.feature(feature);
    if (rules == nullptr || rules != to_.feature(feature)) return false;
    if (from_.as_of() != to_.as_of() && depends_on_time(*rules)) return false;
    for (const Id platform : rules->platforms)
      if (from_.platform_is_on(platform) != to_.platform_is_on(platform)) return false;
    return std::all_of(rules->required.begin(), rules->required.end(),
                       [this](Id required) { return decides_same(required); });
  }

  bool depends_on_time(const evaluation::FeatureRules& rules) const {
    const auto* found = find_override(client_.overrides, rules.id);
    return rules.time().any() ||
           (found != nullptr && found->holds(from_.as_of()) != found->holds(to_.as_of()));
  }

  const Snapshot& from_;
  const Snapshot& to_;
  const Client& client_;
  bool same_viewer_;
  std::map<Id, bool> known_;
};

}  // namespace

FullView::FullView(Viewpoint viewpoint)
    : viewpoint_(std::move(viewpoint)),
      view_(*viewpoint_.state, *viewpoint_.client, viewpoint_.context.get()),
      features_(view_.visible_features()) {
  viewpoint_.state->table<Platform>().by_id.for_each([this](Id id, const auto&) {
    if (view_.sees_platform(id)) platforms_.push_back(id);
  });
  constexpr std::size_t kLikely = 320;  // of a feature or a platform
  text_.reserve(kLikely * (features_.size() + platforms_.size() + 1));
  const auto package = viewpoint_.client->package_id;
  text_ = R"("client":)";
  append_client(text_, *viewpoint_.client);
  text_ += R"(,"package":)";
  append_package(text_, package ? viewpoint_.state->peek<Package>(*package) : nullptr);
  text_ += R"(,"features":[)";
}

bool FullView::run(evaluation::Turn& turn) {
  while (next_feature_ < features_.size()) {
    const auto answer = view_.answer_within(features_[next_feature_], turn);
    if (!answer) return false;
    if (next_feature_++ != 0) text_ += ',';
    append(text_, *answer);
    if (pauses(turn)) return false;
  }
  if (!std::exchange(at_platforms_, true)) text_ += R"(],"platforms":[)";
  while (next_platform_ < platforms_.size()) {
    if (next_platform_ != 0) text_ += ',';
    append_platform(text_, *viewpoint_.state->peek<Platform>(platforms_[next_platform_++]),
                    *viewpoint_.client);
    if (pauses(turn)) return false;
  }
  return true;
}

bool FullView::pauses(evaluation::Turn& turn) {
  constexpr std::size_t kStretch = 32 * 1'024;
  if (text_.size() - looked_at_ < kStretch) return false;
  looked_at_ = text_.size();
  return turn.over();
}

std::string FullView::take() {
  text_ += ']';
  return std::move(text_);
}

ViewDifference::ViewDifference(Viewpoint from, Viewpoint to, Step step)
    : from_(std::move(from)),
      to_(std::move(to)),
      was_(*from_.state, *from_.client, from_.context.get()),
      is_(*to_.state, *to_.client, to_.context.get()),
      step_(step),
      features_(seen_by_either(was_, is_)) {
  Unchanged unchanged(from_, to_);
  std::erase_if(features_, [&](Id feature) { return unchanged.holds(feature); });
}

bool ViewDifference::run(evaluation::Turn& turn) {
  for (; next_ < features_.size(); ++next_) {
    const Id feature = features_[next_];
    if (!was_known_) {
      auto before = was_.feature_within(feature, turn);
      if (!before) return false;
      before_ = *std::move(before);
      was_known_ = true;
    }
    auto after = is_.feature_within(feature, turn);
    if (!after) return false;
    add_difference(updates_, Kind::feature, feature, before_, *std::move(after), step_);
    was_known_ = false;
  }
  return true;
}

std::vector<ViewUpdate> ViewDifference::take() {
  complete_difference(updates_, was_, is_, step_);
  return std::move(updates_);
}

AdminDifference::AdminDifference(SnapshotPtr from, SnapshotPtr to, Kinds readable, Step step)
    : from_(std::move(from)),
      to_(std::move(to)),
      step_(step),
      entities_(admin_differences(*from_, *to_, readable)) {}

bool AdminDifference::run(evaluation::Turn& turn) {
  while (next_ < entities_.size()) {
    const auto [kind, id] = entities_[next_];
    add_difference(updates_, kind, id, from_->body(kind, id), to_->body(kind, id), step_);
    ++next_;
    if (next_ < entities_.size() && turn.over()) return false;
  }
  return true;
}

std::vector<ViewUpdate> AdminDifference::take() {
  put_in_order(updates_);
  return std::move(updates_);
}

}  // namespace togglecast::domain
