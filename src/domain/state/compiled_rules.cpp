#include "domain/state/compiled_rules.hpp"

#include "domain/state/snapshot.hpp"

namespace togglecast::domain {

using evaluation::FeatureRules;
using evaluation::Flag;
using evaluation::Issues;
using evaluation::ProgramPtr;
using evaluation::Strictness;

namespace {

// With shared rules from `find`.
FeatureRules compile_feature(const Feature& feature, const evaluation::FindEvaluator& find) {
  FeatureRules rules{
      feature.id, Flag(feature.key, feature.flag, find), feature.platforms, feature.required, {}};
  rules.sub_features.reserve(feature.sub_features.size());
  for (const SubFeature& sub : feature.sub_features) rules.sub_features.emplace_back(sub.key, sub.flag, find);
  return rules;
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
    const auto program = evaluation::compile(
        segment->rule, "/rule", [this](std::string_view other) { return find(other); },
        {Strictness::as_evaluator}, ignored);
    if (program != nullptr) book_.segments_ = book_.segments_.insert(name, program);
  }

  CompiledRules& book_;
  const Snapshot& state_;
  std::set<std::string> waiting_;
};

void CompiledRules::update(const Snapshot& state, TouchedRules touched, ReferenceIndex& links) {
  // Segments that refer to touched ones are touched, and so are features that refer to any of them.
  std::vector<std::string> unseen(touched.segments.begin(), touched.segments.end());
  while (!unseen.empty()) {
    const std::string key = std::move(unseen.back());
    unseen.pop_back();
    for (const Id user : links.referring(key, Kind::segment)) {
      const auto segment = state.find<Segment>(user);
      if (segment != nullptr && touched.segments.insert(segment->key).second) unseen.push_back(segment->key);
    }
    for (const Id user : links.referring(key, Kind::feature)) touched.features.insert(user);
  }
  Compilation compilation(*this, state, std::move(touched.segments));
  compilation.compile_segments();
  const auto find = [this](std::string_view key) { return segment(key); };
  for (const Id id : touched.features) {
    const Link timed{Relation::timed, 0, id};
    const bool was_timed = links.has(timed);
    const auto entity = state.find<Feature>(id);
    bool is_timed = false;
    if (entity == nullptr) {
      features_ = features_.erase(id);
    } else {
      auto rules = std::make_shared<const FeatureRules>(compile_feature(*entity, find));
      is_timed = rules->time().any();
      features_ = features_.insert(id, std::move(rules));
    }
    if (is_timed && !was_timed) links.put(timed);
    if (!is_timed && was_timed) links.erase(timed);
  }
}

}  // namespace togglecast::domain
