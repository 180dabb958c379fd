#include "service/history/activity_summary.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "domain/state/op_type.hpp"
#include "service/history/activity_phrases.hpp"
#include "service/history/activity_words.hpp"

namespace togglecast::service {
namespace {

using domain::Kind;
using domain::Op;
using domain::UpdateType;
using Ops = std::vector<const Op*>;

constexpr std::size_t kNamed = 3;  // a sentence names so many entities; beyond, it gives the number

std::string actor_name(const json::value& actor) {
  const std::string_view source = json::string_or_empty(actor, "source");
  if (json::string_or_empty(actor, "kind") == "system") {
    if (source == "timer") return "the timer";
    if (source == "command_line") return "the command line";
    return "Togglecast";
  }
  const std::string_view name = json::string_or_empty(actor, "name");
  return name.empty() ? "somebody" : std::string(name);
}

std::string_view verb_of(UpdateType type) {
  switch (type) {
    case UpdateType::create:
      return "created";
    case UpdateType::erase:
      return "deleted";
    case UpdateType::update:
    case UpdateType::toggle:
      break;
  }
  return "changed";
}

// `2 packages and 3 clients`
std::string counted_by_kind(const Ops& ops) {
  std::map<Kind, std::size_t> counts;
  for (const Op* op : ops) ++counts[op->entity];
  std::vector<std::string> words;
  words.reserve(counts.size());
  for (const auto& [kind, count] : counts) words.push_back(counted(count, noun(kind)));
  return enumeration(words, words.size());
}

bool all_alike(const Ops& ops) {
  const std::string_view verb = verb_of(domain::type_of(*ops.front()));
  return std::all_of(ops.begin(), ops.end(), [&](const Op* op) {
    return op->entity == ops.front()->entity && verb_of(domain::type_of(*op)) == verb;
  });
}

// The common new value of all switches; nothing when they differ.
std::optional<bool> common_side(const Ops& ops) {
  std::optional<bool> common;
  for (const Op* op : ops) {
    const auto side = switched_to(*op);
    if (!side || (common && *common != *side)) return std::nullopt;
    common = side;
  }
  return common;
}

std::string summary_of_alike(const Ops& ops, const Names& names) {
  const Kind kind = ops.front()->entity;
  std::string them = counted(ops.size(), noun(kind));
  if (ops.size() <= kNamed) {
    std::vector<std::string> words;
    for (const Op* op : ops) words.push_back(names.of(kind, op->id));
    them = std::string(noun(kind)) + "s " + enumeration(words);
  }
  if (const auto side = common_side(ops)) return "switched " + them + (*side ? " on" : " off");
  return std::string(verb_of(domain::type_of(*ops.front()))) + ' ' + them;
}

// `created 6 platforms and 4 packages, changed 1 client`
std::string summary_of_mixture(const Ops& ops) {
  std::string out;
  for (const std::string_view verb : {"created", "changed", "deleted"}) {
    Ops some;
    std::copy_if(ops.begin(), ops.end(), std::back_inserter(some),
                 [&](const Op* op) { return verb_of(domain::type_of(*op)) == verb; });
    if (some.empty()) continue;
    out.append(out.empty() ? "" : ", ").append(verb).append(" ").append(counted_by_kind(some));
  }
  return out;
}

std::string summary_of_ops(const Ops& ops, const Names& names) {
  if (ops.size() == 1) return phrase_of(*ops.front(), names);
  if (all_alike(ops)) return summary_of_alike(ops, names);
  // One entity was created or deleted, and others had to change with it.
  Ops movers;
  Ops others;
  for (const Op* op : ops) (verb_of(domain::type_of(*op)) == "changed" ? others : movers).push_back(op);
  if (movers.size() == 1)
    return phrase_of(*movers.front(), names) + ", which changed " + counted_by_kind(others);
  return summary_of_mixture(ops);
}

std::string expired(const std::vector<std::string>& overrides, std::size_t count) {
  if (count == 1) return "override of " + overrides.front() + " expired";
  if (count > kNamed) return counted(count, "override") + " expired";
  return "overrides of " + enumeration(overrides) + " expired";
}

std::string time_reached(const std::vector<std::string>& features) {
  return "a time in the rules of feature" + std::string(features.size() == 1 ? " " : "s ") +
         enumeration(features, kNamed) + " has come";
}

// A change made by time: a sentence without an actor.
std::optional<std::string> summary_of_time(const Ops& ops, const Names& names) {
  std::vector<std::string> ended;
  std::vector<std::string> reached;
  std::size_t count = 0;
  for (const Op* op : ops) {
    if (domain::is_time_boundary(*op)) {
      reached.push_back(names.of(op->entity, op->id));
      continue;
    }
    if (op->entity != Kind::client) return std::nullopt;
    for (const domain::Id feature : removed_overrides(*op)) {
      if (++count <= kNamed)
        ended.push_back(names.of(Kind::feature, feature) + " for " + names.full(Kind::client, op->id));
    }
  }
  if (reached.empty()) return count == 0 ? std::nullopt : std::optional(expired(ended, count));
  return count == 0 ? time_reached(reached) : expired(ended, count) + ", and " + time_reached(reached);
}

}  // namespace

std::string summary_of(const json::value& actor, std::span<const Op* const> ops,
                       const domain::Snapshot* state) {
  if (ops.empty()) return "time passed";
  const Names names(ops, state);
  // Tokens are deleted with their client or admin; the sentence then mentions them last.
  Ops main;
  std::copy_if(ops.begin(), ops.end(), std::back_inserter(main),
               [](const Op* op) { return op->entity != Kind::token; });
  const auto ended = [](const Op* op) { return op->entity == Kind::token && op->after.is_object(); };
  std::size_t tokens =
      ops.size() - main.size() - static_cast<std::size_t>(std::count_if(ops.begin(), ops.end(), ended));
  if (main.empty()) {
    main.assign(ops.begin(), ops.end());
    tokens = 0;
    // A new token may replace old ones; the sentence is about the new one.
    const auto issued = std::find_if(main.begin(), main.end(),
                                     [](const Op* op) { return domain::type_of(*op) == UpdateType::create; });
    if (issued != main.end()) main = {*issued};
  }
  const std::string_view source = json::string_or_empty(actor, "source");
  const json::value* undoes = json::find(actor, "undoes");
  if (source == "timer" && undoes == nullptr) {
    if (auto text = summary_of_time(main, names)) return *text;
  }
  std::string out = actor_name(actor);
  if (const auto undone = undoes == nullptr ? std::nullopt : domain::integer_in(*undoes))
    out += " undid revision " + std::to_string(*undone) + ":";
  out += ' ' + summary_of_ops(main, names);
  if (tokens > 0) out += " and withdrew " + counted(tokens, "token");
  return out;
}

}  // namespace togglecast::service
