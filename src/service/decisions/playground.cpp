#include "service/decisions/playground.hpp"

#include <algorithm>
#include <utility>

#include "domain/entities/context.hpp"
#include "domain/schema/fields.hpp"
#include "domain/state/client_view.hpp"
#include "domain/state/consistency.hpp"
#include "domain/state/flag_name.hpp"
#include "service/decisions/decision_steps.hpp"
#include "service/decisions/explain.hpp"

namespace togglecast::service {
namespace {

using domain::Client;
using domain::Feature;
using domain::Op;
using domain::Segment;
using domain::Snapshot;
using domain::SnapshotPtr;
using domain::evaluation::Plan;

constexpr std::size_t kMaxUnsavedSegments = 100;
// The id of an unsaved entity. No stored entity has it: ids count up from 1.
constexpr domain::Id kUnsaved = domain::kMaxId;

struct Question {
  const json::value* client = nullptr;
  std::optional<json::object> context;
  json::value feature;  ///< without the sub-feature of a flat name
  std::optional<std::string> sub_feature;
  const json::value* definition = nullptr;
  const json::object* segments = nullptr;
  std::optional<UnixMillis> at;
};

// An id, a key, or the flat name of a sub-feature.
void read_flag_name(domain::FieldReader& in, const json::value& name, Question& question) {
  if (const auto id = domain::integer_in(name)) {
    question.feature = *id;
  } else if (const auto* text = name.if_string()) {
    const auto flat = domain::parse_flat_name(*text);
    question.feature = flat.feature;
    if (!flat.sub_feature) return;
    if (question.sub_feature)
      in.refuse("sub_feature", "cannot stand beside a feature that names a sub-feature already");
    question.sub_feature = std::string(*flat.sub_feature);
  } else {
    in.refuse("feature", "must be an id, a key, or 'feature/sub' for a sub-feature");
  }
}

Result<Question> read_question(const json::value& body) {
  domain::FieldReader in(body);
  Question question;
  question.client = in.any("client");
  question.context = domain::read_context(in);
  const json::value* feature = in.any("feature");
  question.sub_feature = in.key("sub_feature");
  question.definition = in.any("definition");
  if (const json::value* segments = in.any("segments")) {
    question.segments = segments->if_object();
    if (question.segments == nullptr || question.segments->size() > kMaxUnsavedSegments)
      in.refuse("segments", "must be an object of at most " + std::to_string(kMaxUnsavedSegments) + " rules");
  }
  question.at = in.time("at");
  in.require({"feature"});
  if (feature != nullptr) read_flag_name(in, *feature, question);
  if (question.definition != nullptr && !question.definition->is_object())
    in.refuse("definition", "must be an object");
  return in.finish(std::move(question));
}

// The entity with this id or key; nullptr when there is none.
template <typename T>
std::shared_ptr<const T> find_named(const Snapshot& state, const json::value& name) {
  if (const auto id = domain::integer_in(name)) return state.find<T>(*id);
  if (const auto* key = name.if_string()) return state.find_by_key<T>(*key);
  return nullptr;
}

// The feature of the question's `definition`: the stored one with some members replaced, or a new one.
Result<Feature> defined(const Feature* stored, const Question& question) {
  json::object body = question.definition->get_object();
  for (const char* name : {"id", "revision", "created_at", "updated_at"}) body.erase(name);
  if (stored != nullptr) {
    if (const auto* key = body.if_contains("key"); key != nullptr && *key != json::value(stored->key))
      return fail_field("/key", "cannot be changed");
    body.erase("key");
    return domain::patched(*stored, body);
  }
  if (question.feature.is_string()) body["key"] = question.feature;
  if (!body.contains("name")) body["name"] = json::string_or_empty(body, "key");
  auto made = Feature::read_new(body);
  if (made) made->id = kUnsaved;
  return made;
}

// `state` with the unsaved segments and feature, at the time of the question.
Result<SnapshotPtr> scratch_of(const Snapshot& state, const Question& question) {
  domain::Change change{state.revision(), {}};
  std::vector<std::string> origins;
  if (question.segments != nullptr) {
    domain::Id next = kUnsaved;
    for (const auto& [key, rule] : *question.segments) {
      const std::string origin = "/segments" + domain::json_pointer(key);
      if (!domain::is_key(key)) return fail_field(origin, "is not the key of a segment");
      const auto stored = state.find_by_key<Segment>(key);
      Segment segment = stored == nullptr ? Segment{} : *stored;
      if (stored == nullptr) {
        segment.id = next--;
        segment.key = segment.name = key;
      }
      segment.rule = rule;
      change.ops.push_back(
          {Segment::kKind, segment.id, state.body(Segment::kKind, segment.id), to_json(segment)});
      origins.push_back(origin);
    }
  }
  if (question.definition != nullptr) {
    const auto stored = find_named<Feature>(state, question.feature);
    if (stored == nullptr && domain::integer_in(question.feature))
      return fail(Errc::not_found, "there is no feature " + json::serialize(question.feature));
    auto feature = defined(stored.get(), question);
    if (!feature) return tl::unexpected(domain::within("/definition", feature.error()));
    change.ops.push_back(
        {Feature::kKind, feature->id, state.body(Feature::kKind, feature->id), to_json(*feature)});
    origins.emplace_back("/definition");
  }
  domain::Head head = state.head();
  head.as_of = question.at.value_or(head.as_of);
  auto scratch = domain::apply(state, change, head);
  if (!scratch) return scratch;
  for (std::size_t i = 0; i < change.ops.size(); ++i) {
    auto ok = domain::check_consistent(state, **scratch, {change.base_revision, {change.ops[i]}});
    if (ok) continue;
    if (change.ops[i].entity == Segment::kKind)  // the question holds only its rule
      for (FieldIssue& issue : ok.error().details)
        if (issue.pointer.starts_with("/rule")) issue.pointer.erase(0, std::string_view("/rule").size());
    return tl::unexpected(domain::within(origins[i], std::move(ok.error())));
  }
  return scratch;
}

Plan plan_of_every_feature(const Snapshot& state) {
  Plan plan;
  state.table<Feature>().by_id.for_each([&](domain::Id id, const auto&) {
    plan.features.push_back({id, std::nullopt, std::nullopt});
  });
  return plan;
}

struct TestSubject {
  Client client;
  bool has_every_feature = false;
};

Result<TestSubject> read_test_subject(const Snapshot& state, const json::value* asked) {
  TestSubject tested;
  tested.client.key = tested.client.name = "playground";
  tested.has_every_feature = asked == nullptr;
  if (asked == nullptr) return tested;
  if (!asked->is_object()) {
    const auto found = find_named<Client>(state, *asked);
    if (found != nullptr) return TestSubject{*found, false};
    if (asked->is_string() || domain::integer_in(*asked))
      return fail(Errc::not_found, "there is no client " + json::serialize(*asked));
    return fail_field("/client", "must be an id, a key or a client");
  }
  json::object body = asked->get_object();
  tested.has_every_feature = !body.contains("package_id");
  for (const char* name : {"id", "revision", "created_at", "updated_at"}) body.erase(name);
  for (const char* name : {"key", "name"})
    if (!body.contains(name)) body[name] = tested.client.key;
  auto client = Client::read_new(body);
  if (!client) return tl::unexpected(domain::within("/client", client.error()));
  tested.client = *std::move(client);
  if (tested.client.package_id && state.find<domain::Package>(*tested.client.package_id) == nullptr)
    return fail_field("/client/package_id", "there is no such package");
  return tested;
}

json::array to_json(const domain::evaluation::Trace& trace) {
  json::array out;
  out.reserve(trace.steps().size());
  for (const auto& step : trace.steps())
    out.push_back(
        {{"segment", step.shared_rule.empty() ? json::value(nullptr) : json::value(step.shared_rule)},
         {"pointer", step.pointer},
         {"operation", step.operation},
         {"depth", step.depth},
         {"result", step.result}});
  return out;
}

}  // namespace

Result<json::object> try_out(const Snapshot& state, const json::value& body) {
  const auto question = read_question(body);
  if (!question) return tl::unexpected(question.error());
  const auto scratch = scratch_of(state, *question);
  if (!scratch) return tl::unexpected(scratch.error());
  const Snapshot& now = **scratch;
  auto feature = find_named<Feature>(now, question->feature);
  if (feature == nullptr)
    return fail(Errc::not_found, "there is no feature " + json::serialize(question->feature));
  const auto tested = read_test_subject(now, question->client);
  if (!tested) return tl::unexpected(tested.error());

  const auto& rules = *now.feature(feature->id);
  const domain::evaluation::Flag* sub = nullptr;
  if (question->sub_feature) {
    sub = rules.sub_feature(*question->sub_feature);
    if (sub == nullptr)
      return fail(Errc::not_found,
                  "feature '" + feature->key + "' has no sub-feature '" + *question->sub_feature + "'");
  }
  const Plan all = tested->has_every_feature ? plan_of_every_feature(now) : Plan{};
  auto subject = domain::subject_of(now, tested->client, question->context ? &*question->context : nullptr);
  if (tested->has_every_feature) subject.plan = &all;
  domain::evaluation::DecisionMemo memo;
  domain::evaluation::Decider decider(now, subject, memo);
  domain::evaluation::Trace trace;
  const auto decision = sub == nullptr ? decider.decide(rules, &trace) : decider.decide(rules, *sub, &trace);

  json::object out;
  out["feature"] = {{"id", feature->id == kUnsaved ? json::value(nullptr) : json::value(feature->id)},
                    {"key", feature->key},
                    {"sub_feature", sub == nullptr ? json::value(nullptr) : json::value(sub->key())}};
  out["client"] = {{"id", tested->client.id == 0 ? json::value(nullptr) : json::value(tested->client.id)},
                   {"key", tested->client.key}};
  out["at"] = to_iso8601(now.as_of());
  out["revision"] = state.revision();
  out["decision"] = explained(now, decision);
  out["steps"] = decision_steps(now, subject, rules, sub, decision, decider);
  out["trace_is_whole"] = !trace.is_cut();
  out["trace"] = to_json(trace);
  return out;
}

tl::expected<json::object, PreviewError> try_out_draft(const Snapshot& state, const json::value& body) {
  const auto finish = [](Result<json::object> answer) -> tl::expected<json::object, PreviewError> {
    if (!answer) return tl::unexpected(PreviewError{answer.error(), {}});
    return *std::move(answer);
  };
  const auto* changes = body.is_object() ? json::find(body, "draft") : nullptr;
  if (changes == nullptr) return finish(try_out(state, body));
  auto draft = make_draft(state, state.as_of(), "draft", json::object{{"draft", *changes}});
  if (!draft) return tl::unexpected(std::move(draft.error()));
  json::object question = body.get_object();
  question.erase("draft");
  auto answer = try_out(*draft->after, question);
  if (answer) {
    (*answer)["revision"] = state.revision();
    (*answer)["draft"] = std::move(draft->changes);
  }
  return finish(std::move(answer));
}

}  // namespace togglecast::service
