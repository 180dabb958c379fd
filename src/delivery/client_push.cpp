#include "delivery/client_push.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <set>

#include "delivery/views/view_input.hpp"
#include "domain/evaluation/unusable_context.hpp"

namespace togglecast::delivery {
namespace {

using domain::ClientView;
using domain::FeatureAnswer;
using domain::Id;
using domain::Snapshot;
using domain::ViewUpdate;
using domain::evaluation::Decision;
using domain::evaluation::Reads;

template <typename T>
void append_bytes(std::string& key, const T& value) {
  const auto at = key.size();
  key.resize(at + sizeof value);
  std::memcpy(key.data() + at, &value, sizeof value);
}

// Points into the states, which outlive the key: equal pointers are equal values.
void append_answer(std::string& key, const Decision& decision) {
  append_bytes(key, decision.enabled);
  append_bytes(key, decision.reason);
  append_bytes(key, decision.rule);
  append_bytes(key, decision.limit.value_or(-1));
  append_bytes(key, decision.value);
  append_bytes(key, decision.variant);
}

void append_answer(std::string& key, const std::optional<FeatureAnswer>& answer) {
  append_bytes(key, answer.has_value());
  if (!answer) return;
  append_answer(key, answer->decision);
  for (const Decision& sub : answer->sub_features) append_answer(key, sub);
}

json::value in_json(const std::optional<FeatureAnswer>& answer) {
  return answer ? json::value(to_json(*answer)) : json::value();
}

bool contains(const std::vector<Id>& ids, Id id) { return std::binary_search(ids.begin(), ids.end(), id); }

}  // namespace

// All that subscribers on one package have in common.
struct ClientPush::PackagePlan {
  std::vector<Id> concerned;        ///< features of the impact for clients on this package; ascending
  std::vector<Id> features;         ///< those of them that its package includes before or after
  Reads reads;                      ///< of their rules, and of what they require
  std::vector<ViewUpdate> base[2];  ///< platforms and the package itself, by `active`
  SharedBatch* common[2]{};         ///< when nothing is read
  std::unordered_map<std::string, SharedBatch*> by_input;
  std::unordered_map<std::string, SharedBatch> by_payload;  // a batch stays where it is
};

// One evaluation, before and after. Its memory is kept for the next one.
struct ClientPush::Input {
  using Answers = std::vector<std::optional<FeatureAnswer>>;  // nothing: not visible

  ClientPtr client;
  ContextPtr context;
  bool over = true;
  std::optional<ClientView> from, to;
  Answers was, is;  // of the first features; `is` lags behind by one at most
  std::uint64_t evaluated = 0;

  // False when the turn is over.
  bool add(Answers& answers, ClientView& view, Id feature, Turn& turn) {
    if (!view.sees_feature(feature)) {
      answers.emplace_back();
      return true;
    }
    auto answer = view.answer_within(feature, turn);
    if (!answer) return false;
    answers.push_back(std::move(answer));
    ++evaluated;
    return true;
  }
  bool run(const std::vector<Id>& features, Turn& turn) {
    while (is.size() < features.size()) {
      const Id feature = features[is.size()];
      if (was.size() == is.size() && !add(was, *from, feature, turn)) return false;
      if (!add(is, *to, feature, turn)) return false;
    }
    return true;
  }
};

ClientPush::ClientPush(domain::SnapshotPtr from, domain::SnapshotPtr to, domain::Impact impact,
                       domain::Step step, const PushCounters& counters)
    : from_(std::move(from)),
      to_(std::move(to)),
      impact_(std::move(impact)),
      step_(step),
      counters_(counters),
      notice_(Batch{.to = to_, .notice = true}) {}

ClientPush::~ClientPush() = default;

std::vector<ViewUpdate> ClientPush::base_updates(Id package, bool active) const {
  domain::Client stand_in;
  stand_in.active = active;
  if (package != 0) stand_in.package_id = package;
  const ClientView from(*from_, stand_in, nullptr);
  const ClientView to(*to_, stand_in, nullptr);
  std::vector<ViewUpdate> updates;
  std::vector<Id> platforms = impact_.platforms;
  const bool touched = std::any_of(impact_.packages.begin(), impact_.packages.end(),
                                   [package](const auto& one) { return one.package == package; });
  if (touched) {  // which platforms it opens may have changed
    for (const Snapshot* state : {from_.get(), to_.get()})
      state->table<domain::Platform>().by_id.for_each([&](Id id, const auto&) { platforms.push_back(id); });
    std::sort(platforms.begin(), platforms.end());
    platforms.erase(std::unique(platforms.begin(), platforms.end()), platforms.end());
    add_difference(updates, domain::Kind::package, package, from.package(), to.package(), step_);
  }
  for (const Id id : platforms)
    add_difference(updates, domain::Kind::platform, id, from.platform(id), to.platform(id), step_);
  return updates;
}

ClientPush::PackagePlan& ClientPush::plan_of(Id package) {
  auto& plan = plans_[package];
  if (plan != nullptr) return *plan;
  plan = std::make_unique<PackagePlan>();
  plan->concerned = impact_.features;
  for (const auto& one : impact_.packages) {
    if (one.package != package) continue;
    std::vector<Id> both;
    std::set_union(plan->concerned.begin(), plan->concerned.end(), one.features.begin(), one.features.end(),
                   std::back_inserter(both));
    plan->concerned = std::move(both);
  }
  domain::Client stand_in;
  if (package != 0) stand_in.package_id = package;
  const ClientView from(*from_, stand_in, nullptr);
  const ClientView to(*to_, stand_in, nullptr);
  for (const Id feature : plan->concerned)
    if (from.sees_feature(feature) || to.sees_feature(feature)) plan->features.push_back(feature);
  for (const Snapshot* state : {from_.get(), to_.get()}) {
    std::vector<Id> seen;
    for (const Id feature : plan->concerned) add_reads(plan->reads, *state, feature, seen);
  }
  for (const bool active : {false, true}) plan->base[active ? 1 : 0] = base_updates(package, active);
  return *plan;
}

void ClientPush::read_input(std::string& key, const PackagePlan& plan, const Subscriber& subscriber) const {
  key.clear();
  key += subscriber.active() ? '1' : '0';
  key += subscriber.context() == domain::evaluation::unusable_context() ? '-' : '+';
  if (plan.reads.everything) {
    append_bytes(key, subscriber.client().get());
    append_bytes(key, subscriber.context().get());
    return;
  }
  for (const std::string& path : plan.reads.paths) {
    const std::size_t dot = path.find('.');
    if (!reads_client(path)) {
      append_context_value(key, subscriber.context().get(), path, subscriber.client()->key);
    } else if (dot != std::string::npos) {
      append_value(key, &subscriber.client()->attributes, std::string_view(path).substr(dot + 1));
    } else {
      append_bytes(key, subscriber.client().get());
    }
  }
}

std::vector<Id> ClientPush::features_with_overrides(const PackagePlan& plan,
                                                    const Subscriber& subscriber) const {
  std::vector<Id> features = plan.features;
  for (const auto& one : subscriber.client()->overrides)
    if (contains(plan.concerned, one.feature)) features.push_back(one.feature);
  std::sort(features.begin(), features.end());
  features.erase(std::unique(features.begin(), features.end()), features.end());
  return features;
}

// The one that was begun for the subscriber, or a new one.
ClientPush::Input& ClientPush::input_of(const Subscriber& subscriber) {
  if (input_ == nullptr) input_ = std::make_unique<Input>();
  Input& input = *input_;
  if (!input.over && input.client == subscriber.client() && input.context == subscriber.context())
    return input;
  counters_.inputs.add();
  input.over = false;
  input.client = subscriber.client();
  input.context = subscriber.context();
  input.from.emplace(*from_, *input.client, input.context.get(), from_memo_);
  input.to.emplace(*to_, *input.client, input.context.get(), to_memo_);
  input.was.clear();
  input.is.clear();
  input.evaluated = 0;
  return input;
}

SharedBatch* ClientPush::evaluate(PackagePlan& plan, const Subscriber& subscriber,
                                  const std::vector<Id>& features, Turn& turn) {
  Input& input = input_of(subscriber);
  if (!input.run(features, turn)) return nullptr;
  input.over = true;
  counters_.evaluated.add(input.evaluated);
  std::string payload;
  append_bytes(payload, subscriber.active());
  for (std::size_t i = 0; i < features.size(); ++i) {
    append_bytes(payload, features[i]);
    append_answer(payload, input.was[i]);
    append_answer(payload, input.is[i]);
  }
  const auto known = plan.by_payload.find(payload);
  if (known != plan.by_payload.end()) return &known->second;
  std::vector<ViewUpdate> updates = plan.base[subscriber.active() ? 1 : 0];
  for (std::size_t i = 0; i < features.size(); ++i)
    add_difference(updates, domain::Kind::feature, features[i], in_json(input.was[i]), in_json(input.is[i]),
                   step_);
  put_in_order(updates);
  return &plan.by_payload.try_emplace(std::move(payload), Batch{std::move(updates), to_, nullptr, true})
              .first->second;
}

SharedBatch* ClientPush::batch_for(const Subscriber& subscriber, Id package, Turn& turn) {
  PackagePlan& plan = plan_of(package);
  if (!subscriber.plain()) return evaluate(plan, subscriber, features_with_overrides(plan, subscriber), turn);
  const bool reads_nothing = plan.reads.paths.empty() && !plan.reads.everything;
  if (reads_nothing || plan.features.empty()) {
    SharedBatch*& common = plan.common[subscriber.active() ? 1 : 0];
    if (common == nullptr) common = evaluate(plan, subscriber, plan.features, turn);
    return common;
  }
  read_input(key_, plan, subscriber);
  SharedBatch*& known = plan.by_input[key_];
  if (known == nullptr) known = evaluate(plan, subscriber, plan.features, turn);
  return known;
}

SharedBatch* ClientPush::notice_for(const Subscriber& subscriber, Id package) {
  const PackagePlan& plan = plan_of(package);
  const bool seen =
      !plan.features.empty() || (!subscriber.plain() && !features_with_overrides(plan, subscriber).empty());
  return seen ? &notice_ : nullptr;
}

SharedBatch* ClientPush::batch_for_touched(const Subscriber& subscriber, const ClientPtr& after, Turn& turn) {
  const std::pair wanted{after.get(), subscriber.context().get()};
  if (single_for_ != wanted) {
    counters_.inputs.add();
    single_.reset();
    begun_single_ = std::make_unique<domain::ViewDifference>(
        domain::Viewpoint{from_, subscriber.client(), subscriber.context()},
        domain::Viewpoint{to_, after, subscriber.context()}, step_);
    counters_.evaluated.add(begun_single_->size());
    single_for_ = wanted;
  }
  if (!single_) {
    if (!begun_single_->run(turn)) return nullptr;
    single_.emplace(Batch{begun_single_->take(), to_, nullptr, true});
    begun_single_.reset();
  }
  return &*single_;
}

}  // namespace togglecast::delivery
