#include "domain/state/compiled_rules.hpp"

#include "domain/schema/weight.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::domain {

using evaluation::FeatureRules;
using evaluation::Flag;
using evaluation::FlagDefinition;
using evaluation::Issues;
using evaluation::ProgramPtr;
using evaluation::Strictness;

namespace {

using FeaturePtr = std::shared_ptr<const Feature>;

// With shared rules from `find`. Rules hold the feature's definitions, not copies of them.
FeatureRules compile_feature(const FeaturePtr& feature, const evaluation::FindEvaluator& find) {
  const auto part = [&](const FlagDefinition& definition) {
    return std::shared_ptr<const FlagDefinition>(feature, &definition);
  };
  FeatureRules rules{
      feature->id, Flag(feature->key, part(feature->flag), find), feature->platforms, feature->required, {}};
  rules.sub_features.reserve(feature->sub_features.size());
  for (const SubFeature& sub : feature->sub_features)
    rules.sub_features.emplace_back(sub.key, part(sub.flag), find);
  return rules;
}

// The same rules with other segments.
FeatureRules link_feature(const FeatureRules& rules, const evaluation::FindEvaluator& find) {
  FeatureRules again{rules.id, rules.flag.linked_again(find), rules.platforms, rules.required, {}};
  again.sub_features.reserve(rules.sub_features.size());
  for (const Flag& sub : rules.sub_features) again.sub_features.push_back(sub.linked_again(find));
  return again;
}

std::size_t weight_of(const FeatureRules& rules, const FeatureRules* others) noexcept {
  std::size_t bytes = sizeof(FeatureRules) + 2 * kHeapBlock + block_weight(rules.platforms) +
                      block_weight(rules.required) + block_weight(rules.sub_features) +
                      rules.flag.weight_beside(others == nullptr ? nullptr : &others->flag);
  for (const Flag& sub : rules.sub_features)
    bytes += sub.weight_beside(others == nullptr ? nullptr : others->sub_feature(sub.key()));
  return bytes;
}

void note_time(ReferenceIndex& links, Id feature, bool is_timed) {
  const Link timed{Relation::timed, 0, feature};
  const bool was_timed = links.has(timed);
  if (is_timed && !was_timed) links.put(timed);
  if (!is_timed && was_timed) links.erase(timed);
}

}  // namespace

ProgramPtr CompiledRules::segment(std::string_view key) const {
  const auto* found = segments_.find(key);
  return found == nullptr ? nullptr : *found;
}

// Depth first: what a segment refers to is compiled before it. A circle, which no write lets in, ends where
// it closes: that reference finds nothing.
class CompiledRules::Compilation {
 public:
  Compilation(CompiledRules& book, const Snapshot& state, std::set<std::string> segments)
      : book_(book), state_(state), waiting_(std::move(segments)) {}

  void compile_segments() {
    while (!waiting_.empty()) compile_segment(*waiting_.begin());
  }

  [[nodiscard]] ProgramPtr find(std::string_view key) {
    const std::string name(key);
    if (waiting_.contains(name)) compile_segment(name);
    return book_.segment(key);
  }

 private:
  void compile_segment(const std::string& key) {
    const auto taken = waiting_.extract(key);  // holds the key, which may have been the set's own
    const std::string& name = taken.value();
    if (book_.segments_.find(name) != nullptr) book_.segments_ = book_.segments_.erase(name);
    const auto segment = state_.find_by_key<Segment>(name);
    if (segment == nullptr) return;
    Issues ignored;
    const std::shared_ptr<const json::value> rule(segment, &segment->rule);
    const auto program = evaluation::compile(
        rule, "/rule", [this](std::string_view other) { return find(other); }, {Strictness::as_evaluator},
        ignored);
    if (program != nullptr) book_.segments_ = book_.segments_.insert(name, program);
  }

  CompiledRules& book_;
  const Snapshot& state_;
  std::set<std::string> waiting_;
};

void CompiledRules::update(const Snapshot& state, TouchedRules touched, ReferenceIndex& links) {
  // Segments that refer to touched ones are touched. Features that refer to any of them are linked again.
  std::set<Id> linked;
  std::vector<std::string> unseen(touched.segments.begin(), touched.segments.end());
  while (!unseen.empty()) {
    const std::string key = std::move(unseen.back());
    unseen.pop_back();
    for (const Id user : links.referring(key, Kind::segment)) {
      const auto segment = state.find<Segment>(user);
      if (segment != nullptr && touched.segments.insert(segment->key).second) unseen.push_back(segment->key);
    }
    for (const Id user : links.referring(key, Kind::feature)) linked.insert(user);
  }
  Compilation compilation(*this, state, std::move(touched.segments));
  compilation.compile_segments();
  const auto find = [this](std::string_view key) { return segment(key); };
  const auto replace = [&](Id id, FeatureRules rules) {
    const bool is_timed = rules.time().any();
    features_ = features_.insert(id, std::make_shared<const FeatureRules>(std::move(rules)));
    note_time(links, id, is_timed);
  };
  for (const Id id : linked) {
    if (touched.features.contains(id)) continue;
    if (const FeatureRules* rules = feature(id)) replace(id, link_feature(*rules, find));
  }
  for (const Id id : touched.features) {
    if (const auto entity = state.find<Feature>(id)) {
      replace(id, compile_feature(entity, find));
    } else {
      features_ = features_.erase(id);
      note_time(links, id, false);
    }
  }
}

std::size_t CompiledRules::weight_beside(const CompiledRules& other) const {
  using Features = decltype(features_);
  using Segments = decltype(segments_);
  const auto nothing = [](Id) -> std::size_t { return 0; };
  const auto text = [](const std::string& key) { return heap_weight(key); };
  const auto rules = [](const auto& own, const auto* others) {
    return weight_of(*own, others == nullptr ? nullptr : others->get());
  };
  const auto program = [](const ProgramPtr& own, const ProgramPtr* others) {
    return own->weight_beside(others == nullptr ? nullptr : others->get());
  };
  return Features::weight_beside(features_, other.features_, nothing, rules) +
         Segments::weight_beside(segments_, other.segments_, text, program);
}

}  // namespace togglecast::domain
